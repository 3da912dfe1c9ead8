/** Runs of dags in the words of the bot. */

import { z } from "zod";
import { jsonOf } from "../../../domain/text/json.ts";
import { redact } from "../../../domain/text/redaction.ts";
import { endOf } from "../../../domain/text/whole-words.ts";
import { oneLine } from "../../../domain/view.ts";
import type { Observed, Operation } from "../../../ports/model.ts";
import type { DagRun, TaskInstance } from "./api.ts";

/** Key of a run's conf under which the operation stands; how a run is known to be ours. */
export const confKey = "tocsin";
const maxSteps = 20;
const maxTail = 8_192;

const confSchema = z.object({
  operationId: z.string(),
  kind: z.string(),
  model: z.string(),
  environment: z.string(),
  to: z.string().nullable(),
  requestedBy: z.string(),
});
export type RunConf = z.infer<typeof confSchema>;

/** What the dag is told: the operation with its manifest, so that nothing has to be looked up. */
export function confOf(operation: Operation): Readonly<Record<string, unknown>> {
  const { operationId, kind, model, environment, from, to, restore, manifest } = operation;
  const { requestedBy, reason, fence } = operation;
  return {
    ...{ operationId, kind, model, environment, from, to, restore, manifest, requestedBy, reason, fence },
  };
}

/** The operation that a run was triggered for; null for runs of others. */
export function readConf(run: DagRun): RunConf | null {
  const parsed = confSchema.safeParse(run.conf?.[confKey]);
  return parsed.success ? parsed.data : null;
}

type Steps = Extract<Observed, { kind: "running" }>["steps"];

/** Tasks in the order they started; those that did not are last. */
export function stepsOf(tasks: readonly TaskInstance[]): Steps {
  const started = (task: TaskInstance) =>
    task.start_date == null ? Number.POSITIVE_INFINITY : Date.parse(task.start_date);
  const sorted = tasks.toSorted((a, b) => {
    const [first, second] = [started(a), started(b)];
    return first === second ? 0 : first - second;
  });
  return sorted.slice(0, maxSteps).map((task) => ({
    label: oneLine(task.map_index < 0 ? task.task_id : `${task.task_id} [${task.map_index}]`, 100),
    state: stateOf(task.state),
  }));
}

function stateOf(state: string | null): Steps[number]["state"] {
  switch (state) {
    case "success":
    case "skipped":
    case "removed":
      return "done";
    case "failed":
    case "upstream_failed":
      return "failed";
    case "running":
    case "restarting":
    case "deferred":
    case "up_for_retry":
    case "up_for_reschedule":
      return "running";
    default:
      return "waiting";
  }
}

/** The task whose log tells most: one that failed, else the last that runs; null when none has begun. */
export function tellingTask(tasks: readonly TaskInstance[]): TaskInstance | null {
  const began = tasks.filter(({ try_number, start_date }) => try_number > 0 && start_date != null);
  return (
    began.find(({ state }) => state === "failed") ??
    began.findLast(({ state }) => state === "running") ??
    began.at(-1) ??
    null
  );
}

/** The end of a log, without secrets. */
export function tailOf(lines: readonly string[]): string {
  return redact(endOf(lines.slice(-200).join("\n"), maxTail)).text;
}

const result = z.object({
  version: z.union([z.string(), z.number()]).transform(String).nullable().default(null),
  metrics: z.record(z.string(), z.number()).default({}),
  result: z.string().default(""),
});
export type RunResult = z.infer<typeof result>;

/** An XCom that says what came of a run: a version alone, or `{version, metrics, result}`, also as JSON text. */
export function resultOf(value: unknown): RunResult | null {
  if (typeof value === "number") return { version: String(value), metrics: {}, result: "" };
  if (typeof value !== "string") {
    const parsed = result.safeParse(value);
    return parsed.success ? parsed.data : null;
  }
  if (value.startsWith("{")) return resultOf(jsonOf(value));
  return value === "" ? null : { version: oneLine(value, 200), metrics: {}, result: "" };
}
