/** Timers by node-cron. They only wake; which slots exist is decided by the domain and claimed in the database. */
import type { CronFields } from "../domain/digest/schedule.ts";
import type { Cron, Log } from "../ports.ts";

/** Loads node-cron. Its own words go to our log. */
export async function createCron(log: Log): Promise<Cron> {
  const { default: nodeCron } = await import("node-cron");
  const logger = {
    info: (message: string) => log.debug({}, `cron: ${message}`),
    warn: (message: string) => log.debug({}, `cron: ${message}`),
    error: (message: string | Error) => log.warn({}, `cron: ${textOf(message)}`),
    debug: (message: string | Error) => log.debug({}, `cron: ${textOf(message)}`),
  };
  return {
    parse(expression) {
      if (expression.trim().split(/\s+/).length !== 5 && !expression.trim().startsWith("@")) return null;
      return nodeCron.validate(expression) ? fieldsOf(nodeCron.parse(expression)) : null;
    },
    schedule(expression, timezone, run) {
      const task = nodeCron.schedule(expression, run, { timezone, logger, unref: true });
      // A busy process may notice the moment too late for node-cron; the slot is still there to be claimed.
      task.on("execution:missed", run);
      return () => void task.destroy();
    },
  };
}

/** The fields as numbers; null when they use a form that has no slots here ("15W", "5L"). */
function fieldsOf(parsed: {
  readonly second: readonly number[];
  readonly minute: readonly number[];
  readonly hour: readonly number[];
  readonly dayOfMonth: readonly (number | string)[];
  readonly month: readonly number[];
  readonly dayOfWeek: readonly (number | string)[];
}): CronFields | null {
  const days = parsed.dayOfMonth.map((day) => (typeof day === "number" || day === "L" ? day : null));
  const weekdays = parsed.dayOfWeek.map(weekdayOf);
  if (days.includes(null) || weekdays.includes(null)) return null;
  const { minute, hour, month } = parsed;
  return {
    minute,
    hour,
    month,
    dayOfMonth: days.filter((day) => day !== null),
    dayOfWeek: weekdays.filter((day) => day !== null),
  };
}

function weekdayOf(value: number | string): CronFields["dayOfWeek"][number] | null {
  if (typeof value === "number") return value;
  const match = /^([0-7])#([1-5])$/.exec(value);
  return match === null ? null : { weekday: Number(match[1]) % 7, nth: Number(match[2]) };
}

function textOf(message: string | Error): string {
  return message instanceof Error ? message.message : message;
}
