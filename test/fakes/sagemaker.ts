/**
 * The part of Amazon SageMaker that serves endpoints and runs pipelines, over its real protocol (AWS JSON 1.1, signed
 * by Signature Version 4): names are taken once, an endpoint under way refuses an update, what is missing is a
 * ValidationException, as there.
 */
import { z } from "zod";
import { type Answered, type Asked, startJsonServer } from "./json-server.ts";

export interface Config {
  readonly body: Record<string, unknown> & {
    readonly ProductionVariants: readonly { readonly ModelName?: string }[];
  };
  readonly tags: { readonly Key: string; readonly Value: string }[];
  readonly createdAt: number;
}
export interface FakeMonitoring {
  readonly schedule: string;
  /** s since 1970. */
  readonly scheduledAt: number;
  readonly type: "DataQuality" | "ModelQuality";
  readonly status: string;
  readonly reason?: string;
  /** Of its processing job. */
  readonly exitMessage?: string;
}
export interface FakeEndpoint {
  config: string;
  pending: string | null;
  status: string;
  modifiedAt: number;
  reason: string;
  /** What an update comes to. */
  ends: "InService" | "RollingBack" | "UpdateRollbackFailed";
  instances: number;
  updates: Record<string, unknown>[];
}
export interface FakePackage {
  readonly version: number;
  status: string;
  approval: string;
  properties: Record<string, string>;
}
export interface FakeExecution {
  readonly arn: string;
  readonly token: string;
  readonly name: string;
  readonly parameters: unknown;
  status: string;
  ends: string;
  /** Looks until it is over. */
  looksLeft: number;
}

export type FakeSagemaker = Awaited<ReturnType<typeof startFakeSagemaker>>;

const account = "arn:aws:sagemaker:eu-central-1:123456789012";
const text = z.string().min(1);
const tag = z.strictObject({
  Key: text.max(128),
  Value: z
    .string()
    .max(256)
    .regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u),
});
const resource = text.max(63).regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/);
const signature =
  /^AWS4-HMAC-SHA256 Credential=AKIATESTTESTTEST\/\d{8}\/eu-central-1\/sagemaker\/aws4_request, SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*x-amz-date[a-z0-9;-]*, Signature=[0-9a-f]{64}$/;

