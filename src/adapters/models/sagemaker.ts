/**
 * Amazon SageMaker: versions are model packages, serving is an endpoint, retrains are pipelines. UpdateEndpoint takes
 * no client token, so every update is to a configuration of its own, named after the operation: it tells afterwards
 * whether the update was begun, and starting is native.
 */
import { placesOf } from "../../domain/rollout/backend-settings.ts";
import { oddValue } from "../../domain/rollout/operation-template.ts";
import { HttpMishapError } from "../../ports/http-client.ts";
import {
  type BackendContext,
  type BackendPlan,
  defineModelBackend,
  type ExternalRef,
  type FindOperation,
  inverseOperation,
  type ModelBackend,
  NotStartedError,
  type Observed,
  type Operation,
  type PlannedOperation,
  refusePlan,
} from "../../ports/model.ts";
import { createSagemakerClient } from "./sagemaker/client.ts";
import { consolePage } from "./sagemaker/console.ts";
import { describeConfig, describeEndpoint, observeEndpoint } from "./sagemaker/endpoint.ts";
import { createKnownConfigs, liveSince, servedHistory } from "./sagemaker/history.ts";
import { monitorReport } from "./sagemaker/monitoring.ts";
import { findVersion, listVersions, madePackage, unfitness } from "./sagemaker/packages.ts";
import {
  findExecution,
  observeExecution,
  parametersOf,
  startRetrain,
  stopExecution,
} from "./sagemaker/pipeline.ts";
import { lookAt, type Place, restoredConfig, unservable } from "./sagemaker/place.ts";
import { parseSagemakerSettings } from "./sagemaker/settings.ts";
import { findUpdate, startUpdate } from "./sagemaker/update.ts";

export default defineModelBackend({
  name: "sagemaker",
  summary: "Amazon SageMaker: model packages, endpoints with alarms, pipelines",
  create: createSagemaker,
});

