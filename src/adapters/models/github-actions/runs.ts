/** Runs of workflows in the words of the bot. */

import { z } from "zod";
import { jsonOf } from "../../../domain/text/json.ts";
import { oneLine } from "../../../domain/view.ts";
import type { Observed } from "../../../ports/model.ts";
import type { WorkflowJob, WorkflowRun } from "./api.ts";

/** Title of the annotation by which a run says what came of it. */
export const resultTitle = "tocsin";
const maxSteps = 20;

type Steps = Extract<Observed, { kind: "running" }>["steps"];

/** The run whose title or name carries the operation id; the oldest when somebody started it again. */
export function runOf(runs: readonly WorkflowRun[], operationId: string): WorkflowRun | null {
  const isOf = (text: string) => text.split(/[^A-Za-z0-9-]+/).includes(operationId);
  return runs.find((run) => isOf(run.display_title) || isOf(run.name)) ?? null;
}

/** Steps of its one job, or its jobs where there are several. */
export function stepsOf(run: WorkflowRun, jobs: readonly WorkflowJob[]): Steps {
  if (run.status === "waiting" || run.status === "pending")
    return [{ label: "waits for an approval or a turn in GitHub", state: "waiting" }];
  const [first] = jobs;
  if (first === undefined) return [{ label: "waits for a runner", state: "waiting" }];
  const shown = jobs.length === 1 && first.steps.length > 0 ? first.steps : jobs;
  return shown.slice(0, maxSteps).map(({ name, status, conclusion }) => ({
    label: oneLine(name, 100),
    state: stateOf(status, conclusion),
  }));
}

function stateOf(status: string, conclusion: string | null): Steps[number]["state"] {
  if (status === "in_progress") return "running";
  if (status !== "completed") return "waiting";
  return isGood(conclusion) ? "done" : "failed";
}

function isGood(conclusion: string | null): boolean {
  return conclusion === "success" || conclusion === "skipped" || conclusion === "neutral";
}

/** "job train, step evaluate": where it failed. */
export function failedAt(jobs: readonly WorkflowJob[]): string {
  const isBad = ({ status, conclusion }: { readonly status: string; readonly conclusion: string | null }) =>
    status === "completed" && !isGood(conclusion);
  const job = jobs.find(isBad);
  if (job === undefined) return "";
  const step = job.steps.find(isBad);
  const at = step === undefined ? "" : `, step ${oneLine(step.name, 80)}`;
  return ` at job ${oneLine(job.name, 80)}${at}`;
}

/**
 * How a completed run ended. Only success is success: a run whose every job was skipped has done nothing.
 * @see https://docs.github.com/en/rest/checks/runs (conclusion)
 */
export function endOf(run: WorkflowRun): "succeeded" | "cancelled" | "failed" {
  if (run.conclusion === "success") return "succeeded";
  return run.conclusion === "cancelled" ? "cancelled" : "failed";
}

const result = z.object({
  version: z.union([z.string(), z.number()]).transform(String).nullable().default(null),
  metrics: z.record(z.string(), z.number()).default({}),
  result: z.string().default(""),
});
export type RunResult = z.infer<typeof result>;

/** What a run said of itself: `echo '::notice title=tocsin::{"version": "13"}'`. The last word counts. */
export function resultOf(
  annotations: readonly { readonly title: string; readonly message: string }[],
): RunResult | null {
  const said = annotations.filter(({ title }) => title === resultTitle).at(-1);
  if (said === undefined) return null;
  const parsed = result.safeParse(jsonOf(said.message));
  return parsed.success ? parsed.data : null;
}