export async function startFakeSagemaker() {
  const endpoints = new Map<string, FakeEndpoint>();
  const configs = new Map<string, Config>();
  const sdkModels = new Map<string, string>();
  const packages: FakePackage[] = [];
  const executions: FakeExecution[] = [];
  const monitoring: FakeMonitoring[] = [];
  let seconds = 1_770_000_000;
  const tick = () => {
    seconds += 1;
    return seconds;
  };

  function answer(asked: Asked): Answered {
    if (asked.method !== "POST" || asked.path !== "/")
      throw new Error(`SageMaker has no ${asked.method} ${asked.path}`);
    if (asked.headers["content-type"] !== "application/x-amz-json-1.1")
      return failed("UnknownOperationException", "");
    if (!signature.test(asked.headers.authorization ?? "") || asked.headers["x-amz-date"] === undefined)
      return { ...failed("AccessDeniedException", "the request is not signed"), status: 403 };
    const [service = "", action = ""] = String(asked.headers["x-amz-target"]).split(".");
    const handler = service === "SageMaker" ? actions[action] : undefined;
    if (handler === undefined) throw new Error(`SageMaker has no ${String(asked.headers["x-amz-target"])}`);
    return handler(JSON.parse(asked.body));
  }

  const actions: Record<string, (body: unknown) => Answered> = {
    DescribeEndpoint: (body) => {
      const { EndpointName } = z.strictObject({ EndpointName: text }).parse(body);
      const endpoint = endpoints.get(EndpointName);
      if (endpoint === undefined)
        return failed(
          "ValidationException",
          `Could not find endpoint "${account}:endpoint/${EndpointName}".`,
        );
      const seen = { status: 200, body: endpointBody(EndpointName, endpoint) };
      move(endpoint);
      return seen;
    },
    DescribeEndpointConfig: (body) => {
      const { EndpointConfigName } = z.strictObject({ EndpointConfigName: text }).parse(body);
      const config = configs.get(EndpointConfigName);
      if (config === undefined)
        return failed(
          "ValidationException",
          `Could not find endpoint configuration "${EndpointConfigName}".`,
        );
      const arn = `${account}:endpoint-config/${EndpointConfigName}`;
      return {
        status: 200,
        body: { ...config.body, EndpointConfigArn: arn, CreationTime: config.createdAt },
      };
    },
    DescribeModel: (body) => {
      const { ModelName } = z.strictObject({ ModelName: text }).parse(body);
      const arn = sdkModels.get(ModelName);
      if (arn === undefined) return failed("ValidationException", `Could not find model "${ModelName}".`);
      const PrimaryContainer = { ModelPackageName: arn };
      return {
        status: 200,
        body: { ModelName, ModelArn: `${account}:model/${ModelName}`, PrimaryContainer, CreationTime: 1 },
      };
    },
    CreateModel: (body) => {
      const { ModelName, PrimaryContainer } = z
        .strictObject({
          ...{ ModelName: resource, ExecutionRoleArn: text },
          PrimaryContainer: z.strictObject({ ModelPackageName: text }),
        })
        .parse(body);
      if (sdkModels.has(ModelName))
        return failed("ValidationException", `Cannot create already existing model "${ModelName}".`);
      sdkModels.set(ModelName, PrimaryContainer.ModelPackageName);
      return { status: 200, body: { ModelArn: `${account}:model/${ModelName}` } };
    },
    CreateEndpointConfig: (body) => {
      const { Tags, ...rest } = z
        .strictObject({
          EndpointConfigName: resource,
          ProductionVariants: z.array(z.looseObject({ VariantName: text, ModelName: text })).min(1),
          DataCaptureConfig: z.unknown().optional(),
          Tags: z.array(tag).max(50),
        })
        .parse(body);
      const { EndpointConfigName } = rest;
      if (configs.has(EndpointConfigName))
        return failed(
          "ValidationException",
          `Cannot create already existing endpoint configuration "${EndpointConfigName}".`,
        );
      const missing = rest.ProductionVariants.find(({ ModelName }) => !sdkModels.has(ModelName));
      if (missing !== undefined)
        return failed("ValidationException", `Could not find model "${missing.ModelName}".`);
      configs.set(EndpointConfigName, { body: rest, tags: Tags, createdAt: tick() });
      return { status: 200, body: { EndpointConfigArn: `${account}:endpoint-config/${EndpointConfigName}` } };
    },
    UpdateEndpoint: (body) => {
      const given = z
        .strictObject({
          EndpointName: text,
          EndpointConfigName: text,
          DeploymentConfig: z.record(z.string(), z.unknown()),
        })
        .parse(body);
      const endpoint = endpoints.get(given.EndpointName);
      if (endpoint === undefined)
        return failed("ValidationException", `Could not find endpoint "${given.EndpointName}".`);
      if (endpoint.status !== "InService")
        return failed("ValidationException", `Cannot update in-progress endpoint "${given.EndpointName}".`);
      if (!configs.has(given.EndpointConfigName))
        return failed(
          "ValidationException",
          `Could not find endpoint configuration "${given.EndpointConfigName}".`,
        );
      endpoint.updates.push(given);
      Object.assign(endpoint, {
        pending: given.EndpointConfigName,
        status: "Updating",
        modifiedAt: tick(),
        reason: "",
      });
      return { status: 200, body: { EndpointArn: `${account}:endpoint/${given.EndpointName}` } };
    },
    ListTags: (body) => {
      const { ResourceArn } = z
        .strictObject({ ResourceArn: text, MaxResults: z.number().min(50) })
        .parse(body);
      const config = configs.get(ResourceArn.split("/").at(-1) ?? "");
      return config === undefined
        ? failed("ValidationException", "Could not find it.")
        : { status: 200, body: { Tags: config.tags } };
    },
    AddTags: (body) => {
      const { ResourceArn, Tags } = z
        .strictObject({ ResourceArn: text, Tags: z.array(tag).max(50) })
        .parse(body);
      const config = configs.get(ResourceArn.split("/").at(-1) ?? "");
      if (config === undefined) return failed("ValidationException", "Could not find it.");
      for (const { Key, Value } of Tags) {
        const at = config.tags.findIndex((known) => known.Key === Key);
        config.tags.splice(at < 0 ? config.tags.length : at, at < 0 ? 0 : 1, { Key, Value });
      }
      return { status: 200, body: { Tags: config.tags } };
    },
    ListEndpointConfigs: (body) => {
      const { NameContains, MaxResults } = z
        .strictObject({
          ...{ NameContains: text, MaxResults: z.number().int().min(1).max(100) },
          ...{ SortBy: z.literal("CreationTime"), SortOrder: z.literal("Descending") },
        })
        .parse(body);
      const found = [...configs]
        .filter(([name]) => name.includes(NameContains))
        .sort(([, one], [, other]) => other.createdAt - one.createdAt)
        .map(([name, { createdAt }]) => ({
          ...{ EndpointConfigName: name, CreationTime: createdAt },
          EndpointConfigArn: `${account}:endpoint-config/${name}`,
        }));
      return { status: 200, body: { EndpointConfigs: found.slice(0, MaxResults) } };
    },
    ListMonitoringExecutions: (body) => {
      const asked = z
        .strictObject({
          ...{ MonitoringScheduleName: resource, MaxResults: z.number().int().min(1).max(100) },
          ...{ SortBy: z.literal("ScheduledTime"), SortOrder: z.literal("Descending") },
          ScheduledTimeAfter: z.number().optional(),
        })
        .parse(body);
      const found = monitoring
        .map((execution, at) => ({ ...execution, at }))
        .filter(({ schedule, scheduledAt }) => {
          const isAfter = scheduledAt > (asked.ScheduledTimeAfter ?? 0);
          return schedule === asked.MonitoringScheduleName && isAfter;
        })
        .sort((one, other) => other.scheduledAt - one.scheduledAt)
        .map(({ schedule, scheduledAt, type, status, reason, at }) => ({
          ...{ MonitoringScheduleName: schedule, ScheduledTime: scheduledAt, CreationTime: scheduledAt + 60 },
          ...{ LastModifiedTime: scheduledAt + 300, MonitoringExecutionStatus: status, MonitoringType: type },
          ...(reason === undefined ? {} : { FailureReason: reason }),
          ProcessingJobArn: `${account}:processing-job/monitor-${at}`,
        }));
      return { status: 200, body: { MonitoringExecutionSummaries: found.slice(0, asked.MaxResults) } };
    },
    DescribeProcessingJob: (body) => {
      const { ProcessingJobName } = z.strictObject({ ProcessingJobName: resource }).parse(body);
      const found = monitoring[Number(ProcessingJobName.replace("monitor-", ""))];
      if (found?.exitMessage === undefined)
        return failed("ValidationException", `Could not find requested job with name: ${ProcessingJobName}`);
      const S3Output = { S3Uri: "s3://acme/monitor", LocalPath: "/opt/out", S3UploadMode: "EndOfJob" };
      return {
        status: 200,
        body: {
          ...{ ProcessingJobName, ExitMessage: found.exitMessage, ProcessingJobStatus: "Completed" },
          ProcessingOutputConfig: { Outputs: [{ OutputName: "result", S3Output }] },
        },
      };
    },
    ListModelPackages: () => ({
      status: 200,
      body: { ModelPackageSummaryList: packages.map(packageBody).toReversed() },
    }),
    DescribeModelPackage: (body) => {
      const { ModelPackageName } = z.strictObject({ ModelPackageName: text }).parse(body);
      const found = packages.find(({ version }) => arnOf(version) === ModelPackageName);
      if (found === undefined) return failed("ValidationException", "ModelPackage does not exist");
      return {
        status: 200,
        body: { ...packageBody(found), ModelPackageName, CustomerMetadataProperties: found.properties },
      };
    },
    UpdateModelPackage: (body) => {
      const { ModelPackageArn, ModelApprovalStatus } = z
        .strictObject({
          ModelPackageArn: text,
          ModelApprovalStatus: z.enum(["Approved", "Rejected", "PendingManualApproval"]),
          ApprovalDescription: text.max(1_024),
        })
        .parse(body);
      const found = packages.find(({ version }) => arnOf(version) === ModelPackageArn);
      if (found !== undefined) found.approval = ModelApprovalStatus;
      return { status: 200, body: { ModelPackageArn } };
    },
    StartPipelineExecution: (body) => {
      const given = z
        .strictObject({
          PipelineName: z.literal("train"),
          PipelineExecutionDisplayName: text.max(82).regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,81}$/),
          PipelineExecutionDescription: text.max(3_072),
          PipelineParameters: z.array(z.strictObject({ Name: text, Value: text.max(1_024) })).max(200),
          ClientRequestToken: z.string().min(32).max(128),
        })
        .parse(body);
      const token = given.ClientRequestToken;
      const known = executions.find((one) => one.token === token);
      const arn = known?.arn ?? `${account}:pipeline/train/execution/e${executions.length}`;
      const name = given.PipelineExecutionDisplayName;
      const parameters = given.PipelineParameters;
      if (known === undefined)
        executions.push({
          arn,
          token,
          name,
          parameters,
          status: "Executing",
          ends: "Succeeded",
          looksLeft: 2,
        });
      return { status: 200, body: { PipelineExecutionArn: arn } };
    },
    ListPipelineExecutions: () => ({
      status: 200,
      body: {
        PipelineExecutionSummaries: executions.map(({ arn, name, status }) => ({
          ...{
            PipelineExecutionArn: arn,
            PipelineExecutionDisplayName: name,
            PipelineExecutionStatus: status,
          },
        })),
      },
    }),
    DescribePipelineExecution: (body) => {
      const found = executionOf(body);
      if (found === undefined) return failed("ResourceNotFound", "Pipeline execution does not exist");
      found.looksLeft -= 1;
      if (found.status === "Stopping") found.status = "Stopped";
      else if (found.status === "Executing" && found.looksLeft <= 0) found.status = found.ends;
      return {
        status: 200,
        body: { PipelineExecutionArn: found.arn, PipelineExecutionStatus: found.status },
      };
    },
    ListPipelineExecutionSteps: (body) => {
      const found = executionOf(body);
      const isOver = found?.status === "Succeeded";
      const register = { RegisterModel: { Arn: arnOf(3) } };
      const train = { StepName: "train", StepStatus: found?.status === "Failed" ? "Failed" : "Succeeded" };
      const steps = [
        {
          ...train,
          Metadata: { TrainingJob: { Arn: `${account}:training-job/pipelines-train-1` } },
          ...(train.StepStatus === "Failed" ? { FailureReason: "AlgorithmError: nan" } : {}),
        },
        {
          StepName: "register",
          StepStatus: isOver ? "Succeeded" : "Executing",
          ...(isOver ? { Metadata: register } : {}),
        },
      ];
      return { status: 200, body: { PipelineExecutionSteps: steps } };
    },
    StopPipelineExecution: (body) => {
      const { ClientRequestToken } = z
        .looseObject({ ClientRequestToken: z.string().min(32).max(128) })
        .parse(body);
      const found = executionOf(body);
      if (found?.status === "Executing") found.status = "Stopping";
      return { status: 200, body: { PipelineExecutionArn: found?.arn, ClientRequestToken } };
    },
  };

  function executionOf(body: unknown): FakeExecution | undefined {
    const { PipelineExecutionArn } = z.looseObject({ PipelineExecutionArn: text }).parse(body);
    return executions.find(({ arn }) => arn === PipelineExecutionArn);
  }

  function move(endpoint: FakeEndpoint): void {
    if (endpoint.status === "RollingBack")
      Object.assign(endpoint, { status: "InService", pending: null, modifiedAt: tick() });
    if (endpoint.status !== "Updating") return;
    endpoint.status = endpoint.ends;
    endpoint.modifiedAt = tick();
    if (endpoint.ends === "InService") endpoint.config = endpoint.pending ?? endpoint.config;
    else endpoint.reason = "One or more alarms went off: scorer-errors";
    if (endpoint.ends !== "RollingBack") endpoint.pending = null;
  }

  const server = await startJsonServer(answer);
  return {
    ...{ url: server.url, asked: server.asked, close: () => server.close() },
    ...{ endpoints, configs, sdkModels, packages, executions, monitoring, arnOf, tick },
  };
}

function endpointBody(name: string, endpoint: FakeEndpoint) {
  return {
    ...{
      EndpointName: name,
      EndpointArn: `${account}:endpoint/${name}`,
      EndpointConfigName: endpoint.config,
    },
    ...{ EndpointStatus: endpoint.status, CreationTime: 1, LastModifiedTime: endpoint.modifiedAt },
    ...(endpoint.reason === "" ? {} : { FailureReason: endpoint.reason }),
    ...(endpoint.pending === null
      ? {}
      : { PendingDeploymentSummary: { EndpointConfigName: endpoint.pending } }),
    ProductionVariants: [{ VariantName: "all", CurrentWeight: 1, CurrentInstanceCount: endpoint.instances }],
  };
}

function packageBody({ version, status, approval }: FakePackage) {
  return {
    ...{ ModelPackageArn: arnOf(version), ModelPackageGroupName: "scorer", ModelPackageVersion: version },
    ...{ ModelPackageStatus: status, ModelApprovalStatus: approval, CreationTime: version },
  };
}

function arnOf(version: number): string {
  return `${account}:model-package/scorer/${version}`;
}

function failed(type: string, message: string): Answered {
  return { status: 400, body: { __type: type, message } };
}
