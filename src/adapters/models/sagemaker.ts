/**
 * Amazon SageMaker: versions are model packages, serving is an endpoint, retrains are pipelines. UpdateEndpoint takes
 * no client token, so every update is to a configuration of its own, named after the operation: it tells afterwards
 * whether the update was begun, and starting is native.
 */
import { fillFields, oddValue } from "../../domain/operation-template.ts";
import { oneLine } from "../../domain/view.ts";
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
} from "../../ports/model.ts";
import { createSagemakerClient, digestOf, resourceName, type Sagemaker } from "./sagemaker/client.ts";
import {
  copyOf,
  deploymentOf,
  describeConfig,
  describeEndpoint,
  type Endpoint,
  type EndpointConfig,
  hasBegun,
  observeEndpoint,
  servedVersion,
} from "./sagemaker/endpoint.ts";
import { findVersion, listVersions, madePackage, unfitness } from "./sagemaker/packages.ts";
import { findExecution, observeExecution, startPipeline } from "./sagemaker/pipeline.ts";
import { parseSagemakerSettings, type SagemakerSettings } from "./sagemaker/settings.ts";

export default defineModelBackend({
  name: "sagemaker",
  summary: "Amazon SageMaker: model packages, endpoints with alarms, pipelines",
  create: createSagemaker,
});

/** Tags of a configuration that the bot made. */
const endpointTag = "tocsin:endpoint";
const fenceTag = "tocsin:fence";

interface Place {
  readonly settings: SagemakerSettings;
  readonly sagemaker: Sagemaker;
}

