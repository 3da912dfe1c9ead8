/** One endpoint: what it serves, and its update to another configuration. */
import type {
  DeploymentConfig,
  DescribeEndpointConfigOutput,
  DescribeEndpointOutput,
} from "@aws-sdk/client-sagemaker";
import { oneLine } from "../../../domain/view.ts";
import type { Observed } from "../../../ports/model.ts";
import type { Sagemaker } from "./client.ts";
import type { SagemakerSettings } from "./settings.ts";

export type Endpoint = DescribeEndpointOutput;
export type EndpointConfig = DescribeEndpointConfigOutput;

/** What serves, all read at one time. */
export interface Look {
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly config: EndpointConfig;
  readonly version: string | null;
}

export async function describeEndpoint(sagemaker: Sagemaker, name: string): Promise<Endpoint | null> {
  return await sagemaker.find((client, options) => client.describeEndpoint({ EndpointName: name }, options));
}

export async function describeConfig(sagemaker: Sagemaker, name: string): Promise<EndpointConfig | null> {
  return await sagemaker.find((client, options) =>
    client.describeEndpointConfig({ EndpointConfigName: name }, options),
  );
}

/** The version whose package the endpoint's model is made of; null when it was not made of one. */
export async function servedVersion(sagemaker: Sagemaker, config: EndpointConfig): Promise<string | null> {
  const ModelName = config.ProductionVariants?.[0]?.ModelName;
  if (ModelName === undefined) return null;
  const model = await sagemaker.find((client, options) => client.describeModel({ ModelName }, options));
  const container = model?.PrimaryContainer ?? model?.Containers?.[0];
  return versionInArn(container?.ModelPackageName);
}

/** "arn:aws:sagemaker:eu-central-1:123456789012:model-package/ranker/13": 13. */
export function versionInArn(arn: string | undefined): string | null {
  return /:model-package\/[^/]+\/(\d+)$/.exec(arn ?? "")?.[1] ?? null;
}

/** A copy under another name: every setting of it, and, where given, another model. */
export function copyOf(config: EndpointConfig, name: string, modelName: string | null) {
  const { EndpointConfigArn: _arn, CreationTime: _created, ...settings } = config;
  return {
    ...settings,
    EndpointConfigName: name,
    ProductionVariants: (config.ProductionVariants ?? []).map((variant) =>
      modelName === null ? variant : { ...variant, ModelName: modelName },
    ),
  };
}

/** How the traffic moves, and the alarms that move it back. */
export function deploymentOf({
  traffic,
  alarms,
}: Pick<SagemakerSettings, "traffic" | "alarms">): DeploymentConfig {
  const wait = { WaitIntervalInSeconds: traffic.waitSeconds };
  const size = (value: number) => ({ Type: "CAPACITY_PERCENT" as const, Value: value });
  return {
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration:
        traffic.type === "all"
          ? { Type: "ALL_AT_ONCE", ...wait }
          : traffic.type === "canary"
            ? { Type: "CANARY", ...wait, CanarySize: size(traffic.percent) }
            : { Type: "LINEAR", ...wait, LinearStepSize: size(traffic.percent) },
    },
    ...(alarms.length === 0
      ? {}
      : { AutoRollbackConfiguration: { Alarms: alarms.map((AlarmName) => ({ AlarmName })) } }),
  };
}

/**
 * Whether an update to `config` was begun. A configuration is made before its update; an endpoint that was not touched
 * since then was not updated for it.
 */
export function hasBegun(endpoint: Endpoint, config: EndpointConfig): boolean {
  const name = config.EndpointConfigName;
  if (endpoint.EndpointConfigName === name || endpoint.PendingDeploymentSummary?.EndpointConfigName === name)
    return true;
  const made = config.CreationTime?.getTime() ?? 0;
  return (endpoint.LastModifiedTime?.getTime() ?? Number.POSITIVE_INFINITY) > made;
}

/** What became of an update to the configuration `name`. */
export function observeEndpoint(endpoint: Endpoint, name: string): Observed {
  const reason = oneLine(endpoint.FailureReason ?? "", 200);
  const why = reason === "" ? "" : `: ${reason}`;
  const failed = (problem: string): Observed => ({ kind: "failed", problem, logTail: reason });
  switch (endpoint.EndpointStatus) {
    case "Creating":
    case "Updating":
    case "SystemUpdating": {
      const steps = [{ label: "SageMaker moves the traffic", state: "running" as const }];
      return { kind: "running", steps, logTail: "" };
    }
    case "RollingBack": {
      const steps = [
        { label: "SageMaker moves the traffic", state: "failed" as const },
        { label: "SageMaker rolls back", state: "running" as const },
      ];
      return { kind: "running", steps, logTail: reason };
    }
    case "InService":
      break;
    case "UpdateRollbackFailed":
      return failed(`the update failed and could not be rolled back${why}; the endpoint needs a person`);
    default:
      return failed(`the endpoint is ${oneLine(endpoint.EndpointStatus ?? "in no state", 60)}${why}`);
  }
  if (endpoint.EndpointConfigName !== name)
    return failed(`SageMaker rolled back to ${oneLine(endpoint.EndpointConfigName ?? "nothing", 80)}${why}`);
  const idle = (endpoint.ProductionVariants ?? []).filter(
    ({ CurrentInstanceCount, CurrentServerlessConfig }) =>
      (CurrentInstanceCount ?? 0) === 0 && CurrentServerlessConfig === undefined,
  );
  if (idle.length > 0 || (endpoint.ProductionVariants ?? []).length === 0)
    return failed("the endpoint is InService, but a variant of it has no instances");
  const result = `${endpoint.EndpointName ?? "the endpoint"} serves with ${name}`;
  return { kind: "succeeded", result, newVersion: null, metrics: {}, logTail: "" };
}
