/**
 * Rollouts and retrains by workflows of GitHub Actions. A dispatch cannot be made idempotent and its run appears late,
 * so every operation is kept in the database before it is dispatched, and is dispatched once at most: where the run
 * cannot be found afterwards, a person decides.
 */

import { addElapsed, beginElapsed, readElapsed } from "../../domain/bake/elapsed.ts";
import { placesOf } from "../../domain/rollout/backend-settings.ts";
import { oneLine } from "../../domain/view.ts";
import { HttpMishapError } from "../../ports/http-client.ts";
import {
  type BackendContext,
  defineModelBackend,
  type ExternalRef,
  type FindOperation,
  inverseOperation,
  type ModelBackend,
  NotStartedError,
  type Observed,
  type Operation,
} from "../../ports/model.ts";
import type { OperationRecord } from "../../ports/operation-record.ts";
import { createGithubApi, type GithubApi } from "./github-actions/api.ts";
import { type Prepared, planDispatch, prepare } from "./github-actions/prepare.ts";
import { endOf, failedAt, resultOf, runOf, stepsOf } from "./github-actions/runs.ts";
import { servedHistory } from "./github-actions/served.ts";
import { parseGithubSettings } from "./github-actions/settings.ts";
import { madeRelease, releaseVersions, tagOf } from "./github-actions/versions.ts";

export default defineModelBackend({
  name: "github-actions",
  summary: "workflows of GitHub Actions, dispatched once and followed to their end",
  create: createGithubActions,
});

/** GitHub lists a run some seconds after its dispatch; when it was looked for so long it is not expected any more, ms. */
const listedWithinMs = 120_000;
/** The most that one look counts for, ms: a clock that jumps does not end the search. */
const maxLookMs = 30_000;
/** So much earlier than the dispatch, by the bot's clock, runs are looked through, ms: that clock may have been wrong. */
const skewMs = 24 * 3_600_000;
/** Jobs whose annotations are read for a result. */
const maxResultJobs = 10;