export function createSagemaker(
  settings: ReadonlyMap<string, unknown>,
  context: Pick<BackendContext, "environment">,
): ModelBackend {
  const models = new Map(
    [...settings].map(([model, given]): [string, Place] => {
      const parsed = parseSagemakerSettings(model, given, context.environment);
      return [model, { settings: parsed, sagemaker: createSagemakerClient(parsed) }];
    }),
  );

  function placeOf(model: string): Place {
    const found = models.get(model);
    if (found === undefined)
      throw new Error(`sagemaker: ${model} has no settings; add models.${model}.settings.region`);
    return found;
  }

  function endpointOf(model: string, environment: string): string {
    const { endpoints } = placeOf(model).settings;
    const name = Object.hasOwn(endpoints, environment) ? endpoints[environment] : undefined;
    if (name === undefined)
      throw new Error(
        `sagemaker: ${model} has no endpoint in ${environment}; set models.${model}.settings.endpoints.${environment}`,
      );
    return name;
  }

  /** The endpoint and what it serves with. @throws Error when there is none: the first is made by a person. */
  async function lookAt(model: string, environment: string) {
    const { sagemaker } = placeOf(model);
    const name = endpointOf(model, environment);
    const endpoint = await describeEndpoint(sagemaker, name);
    if (endpoint === null)
      throw new Error(`sagemaker: there is no endpoint ${name}; make it once, with its first version`);
    const config = await describeConfig(sagemaker, endpoint.EndpointConfigName ?? "");
    if (config === null) throw new Error(`sagemaker: the configuration that ${name} serves with was deleted`);
    return { name, endpoint, config, version: await servedVersion(sagemaker, config) };
  }

  async function live(model: string, environment: string) {
    const { endpoint, version } = await lookAt(model, environment);
    return { version, since: endpoint.LastModifiedTime ?? null, by: null };
  }

  // ---------- plan ----------

  async function plan(operation: PlannedOperation): Promise<BackendPlan> {
    const { kind, model, environment } = operation;
    const odd = oddValue(operation);
    if (odd !== null) return refuse("odd_value", odd.problem, odd.remedy);
    const { settings: own } = placeOf(model);
    if (kind === "retrain") return planRetrain(own, operation);
    const refusal = await unservable(operation);
    if (refusal !== null) return refusal;
    const { name, config } = await lookAt(model, environment);
    if ((config.ProductionVariants ?? []).length > 1)
      return refuse(
        "many_variants",
        `${name} has several variants, and a version cannot stand for all.`,
        "Give each an endpoint.",
      );
    const { traffic, alarms } = own;
    const how = traffic.type === "all" ? "all at once" : `${traffic.type}, ${traffic.percent} % at a time`;
    const from = restoredConfig(operation) ?? config.EndpointConfigName ?? "";
    return {
      kind: "plan",
      steps: [
        ...(own.approval === "given" ? [`mark version ${operation.to} as approved`] : []),
        `make a configuration like ${from} with version ${operation.to}`,
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

  function planRetrain(own: SagemakerSettings, operation: PlannedOperation): BackendPlan {
    const prepared = parametersOf(own, { ...operation, operationId: "operation", fence: 0 });
    if (prepared.kind === "refuse") return prepared;
    const steps = [`start the pipeline ${prepared.pipeline}`, "wait for its end"];
    return { kind: "plan", steps, notes: [], expectedMs: null };
  }

  /** Why `to` cannot serve, or null. */
  async function unservable({ model, to, ...operation }: PlannedOperation) {
    const { settings: own, sagemaker } = placeOf(model);
    const old = restoredConfig(operation);
    if (old !== null && (await describeConfig(sagemaker, old)) === null)
      return refuse("missing_artifact", `The configuration ${old} was deleted.`, "Deploy the version anew.");
    const found = await findVersion(sagemaker, own.group ?? "", to ?? "");
    if (found === null)
      return refuse(
        "unknown_version",
        `The group ${own.group} has no version ${to}.`,
        `See: models ${model}.`,
      );
    const unfit = unfitness(found, own.approval);
    return unfit === null ? null : refuse(unfit.reason, unfit.problem, unfit.remedy);
  }

  // ---------- start ----------

  async function start(operation: Operation): Promise<ExternalRef> {
    try {
      return operation.kind === "retrain" ? await startRetrain(operation) : await startUpdate(operation);
    } catch (error) {
      if (error instanceof HttpMishapError && error.mishap !== "unclear")
        throw new NotStartedError(error.message, { cause: error });
      throw error;
    }
  }

  async function startRetrain(operation: Operation): Promise<ExternalRef> {
    const { operationId, model, requestedBy, reason } = operation;
    const { settings: own, sagemaker } = placeOf(model);
    const prepared = parametersOf(own, operation);
    if (prepared.kind === "refuse") throw new NotStartedError(`sagemaker: ${prepared.problem}`);
    const { pipeline, parameters } = prepared;
    const description = oneLine(`tocsin, for ${requestedBy}: ${reason}`, 500);
    const execution = await startPipeline(sagemaker, { operationId, pipeline, parameters, description });
    return { operationId, execution };
  }

  async function startUpdate(operation: Operation): Promise<ExternalRef> {
    const { operationId, model, environment, from, to } = operation;
    const { settings: own, sagemaker } = placeOf(model);
    const config = resourceName(operationId);
    const ref = { operationId, config, endpoint: endpointOf(model, environment) };
    const seen = await lookAt(model, environment);
    const made = await describeConfig(sagemaker, config);
    if (made !== null && hasBegun(seen.endpoint, made)) return ref;
    const refusal = await unservable(operation);
    if (refusal !== null) throw new NotStartedError(`sagemaker: ${refusal.problem}`);
    expectStillAt(seen, from);
    await expectNoneNewer(sagemaker, seen, operation.fence);
    if (made === null) await makeConfig(operation, seen.config, config);
    if (own.approval === "given") await approve(operation);
    await sagemaker.ask((client, options) =>
      client.updateEndpoint(
        { EndpointName: seen.name, EndpointConfigName: config, DeploymentConfig: deploymentOf(own) },
        options,
      ),
    );
    return ref;

    function expectStillAt(
      look: { readonly endpoint: Endpoint; readonly version: string | null },
      planned: string | null,
    ) {
      const status = look.endpoint.EndpointStatus ?? "in no state";
      if (status !== "InService")
        throw new NotStartedError(
          `sagemaker: the endpoint ${seen.name} is ${oneLine(status, 60)}; wait, then ask again`,
        );
      if (look.version !== planned)
        throw new NotStartedError(
          `sagemaker: ${seen.name} serves version ${look.version ?? "nothing"}, and ${planned ?? "nothing"} when ${to ?? "it"} was planned; look there, then ask again`,
        );
    }
  }

  /** A copy of what serves with another model in it; for a rollback, of what served before. */
  async function makeConfig(operation: Operation, current: EndpointConfig, name: string): Promise<void> {
    const { settings: own, sagemaker } = placeOf(operation.model);
    const old = restoredConfig(operation);
    const source = old === null ? current : await describeConfig(sagemaker, old);
    if (source === null) throw new NotStartedError(`sagemaker: the configuration ${old} was deleted`);
    if (old === null) {
      const found = await findVersion(sagemaker, own.group ?? "", operation.to ?? "");
      if (found === null)
        throw new NotStartedError(`sagemaker: there is no version ${operation.to} any more`);
      const container = { ModelPackageName: found.arn };
      await sagemaker.make((client, options) =>
        client.createModel(
          { ModelName: name, ExecutionRoleArn: own.executionRole, PrimaryContainer: container },
          options,
        ),
      );
    }
    const tags = {
      Tags: [
        { Key: endpointTag, Value: endpointOf(operation.model, operation.environment) },
        { Key: fenceTag, Value: String(operation.fence) },
      ],
    };
    await sagemaker.make((client, options) =>
      client.createEndpointConfig({ ...copyOf(source, name, old === null ? name : null), ...tags }, options),
    );
  }

  /** The rollout was approved, so the version is. */
  async function approve({ model, to, requestedBy }: Operation): Promise<void> {
    const { settings: own, sagemaker } = placeOf(model);
    const found = await findVersion(sagemaker, own.group ?? "", to ?? "");
    if (found === null || found.approval === "Approved") return;
    await sagemaker.ask((client, options) =>
      client.updateModelPackage(
        {
          ModelPackageArn: found.arn,
          ModelApprovalStatus: "Approved",
          ApprovalDescription: oneLine(`by the rollout that ${requestedBy} asked of tocsin`, 200),
        },
        options,
      ),
    );
  }

  // ---------- find, observe ----------

  async function findByOperationId(operationId: string): Promise<FindOperation> {
    for (const { settings: own, sagemaker } of models.values()) {
      const update = await findUpdate(own, sagemaker, operationId);
      if (update !== null) return { kind: "found", ref: update };
      if (own.pipeline === undefined) continue;
      const execution = await findExecution(sagemaker, own.pipeline.name, operationId);
      if (execution !== null) return { kind: "found", ref: { operationId, execution } };
    }
    return { kind: "absent" };
  }

  async function findUpdate(
    own: SagemakerSettings,
    sagemaker: Sagemaker,
    operationId: string,
  ): Promise<ExternalRef | null> {
    const made = await describeConfig(sagemaker, resourceName(operationId));
    if (made === null) return null;
    const name = (await tagOf(sagemaker, made, endpointTag)) ?? "";
    if (!Object.values(own.endpoints).includes(name)) return null;
    const endpoint = await describeEndpoint(sagemaker, name);
    if (endpoint === null || !hasBegun(endpoint, made)) return null;
    return { operationId, config: resourceName(operationId), endpoint: name };
  }

  async function observe(ref: ExternalRef, { model }: Operation): Promise<Observed> {
    const { settings: own, sagemaker } = placeOf(model);
    const { execution, config = "", endpoint: name = "" } = ref;
    if (execution !== undefined) return await observeExecution(sagemaker, execution);
    const endpoint = await describeEndpoint(sagemaker, name);
    if (endpoint === null)
      return { kind: "lost", problem: `there is no endpoint ${name} any more`, logTail: "" };
    const url = consoleOf(own.region, name);
    return { ...observeEndpoint(endpoint, config), ...(url === null ? {} : { url }) };
  }

  async function cancel({ execution, operationId = "" }: ExternalRef, { model }: Operation): Promise<void> {
    if (execution === undefined)
      throw new Error(
        "sagemaker: an update of an endpoint cannot be stopped half-way; roll back when it is done",
      );
    const token = digestOf(`${operationId}-cancel`);
    await placeOf(model).sagemaker.ask((client, options) =>
      client.stopPipelineExecution({ PipelineExecutionArn: execution, ClientRequestToken: token }, options),
    );
  }

  return {
    name: "sagemaker",
    idempotency: "native",
    versions: async (model) => {
      const { settings: own, sagemaker } = placeOf(model);
      return own.group === undefined ? [] : await listVersions(sagemaker, own.group);
    },
    live,
    history: () => Promise.resolve([]),
    snapshot: async (model, environment) => {
      const { version, config } = await lookAt(model, environment);
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

/** The page of an endpoint; null in partitions whose console has another address. Pipelines have one in Studio only. */
function consoleOf(region: string, endpoint: string): string | null {
  if (/^(cn|us-gov|us-iso)/.test(region)) return null;
  return `https://${region}.console.aws.amazon.com/sagemaker/home?region=${region}#/endpoints/${encodeURIComponent(endpoint)}`;
}

/** @throws NotStartedError when what serves was put there under a newer lock: whoever asks lost the target since. */
async function expectNoneNewer(
  sagemaker: Sagemaker,
  { name, config }: { readonly name: string; readonly config: EndpointConfig },
  fence: number,
): Promise<void> {
  const newer = Number((await tagOf(sagemaker, config, fenceTag)) ?? 0);
  if (newer <= fence) return;
  throw new NotStartedError(
    `sagemaker: ${name} was taken since (fence ${newer}, this has ${fence}): this bot no longer holds the target`,
  );
}

async function tagOf(sagemaker: Sagemaker, config: EndpointConfig, key: string): Promise<string | null> {
  const { Tags = [] } = await sagemaker.ask((client, options) =>
    client.listTags({ ResourceArn: config.EndpointConfigArn }, options),
  );
  return Tags.find(({ Key }) => Key === key)?.Value ?? null;
}

/** The configuration that a rollback goes back to, kept when it was replaced. */
function restoredConfig({ kind, restore }: Pick<PlannedOperation, "kind" | "restore">): string | null {
  const name = kind === "rollback" ? restore?.["endpointConfig"] : undefined;
  return typeof name === "string" ? name : null;
}

function parametersOf(
  own: SagemakerSettings,
  operation: PlannedOperation & Pick<Operation, "operationId" | "fence">,
) {
  if (own.pipeline === undefined)
    return refuse(
      "no_pipeline",
      `${operation.model} has no pipeline.`,
      `Set models.${operation.model}.settings.pipeline in tocsin.yaml.`,
    );
  const filled = fillFields(own.pipeline.parameters, operation);
  if (filled.kind === "fields")
    return { kind: "parameters", pipeline: own.pipeline.name, parameters: filled.fields } as const;
  return refuse(
    "missing_value",
    `The parameter ${filled.field} needs {${filled.placeholder}}, and there is none.`,
    "Give it, or leave the placeholder out of tocsin.yaml.",
  );
}

function refuse(reason: string, problem: string, remedy: string) {
  return { kind: "refuse", reason, problem, remedy } as const;
}
