/**
 * Models in an MLflow model registry: versions with their runs, and one alias per environment for what serves.
 * MLflow has no compare-and-set and forgets who moved an alias and when, so every move is compared, recorded in a tag
 * of the registered model before it is made, and read back.
 */
import { placesOf } from "../../domain/rollout/backend-settings.ts";
import { oneLine } from "../../domain/view.ts";
import { HttpMishapError } from "../../ports/http-client.ts";
import {
  type BackendContext,
  type BackendPlan,
  defineModelBackend,
  type ExternalRef,
  type FindOperation,
  inverseOperation,
  type LiveVersion,
  type ModelBackend,
  NotStartedError,
  type Observed,
  type Operation,
  type PlannedOperation,
  refusePlan,
} from "../../ports/model.ts";
import { checkAliases, driftNotes, hasBegun, look, type Place } from "./mlflow/alias.ts";
import { createMlflowHttp } from "./mlflow/http.ts";
import { reportOfRun, runOfVersion } from "./mlflow/monitoring.ts";
import { beginMove, observeMove } from "./mlflow/move.ts";
import { parseRecords, recordOfLive, recordTag } from "./mlflow/record.ts";
import { createRegistry, type Registry } from "./mlflow/registry.ts";
import { aliasOf, parseMlflowSettings, previousAliasOf } from "./mlflow/settings.ts";
import { compareVersions, madeVersion, toVersion, unfitness } from "./mlflow/versions.ts";

export default defineModelBackend({
  name: "mlflow",
  summary: "an MLflow model registry: versions, runs, and an alias for what serves",
  create: createMlflow,
});

/**
 * Starting is native: the record is written first, so a second start of one operation finds it, and the alias is moved
 * only while it still points to what the operation started from.
 */
