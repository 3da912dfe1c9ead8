/** Updates of an endpoint: to a configuration of its own each, by whose name an update is found again. */
import { oneLine } from "../../../domain/view.ts";
import { type ExternalRef, NotStartedError, type Operation } from "../../../ports/model.ts";
import { resourceName } from "./client.ts";
import {
  copyOf,
  deploymentOf,
  describeConfig,
  describeEndpoint,
  type EndpointConfig,
  hasBegun,
  type Look,
} from "./endpoint.ts";
import { noteTags } from "./history.ts";
import { findVersion } from "./packages.ts";
import { endpointOf, lookAt, type Place, restoredConfig, unservable } from "./place.ts";

/** @throws NotStartedError when it certainly was not begun. */
export async function startUpdate(place: Place, operation: Operation): Promise<ExternalRef> {
  const { operationId, environment, from, to, fence } = operation;
  const { settings: own, sagemaker } = place;
  const config = resourceName(operationId);
  const ref = { operationId, config, endpoint: endpointOf(place, environment) };
  const seen = await lookAt(place, environment);
  const made = await describeConfig(sagemaker, config);
  if (made !== null && hasBegun(seen.endpoint, made)) return ref;
  const refusal = await unservable(place, operation);
  if (refusal !== null) throw new NotStartedError(`sagemaker: ${refusal.problem}`);
  expectStillAt(seen, from, to);
  await expectNoneNewer(place, seen, fence);
  if (made === null) await makeConfig(place, operation, seen.config);
  if (own.approval === "given") await approve(place, operation);
  await sagemaker.ask((client, options) =>
    client.updateEndpoint(
      { EndpointName: seen.name, EndpointConfigName: config, DeploymentConfig: deploymentOf(own) },
      options,
    ),
  );
  return ref;
}

/** Null when it was not begun. */
export async function findUpdate(place: Place, operationId: string): Promise<ExternalRef | null> {
  const { settings: own, sagemaker, configs } = place;
  const config = resourceName(operationId);
  const made = await describeConfig(sagemaker, config);
  if (made === null) return null;
  const name = (await configs.noteOf(made.EndpointConfigArn))?.endpoint ?? "";
  if (!Object.values(own.endpoints).includes(name)) return null;
  const endpoint = await describeEndpoint(sagemaker, name);
  if (endpoint === null || !hasBegun(endpoint, made)) return null;
  return { operationId, config, endpoint: name };
}

function expectStillAt({ name, endpoint, version }: Look, planned: string | null, to: string | null): void {
  const status = endpoint.EndpointStatus ?? "in no state";
  if (status !== "InService")
    throw new NotStartedError(
      `sagemaker: the endpoint ${name} is ${oneLine(status, 60)}; wait, then ask again`,
    );
  if (version !== planned)
    throw new NotStartedError(
      `sagemaker: ${name} serves version ${version ?? "nothing"}, and ${planned ?? "nothing"} when ${to ?? "it"} was planned; look there, then ask again`,
    );
}

/** @throws NotStartedError when what serves was put there under a newer lock: whoever asks lost the target since. */
async function expectNoneNewer({ configs }: Place, { name, config }: Look, fence: number): Promise<void> {
  const newer = (await configs.noteOf(config.EndpointConfigArn))?.fence ?? 0;
  if (newer <= fence) return;
  throw new NotStartedError(
    `sagemaker: ${name} was taken since (fence ${newer}, this has ${fence}): this bot no longer holds the target`,
  );
}

/** A copy of what serves with another model in it; for a rollback, of what served before. */
async function makeConfig(place: Place, operation: Operation, current: EndpointConfig): Promise<void> {
  const { sagemaker } = place;
  const name = resourceName(operation.operationId);
  const old = restoredConfig(operation);
  const source = old === null ? current : await describeConfig(sagemaker, old);
  if (source === null) throw new NotStartedError(`sagemaker: the configuration ${old} was deleted`);
  if (old === null) await makeModel(place, operation, name);
  const copy = copyOf(source, name, old === null ? name : null);
  const Tags = noteTags(operation, endpointOf(place, operation.environment));
  await sagemaker.make((client, options) => client.createEndpointConfig({ ...copy, Tags }, options));
}

async function makeModel({ settings: own, sagemaker }: Place, { to }: Operation, name: string) {
  const found = await findVersion(sagemaker, own.group ?? "", to ?? "");
  if (found === null) throw new NotStartedError(`sagemaker: there is no version ${to} any more`);
  const container = { ModelPackageName: found.arn };
  await sagemaker.make((client, options) =>
    client.createModel(
      { ModelName: name, ExecutionRoleArn: own.executionRole, PrimaryContainer: container },
      options,
    ),
  );
}

/** The rollout was approved, so the version is. */
async function approve({ settings: own, sagemaker }: Place, { to, requestedBy }: Operation): Promise<void> {
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