export function createSagemaker(
  settings: ReadonlyMap<string, unknown>,
  context: Pick<BackendContext, "environment">,
): ModelBackend {
  const named = { backend: "sagemaker", setting: "region" };
  const { all: models, of: placeOf } = placesOf(named, settings, (model, given): Place => {
    const parsed = parseSagemakerSettings(model, given, context.environment);
    const sagemaker = createSagemakerClient(parsed);
    return { model, settings: parsed, sagemaker, configs: createKnownConfigs(sagemaker) };
  });
  const isMonitored = [...models.values()].some(({ settings: own }) => own.monitoring !== undefined);

  // ---------- what is there ----------

  async function live(model: string, environment: string) {
    const place = placeOf(model);
    const look = await lookAt(place, environment);
    return { version: look.version, ...liveSince(look, await place.configs.servedBy(look.name)) };
  }

  async function history(model: string, environment: string) {
    const place = placeOf(model);
    const look = await lookAt(place, environment);
    return servedHistory(look, await place.configs.servedBy(look.name));
  }

  async function report(model: string, environment: string) {
    const place = placeOf(model);
    const schedules = place.settings.monitoring?.schedules ?? {};
    const own = Object.hasOwn(schedules, environment) ? (schedules[environment] ?? []) : [];
    if (own.length === 0) return null;
    const { config } = await lookAt(place, environment);
    const served = (await place.configs.noteOf(config.EndpointConfigArn))?.served ?? null;
    // Nothing served with a configuration before it was made.
    const since = served ?? config.CreationTime ?? null;
    return await monitorReport(place.sagemaker, own, { model, environment, since });
  }

  // ---------- plan ----------

  async function plan(operation: PlannedOperation): Promise<BackendPlan> {
    const { kind, model, environment, to } = operation;
    const odd = oddValue(operation);
    if (odd !== null) return refusePlan("odd_value", odd.problem, odd.remedy);
    const place = placeOf(model);
    if (kind === "retrain") return planRetrain(place, operation);
    const refusal = await unservable(place, operation);
    if (refusal !== null) return refusal;
    const { name, config } = await lookAt(place, environment);
    if ((config.ProductionVariants ?? []).length > 1)
      return refusePlan(
        "many_variants",
        `${name} has several variants, and a version cannot stand for all.`,
        "Give each an endpoint.",
      );
    const { traffic, alarms, approval } = place.settings;
    const how = traffic.type === "all" ? "all at once" : `${traffic.type}, ${traffic.percent} % at a time`;
    const from = restoredConfig(operation) ?? config.EndpointConfigName ?? "";
    return {
      kind: "plan",
      steps: [
        ...(approval === "given" ? [`mark version ${to} as approved`] : []),
        `make a configuration like ${from} with version ${to}`,
        `update the endpoint ${name} to it, ${how}`,
        "check that it serves with it",
      ],
      notes: [
        alarms.length === 0
          ? "no alarms are set, so SageMaker will not roll back by itself"
          : `SageMaker rolls back by itself on ${alarms.join(", ")}`,
        "an update cannot be stopped half-way",
      ],
      expectedMs: null,
    };
  }

  function planRetrain(place: Place, operation: PlannedOperation): BackendPlan {
    const prepared = parametersOf(place, { ...operation, operationId: "operation", fence: 0 });
    if (prepared.kind === "refuse") return prepared;
    const steps = [`start the pipeline ${prepared.pipeline}`, "wait for its end"];
    return { kind: "plan", steps, notes: [], expectedMs: null };
  }

  // ---------- start, find ----------

  async function start(operation: Operation): Promise<ExternalRef> {
    const place = placeOf(operation.model);
    try {
      return await (operation.kind === "retrain" ? startRetrain : startUpdate)(place, operation);
    } catch (error) {
      if (error instanceof HttpMishapError && error.mishap !== "unclear")
        throw new NotStartedError(error.message, { cause: error });
      throw error;
    }
  }

  async function findByOperationId(operationId: string): Promise<FindOperation> {
    for (const place of models.values()) {
      const update = await findUpdate(place, operationId);
      if (update !== null) return { kind: "found", ref: update };
      const { pipeline } = place.settings;
      if (pipeline === undefined) continue;
      const execution = await findExecution(place.sagemaker, pipeline.name, operationId);
      if (execution !== null) return { kind: "found", ref: { operationId, execution } };
    }
    return { kind: "absent" };
  }

  // ---------- observe ----------

  async function observe(ref: ExternalRef, { model }: Operation): Promise<Observed> {
    const place = placeOf(model);
    const { execution, config = "", endpoint = "" } = ref;
    if (execution !== undefined) return await observeExecution(place, execution);
    const seen = await observeUpdate(place, endpoint, config);
    const url = consolePage(place.settings.region, "endpoint", endpoint);
    return url === null ? seen : { ...seen, url };
  }

  /** Once it serves, that is noted, for the history. The deploy stands without the note. */
  async function observeUpdate(place: Place, name: string, config: string): Promise<Observed> {
    const { sagemaker, configs } = place;
    const endpoint = await describeEndpoint(sagemaker, name);
    if (endpoint === null)
      return { kind: "lost", problem: `there is no endpoint ${name} any more`, logTail: "" };
    const seen = observeEndpoint(endpoint, config);
    if (seen.kind !== "succeeded") return seen;
    const made = await describeConfig(sagemaker, config);
    const problem = await configs.noteServed(made?.EndpointConfigArn, endpoint.LastModifiedTime);
    return problem === null
      ? seen
      : { ...seen, result: `${seen.result}; it is not in its history: ${problem}` };
  }

  async function cancel({ execution, operationId = "" }: ExternalRef, { model }: Operation): Promise<void> {
    if (execution === undefined)
      throw new Error(
        "sagemaker: an update of an endpoint cannot be stopped half-way; roll back when it is done",
      );
    await stopExecution(placeOf(model).sagemaker, { execution, operationId });
  }

  return {
    name: "sagemaker",
    idempotency: "native",
    versions: async (model) => {
      const { settings: own, sagemaker } = placeOf(model);
      return own.group === undefined ? [] : await listVersions(sagemaker, own.group);
    },
    live,
    history,
    ...(isMonitored ? { report } : {}),
    snapshot: async (model, environment) => {
      const { version, config } = await lookAt(placeOf(model), environment);
      return { version, endpointConfig: config.EndpointConfigName ?? null };
    },
    inverse: inverseOperation,
    checkArtifact: async (model, version) => {
      const { settings: own, sagemaker } = placeOf(model);
      const found = await findVersion(sagemaker, own.group ?? "", version);
      const unfit =
        found === null
          ? { problem: `The group ${own.group} has no version ${version}.` }
          : unfitness(found, "given");
      return unfit === null ? { kind: "present" } : { kind: "missing", problem: unfit.problem };
    },
    plan,
    start,
    observe,
    cancel,
    findByOperationId,
    versionOf: async ({ model, operationId }) => {
      const { settings: own, sagemaker } = placeOf(model);
      return own.group === undefined ? null : await madePackage(sagemaker, own.group, operationId);
    },
  };
}