export function createMlflow(
  settings: ReadonlyMap<string, unknown>,
  context: Pick<BackendContext, "environment" | "clock" | "http">,
): ModelBackend {
  const named = { backend: "mlflow", setting: "url" };
  const { all: models, of } = placesOf(named, settings, (model, given) => {
    const parsed = parseMlflowSettings(model, given, context.environment);
    return { settings: parsed, registry: createRegistry(createMlflowHttp(parsed, context.http)) };
  });

  function placeOf(model: string, environment: string): Place {
    const found = of(model);
    const name = found.settings.registeredModel;
    const alias = aliasOf(found.settings, environment);
    return { ...found, name, alias, title: `the alias ${alias} of ${name}` };
  }

  // ---------- what is there ----------

  async function versions(model: string) {
    const { registry, name } = placeOf(model, "production");
    const listed = await registry.versions(name);
    const runs = await registry.runs(listed.map((version) => version.run_id).filter((id) => id !== ""));
    return listed.map((version) => toVersion(version, runs.get(version.run_id) ?? null));
  }

  async function live(model: string, environment: string): Promise<LiveVersion> {
    const seen = await look(placeOf(model, environment));
    const record = recordOfLive(seen.records, seen.live);
    return { version: seen.live, since: record?.at ?? null, by: record?.by ?? null };
  }

  async function history(model: string, environment: string) {
    const { records } = await look(placeOf(model, environment));
    return records
      .filter((record) => record.state === "set")
      .map(({ to, from, at, by }) => ({ version: to, from: at, by, replaced: from }))
      .reverse();
  }

  /** By the newest finished run of the environment's experiment that speaks of what serves. */
  async function report(model: string, environment: string) {
    const { settings: own, registry } = placeOf(model, environment);
    const { experiments = {}, metrics = {} } = own.monitoring ?? {};
    const experiment = Object.hasOwn(experiments, environment) ? experiments[environment] : undefined;
    if (experiment === undefined) return null;
    const { version } = await live(model, environment);
    const run = runOfVersion(await registry.newestRuns(experiment), version);
    return run === null ? null : reportOfRun(run, metrics, { model, environment });
  }

  // ---------- plan ----------

  async function plan(operation: PlannedOperation): Promise<BackendPlan> {
    const { kind, model, environment, to } = operation;
    if (kind === "retrain" || to === null) return cannotTrain(model);
    const place = placeOf(model, environment);
    const version = await place.registry.version(place.name, to);
    if (version === null)
      return refusePlan(
        "unknown_version",
        `MLflow has no version ${to} of ${place.name}.`,
        `See: models ${model}.`,
      );
    const unfit = unfitness(version, place.name, place.settings.validation);
    if (unfit !== null) return refusePlan(unfit.reason, unfit.problem, unfit.remedy);
    const seen = await look(place);
    const made =
      version.creation_timestamp === undefined ? "" : ` of ${isoMinute(version.creation_timestamp)}`;
    const run = version.run_id === "" ? "" : `, run ${version.run_id.slice(0, 8)}`;
    return {
      kind: "plan",
      steps: [
        // A registered model that was deleted and made anew counts from 1 again: what was approved is this version.
        `check that version ${to}${made}${run} is ready`,
        `move ${place.title} from ${seen.live ?? "nothing"} to ${to}`,
        ...(seen.live === null ? [] : [`keep ${seen.live} as ${previousAliasOf(place.alias)}`]),
        "read it back",
      ],
      notes: [
        `what serves must load models:/${place.name}@${place.alias} and load it again after this`,
        ...driftNotes(place, seen),
      ],
      expectedMs: 2_000,
    };
  }

  // ---------- start ----------

  async function start(operation: Operation): Promise<ExternalRef> {
    const { operationId, kind, model, environment, to } = operation;
    checkOperationId(operationId);
    if (kind === "retrain" || to === null)
      throw new NotStartedError(`mlflow cannot train ${model} by itself`);
    const place = placeOf(model, environment);
    try {
      await beginMove(place, { ...operation, to }, context.clock);
    } catch (error) {
      // Refused means refused: the alias was not moved. Anything else leaves it open, and is found out by looking.
      if (error instanceof HttpMishapError && error.mishap !== "unclear")
        throw new NotStartedError(error.message, { cause: error });
      throw error;
    }
    return { operationId, model, environment, alias: place.alias };
  }

  // ---------- observe ----------

  async function observe(ref: ExternalRef, operation: Operation): Promise<Observed> {
    const place = placeOf(operation.model, operation.environment);
    return await observeMove(place, ref["operationId"] ?? "", context.clock);
  }

  // ---------- find ----------

  async function findByOperationId(operationId: string): Promise<FindOperation> {
    checkOperationId(operationId);
    const problems: unknown[] = [];
    for (const [model, { settings: own, registry }] of models) {
      try {
        const found = await findIn(registry, own.registeredModel, operationId);
        if (found !== null) return { kind: "found", ref: { operationId, model, ...found } };
      } catch (error) {
        if (!(error instanceof HttpMishapError && error.mishap === "absent")) problems.push(error);
      }
    }
    // It may be in the one that could not be asked.
    if (problems.length > 0) throw problems[0];
    return { kind: "absent" };
  }

  /** Null when it was not started: no record, or one written before the alias was touched. */
  async function findIn(registry: Registry, name: string, operationId: string) {
    const { tags, aliases } = await registry.model(name);
    const prefix = recordTag("");
    for (const [tag, text] of tags) {
      if (!tag.startsWith(prefix)) continue;
      const alias = tag.slice(prefix.length);
      const record = parseRecords(text, `${tag} of ${name}`).find(
        (other) => other.operationId === operationId,
      );
      if (record !== undefined && hasBegun(record, aliases.get(alias) ?? null)) return { alias };
    }
    return null;
  }

  return {
    name: "mlflow",
    idempotency: "native",
    aliasOf: (model, environment) => placeOf(model, environment).alias,
    prepare: async (given) => {
      checkAliases(given, placeOf);
    },
    versions,
    live,
    history,
    compare: async (model, champion, challenger) => {
      const { registry, name } = placeOf(model, "production");
      return await compareVersions(registry, name, champion, challenger);
    },
    ...([...models.values()].some(({ settings: own }) => own.monitoring !== null) ? { report } : {}),
    pointer: (model, environment) => {
      const { name, alias } = placeOf(model, environment);
      return { registry: "mlflow", name, alias };
    },
    snapshot: async (model, environment) => ({ version: (await live(model, environment)).version }),
    inverse: inverseOperation,
    plan,
    start,
    observe,
    cancel: () =>
      Promise.reject(
        new Error("mlflow: an alias is moved in one step and cannot be stopped half-way; roll back"),
      ),
    findByOperationId,
    versionOf: async (operation) => {
      const place = placeOf(operation.model, operation.environment);
      checkOperationId(operation.operationId);
      return await madeVersion(place.registry, place.name, operation);
    },
  };
}

function cannotTrain(model: string): BackendPlan {
  return refusePlan(
    "no_training",
    `MLflow keeps the versions of ${model} and cannot train it.`,
    `Name what trains it: models.${model}.training, beside models.${model}.registry: { backend: mlflow }.`,
  );
}

/** Ours, [a-z0-9-] only; checked because it becomes part of a query. */
function checkOperationId(operationId: string): void {
  if (!/^[a-z0-9-]{1,100}$/.test(operationId))
    throw new NotStartedError(`mlflow: "${oneLine(operationId, 80)}" is not an operation id`);
}

function isoMinute(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).concat("Z");
}