export function createGithubActions(
  settings: ReadonlyMap<string, unknown>,
  context: Pick<BackendContext, "environment" | "clock" | "http" | "store">,
): ModelBackend {
  const { clock } = context;
  const records = context.store.operationRecords;
  const named = { backend: "github-actions", setting: "repository" };
  const { of: placeOf } = placesOf(named, settings, (model, given) => {
    const parsed = parseGithubSettings(model, given, context.environment);
    return { settings: parsed, api: createGithubApi(parsed, context) };
  });

  // ---------- start ----------

  async function start(operation: Operation): Promise<ExternalRef> {
    const { operationId, model } = operation;
    const { settings: own, api } = placeOf(model);
    const prepared = prepare(own, operation);
    if (prepared.kind === "refuse") throw new NotStartedError(`github-actions: ${prepared.problem}`);
    const { workflow, ref, inputs } = prepared;
    await before(() => checkCommit(api, operation, prepared));
    const kept = await records.keep({
      ...{ operation, backend: "github-actions", state: "asked", askedAt: clock.now(), endedAt: null },
      notes: { workflow: workflow.workflow },
    });
    if (!kept)
      throw new Error(`github-actions: ${operationId} was dispatched before and is not dispatched again`);
    try {
      const run = await api.dispatch(workflow.workflow, ref, {
        ...inputs,
        [own.operationInput]: operationId,
      });
      if (run !== null) await noteRun(operationId, String(run));
    } catch (error) {
      if (!(error instanceof HttpMishapError) || error.mishap === "unclear") throw error;
      await records.forget(operationId);
      throw new NotStartedError(error.message, { cause: error });
    }
    return { operationId, model };
  }

  /** Until it is kept, nothing was sent: whatever goes wrong, it was not started. */
  async function before(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof NotStartedError) throw error;
      throw new NotStartedError(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  /** A branch moves. Where the commit is not given to the workflow, what it would run on must be what was approved. */
  async function checkCommit(api: GithubApi, { manifest }: Operation, { ref, isCommitGiven }: Prepared) {
    const approved = manifest?.commit ?? null;
    if (approved === null || isCommitGiven) return;
    const now = await api.commit(ref);
    if (now === null) throw new NotStartedError(`github-actions: there is no ${ref} any more`);
    if (now !== approved)
      throw new NotStartedError(
        `github-actions: ${ref} was at ${approved.slice(0, 10)} when this was approved and is at ${now.slice(0, 10)}; ask again, or give the workflow {manifest.commit} as an input to check out`,
      );
  }

  async function noteRun(operationId: string, run: string): Promise<void> {
    const record = await records.find(operationId);
    if (record === null || record.notes["run"] === run) return;
    // When someone else was first, it is the same run that was noted.
    await records.update({ ...record, state: "running", notes: { ...record.notes, run } });
  }

  // ---------- find ----------

  /** The run of an operation that was kept: as it was noted, or by its title. */
  async function lookFor(record: OperationRecord): Promise<string | null> {
    const { operation, notes, askedAt } = record;
    const { run, workflow } = notes;
    if (typeof run === "string") return run;
    const { api } = placeOf(operation.model);
    const listed = await api.runsSince(String(workflow), new Date(askedAt.getTime() - skewMs));
    const found = runOf(listed, operation.operationId);
    if (found === null) return null;
    await noteRun(operation.operationId, String(found.id));
    return String(found.id);
  }

  /** Counts a look that found nothing; true when it was looked for long enough. */
  async function isOverdue(record: OperationRecord): Promise<boolean> {
    const { notes, askedAt } = record;
    const before = readElapsed(notes["lookedFor"]) ?? beginElapsed(askedAt);
    const lookedFor = addElapsed(before, clock.now(), maxLookMs);
    // When someone else was first, their look counts.
    await records.update({ ...record, notes: { ...notes, lookedFor } });
    return lookedFor.ms > listedWithinMs;
  }

  function notListed({ operation, notes }: OperationRecord): string {
    const { settings: own } = placeOf(operation.model);
    return `GitHub lists no run of ${String(notes["workflow"])} with the id ${operation.operationId} in its title: look at the Actions of ${own.repository}; its run-name must hold \${{ inputs.${own.operationInput} }}`;
  }

  async function findByOperationId(operationId: string): Promise<FindOperation> {
    const record = await records.find(operationId);
    if (record === null || record.backend !== "github-actions") return { kind: "absent" };
    const { model } = record.operation;
    if ((await lookFor(record)) !== null) return { kind: "found", ref: { operationId, model } };
    if (await isOverdue(record)) return { kind: "cannot_look", problem: notListed(record) };
    throw new Error("github: a dispatched run is listed after some seconds, and this one is not yet");
  }

  // ---------- observe ----------

  async function observe({ operationId = "" }: ExternalRef, operation: Operation): Promise<Observed> {
    const record = await records.find(operationId);
    if (record === null) return lost("the bot's record of the dispatch is gone");
    const id = await lookFor(record);
    if (id === null) {
      if (await isOverdue(record)) return lost(notListed(record));
      const steps = [{ label: "GitHub makes the run", state: "waiting" as const }];
      return { kind: "running", steps, logTail: "" };
    }
    const { api } = placeOf(operation.model);
    const run = await api.run(id);
    if (run === null) return lost(`run ${id} was deleted, or the account may not see it`);
    const jobs = await api.jobs(id);
    const { html_url: url } = run;
    const logTail = "";
    if (run.status !== "completed") return { kind: "running", steps: stepsOf(run, jobs), logTail, url };
    const end = endOf(run);
    if (end === "cancelled") return { kind: "cancelled", logTail, url };
    if (end === "failed") {
      const conclusion = oneLine(run.conclusion ?? "nothing", 60);
      return { kind: "failed", problem: `run ${id} ended with ${conclusion}${failedAt(jobs)}`, logTail, url };
    }
    const said = operation.kind === "retrain" ? await resultIn(api, jobs) : null;
    return {
      kind: "succeeded",
      result: said?.result ? oneLine(said.result, 200) : `run ${id} ended with success`,
      newVersion: said?.version ?? null,
      metrics: said?.metrics ?? {},
      logTail,
      url,
    };
  }

  async function resultIn(api: GithubApi, jobs: readonly { readonly id: number }[]) {
    for (const { id } of jobs.slice(0, maxResultJobs)) {
      const said = resultOf(await api.annotations(id));
      if (said !== null) return said;
    }
    return null;
  }

  async function cancel({ operationId = "" }: ExternalRef, { model }: Operation): Promise<void> {
    const record = await records.find(operationId);
    const id = record === null ? null : await lookFor(record);
    if (id === null) throw new Error("github does not list the run yet; cancel it again in a minute");
    try {
      await placeOf(model).api.cancel(id);
    } catch (error) {
      // It is over already; the next look says how.
      if (!(error instanceof HttpMishapError && error.status === 409)) throw error;
    }
  }

  const history = (model: string, environment: string) => {
    const { settings: own, api } = placeOf(model);
    return servedHistory(api, own.deployments[environment] ?? environment, own.releases?.prefix ?? "");
  };
  const live = async (model: string, environment: string) => {
    const [newest] = await history(model, environment);
    return { version: newest?.version ?? null, since: newest?.from ?? null, by: newest?.by ?? null };
  };

  return {
    name: "github-actions",
    idempotency: "adopt",
    versions: async (model) => {
      const { settings: own, api } = placeOf(model);
      return own.releases === undefined ? [] : releaseVersions(own.releases, await api.releases());
    },
    live,
    history,
    snapshot: async (model, environment) => ({ version: (await live(model, environment)).version }),
    inverse: inverseOperation,
    checkArtifact: async (model, version) => {
      const { settings: own, api } = placeOf(model);
      if (own.releases === undefined)
        return { kind: "cannot_look", problem: "github-actions has no releases to look in" };
      const tag = tagOf(own.releases, version);
      if ((await api.release(tag)) !== null) return { kind: "present" };
      return { kind: "missing", problem: `${own.repository} has no release ${tag} any more` };
    },
    proposeManifest: async (model, given) => {
      const { settings: own, api } = placeOf(model);
      if (own.retrain === undefined) return given;
      const wanted = given.commit ?? own.retrain.ref;
      const commit = await api.commit(wanted);
      if (commit === null)
        throw new Error(
          `github-actions: ${own.repository} has no commit, branch or tag ${oneLine(wanted, 80)}`,
        );
      return { ...given, commit };
    },
    plan: async (operation) => await planDispatch(placeOf(operation.model), operation),
    start,
    observe,
    cancel,
    findByOperationId,
    versionOf: async ({ model, operationId }) => {
      const { settings: own, api } = placeOf(model);
      return own.releases === undefined ? null : madeRelease(own.releases, await api.releases(), operationId);
    },
  };
}

function lost(problem: string): Observed {
  return { kind: "lost", problem, logTail: "" };
}
