/**
 * Scheduled reports. A timer only wakes this up: which slot is due follows from the schedule and the clock, and one
 * row in the database per slot and channel decides which replica sends it. So a slot is sent once, and one that
 * passed while the bot was down is caught up.
 */
import { beginOnRequest, withAdvice } from "../domain/digest.ts";
import { type CronFields, isTimezone, previousSlot } from "../domain/schedule.ts";
import {
  type Channel,
  type Clock,
  type Cron,
  channelName,
  type Log,
  parseChannel,
  type Store,
  type StoreSlices,
} from "../ports.ts";

/** One entry of `digests:` in tocsin.yaml. */
export interface DigestSchedule {
  readonly name: string;
  /** Five fields. */
  readonly cron: string;
  /** IANA name. */
  readonly timezone: string;
  /** Channels, "platform:id". */
  readonly to: readonly string[];
}

export interface DigestOptions {
  readonly store: Store;
  readonly cron: Cron;
  readonly schedules: readonly DigestSchedule[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface Digests {
  /** Catches up what was missed, then waits for the schedules. */
  start(): Promise<void>;
  stop(): void;
  /** The job: gathers the numbers of a claimed run and asks for its post. Running it twice changes nothing. */
  run(digestRunId: number): Promise<void>;
}

interface Due extends DigestSchedule {
  readonly fields: CronFields;
}

/** Name under which `/digest now` claims its runs. */
export const onRequest = "now";
const dayMs = 86_400_000;
const minuteMs = 60_000;

/**
 * @throws Error naming the schedule, the value and the remedy when a cron expression or a time zone is not one.
 */
export function createDigest(options: DigestOptions): Digests {
  const { store, cron, clock, log } = options;
  const schedules = options.schedules.map((schedule) => checked(schedule, cron));
  const stops: (() => void)[] = [];
  let startedAt = clock.now();
  /** Slots seen to by this replica, so that a minute without news costs no query. */
  const handled = new Map<string, number>();

  async function start(): Promise<void> {
    startedAt = clock.now();
    await claimDue();
    const wake = () =>
      void claimDue().catch((error: unknown) => {
        log.error({ error: String(error) }, "digest: could not claim a slot; trying again within a minute");
      });
    for (const { cron: expression, timezone } of schedules)
      stops.push(cron.schedule(expression, timezone, wake));
    // Slots that no timer fires for: those in a skipped hour, and those that failed a minute ago.
    if (schedules.length > 0) stops.push(cron.schedule("* * * * *", "UTC", wake));
  }

  function stop(): void {
    for (const end of stops.splice(0)) end();
  }

  async function claimDue(): Promise<void> {
    const now = clock.now();
    for (const schedule of schedules) {
      const slot = previousSlot(schedule.fields, schedule.timezone, now);
      if (slot === null) continue;
      for (const channel of schedule.to) await claimSlot(schedule, channel, slot);
    }
  }

  async function claimSlot(schedule: Due, channel: string, slot: Date): Promise<void> {
    const name = `${schedule.name} ${channel}`;
    if ((handled.get(name) ?? 0) >= slot.getTime()) return;
    await store.transaction(async (tx) => {
      const last = await tx.digests.lastSlot(schedule.name, channel);
      // A schedule that never ran has missed nothing: it begins with the first slot that this process lives to see.
      if (last === null ? slot < startedAt : slot <= last) return;
      const from = last ?? slotBefore(schedule, slot);
      await claim(tx, { name: schedule.name, slot, from, to: slot, channel }, clock.now());
    });
    handled.set(name, slot.getTime());
  }

  async function gather(from: Date, to: Date) {
    return withAdvice(await store.digests.facts(from, to), await store.noise.facts(from, to));
  }

  async function run(digestRunId: number): Promise<void> {
    const found = await store.digests.find(digestRunId);
    const channel = found === null ? null : parseChannel(found.channel);
    if (found === null || channel === null) {
      log.warn({ digestRunId, channel: found?.channel ?? null }, "digest: there is no such run or channel");
      return;
    }
    const timezone = options.schedules.find((schedule) => schedule.name === found.name)?.timezone;
    const gathered = found.facts ?? (await gather(found.from, found.to));
    await store.transaction(async (tx) => {
      if (found.facts === null)
        await tx.digests.saveFacts(
          digestRunId,
          timezone === undefined ? gathered : { ...gathered, timezone },
        );
      await wantPost(tx, digestRunId, channel, clock.now());
    });
  }

  return { start, stop, run };
}

function checked(schedule: DigestSchedule, cron: Cron): Due {
  const fields = cron.parse(schedule.cron);
  if (fields === null)
    throw new Error(
      `digests: "${schedule.name}" has the cron expression "${schedule.cron}"; expected five fields ` +
        `(minute hour day month weekday), for example "0 8 * * 1-5"`,
    );
  if (!isTimezone(schedule.timezone))
    throw new Error(
      `digests: "${schedule.name}" has the time zone "${schedule.timezone}"; expected an IANA name, for example "Europe/Berlin"`,
    );
  return { ...schedule, fields };
}

/** Start of the first window of a schedule. */
function slotBefore({ fields, timezone }: Due, slot: Date): Date {
  return (
    previousSlot(fields, timezone, new Date(slot.getTime() - minuteMs)) ?? new Date(slot.getTime() - dayMs)
  );
}

async function claim(
  tx: StoreSlices,
  run: Parameters<StoreSlices["digests"]["claim"]>[0],
  now: Date,
): Promise<number | null> {
  const id = await tx.digests.claim(run, now);
  if (id !== null) await tx.jobs.add({ task: "digest", digestRunId: id });
  return id;
}

async function wantPost(
  tx: StoreSlices,
  id: number,
  { platform, id: channel }: Channel,
  now: Date,
): Promise<void> {
  await tx.posts.want(
    [{ platform, channel, kind: "digest", subject: id, desiredRevision: 1, threadOf: null }],
    now,
  );
  await tx.jobs.add({ task: "post", platform, channel });
}

/** Requests of one millisecond that get a slot each; more than this many is no human. */
const maxSameMoment = 20;

/**
 * `/digest now`: a digest of what happened since the last one in that channel, or in the last day when there was none.
 * The digest itself is posted to the channel.
 * @throws Error when one channel asks for more than twenty in one millisecond.
 */
export async function requestDigest(
  tx: StoreSlices,
  request: { readonly channel: Channel; readonly now: Date },
): Promise<{ readonly runId: number }> {
  const { now } = request;
  const channel = channelName(request.channel);
  const last = await tx.digests.lastSlot(null, channel);
  const from = beginOnRequest(last, now);
  for (let later = 0; later < maxSameMoment; later += 1) {
    const slot = new Date(now.getTime() + later);
    const runId = await claim(tx, { name: onRequest, slot, from, to: now, channel }, now);
    if (runId !== null) return { runId };
  }
  throw new Error(`digest: ${channel} asked for more than ${maxSameMoment} digests at once; ask again`);
}
