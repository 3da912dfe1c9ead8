/** Retrains by a pipeline. */
import type { DescribePipelineExecutionResponse, PipelineExecutionStep } from "@aws-sdk/client-sagemaker";
import { fillFields } from "../../../domain/rollout/operation-template.ts";
import { oneLine } from "../../../domain/view.ts";
import {
  type ExternalRef,
  NotStartedError,
  type Observed,
  type Operation,
  type PlannedOperation,
  refusePlan,
} from "../../../ports/model.ts";
import { digestOf, resourceName, type Sagemaker } from "./client.ts";
import { consolePageOf, studioPage } from "./console.ts";
import { versionInArn } from "./endpoint.ts";
import type { Place } from "./place.ts";

/** Newest executions that are looked through for an operation. */
const maxExecutions = 100;

/** What the pipeline would be given, or why it cannot be. */
export function parametersOf(
  { model, settings: { pipeline } }: Pick<Place, "model" | "settings">,
  operation: PlannedOperation & Pick<Operation, "operationId" | "fence">,
) {
  if (pipeline === undefined)
    return refusePlan(
      "no_pipeline",
      `${model} has no pipeline.`,
      `Set models.${model}.settings.pipeline in tocsin.yaml.`,
    );
  const filled = fillFields(pipeline.parameters, operation);
  if (filled.kind === "fields")
    return { kind: "parameters", pipeline: pipeline.name, parameters: filled.fields } as const;
  return refusePlan(
    "missing_value",
    `The parameter ${filled.field} needs {${filled.placeholder}}, and there is none.`,
    "Give it, or leave the placeholder out of tocsin.yaml.",
  );
}

/** Asked twice with one operation id, it is one execution. */
export async function startRetrain(place: Place, operation: Operation): Promise<ExternalRef> {
  const { operationId, requestedBy, reason } = operation;
  const prepared = parametersOf(place, operation);
  if (prepared.kind === "refuse") throw new NotStartedError(`sagemaker: ${prepared.problem}`);
  const { PipelineExecutionArn: execution } = await place.sagemaker.ask((client, options) =>
    client.startPipelineExecution(
      {
        PipelineName: prepared.pipeline,
        PipelineExecutionDisplayName: resourceName(operationId),
        PipelineExecutionDescription: oneLine(`tocsin, for ${requestedBy}: ${reason}`, 500),
        PipelineParameters: Object.entries(prepared.parameters).map(([Name, Value]) => ({ Name, Value })),
        ClientRequestToken: digestOf(operationId),
      },
      options,
    ),
  );
  if (execution === undefined) throw new Error("sagemaker: it named no execution");
  return { operationId, execution };
}

/** Asked twice, it is stopped once. */
export async function stopExecution(
  sagemaker: Sagemaker,
  { execution, operationId }: { readonly execution: string; readonly operationId: string },
): Promise<void> {
  const token = digestOf(`${operationId}-cancel`);
  await sagemaker.ask((client, options) =>
    client.stopPipelineExecution({ PipelineExecutionArn: execution, ClientRequestToken: token }, options),
  );
}

/** The ARN of an operation's execution, or null. */
export async function findExecution(
  sagemaker: Sagemaker,
  pipeline: string,
  operationId: string,
): Promise<string | null> {
  const { PipelineExecutionSummaries = [] } = await sagemaker.ask((client, options) =>
    client.listPipelineExecutions(
      { PipelineName: pipeline, SortBy: "CreationTime", SortOrder: "Descending", MaxResults: maxExecutions },
      options,
    ),
  );
  const name = resourceName(operationId);
  const found = PipelineExecutionSummaries.find((each) => each.PipelineExecutionDisplayName === name);
  return found?.PipelineExecutionArn ?? null;
}

export async function observeExecution({ settings: own, sagemaker }: Place, arn: string): Promise<Observed> {
  const execution = await sagemaker.find((client, options) =>
    client.describePipelineExecution({ PipelineExecutionArn: arn }, options),
  );
  if (execution === null)
    return { kind: "lost", problem: `SageMaker has no execution ${oneLine(arn, 200)} any more`, logTail: "" };
  const { PipelineExecutionSteps = [] } = await sagemaker.ask((client, options) =>
    client.listPipelineExecutionSteps(
      { PipelineExecutionArn: arn, SortOrder: "Ascending", MaxResults: 100 },
      options,
    ),
  );
  const seen = observedOf(execution, PipelineExecutionSteps);
  const { region, pipeline } = own;
  const url =
    (pipeline === undefined
      ? null
      : studioPage(region, pipeline.studioDomain, { pipeline: pipeline.name, execution: arn })) ??
    jobPage(region, PipelineExecutionSteps);
  return url === null ? seen : { ...seen, url };
}

function observedOf(
  execution: DescribePipelineExecutionResponse,
  PipelineExecutionSteps: readonly PipelineExecutionStep[],
): Observed {
  const logTail = oneLine(execution.FailureReason ?? "", 500);
  switch (execution.PipelineExecutionStatus) {
    case "Succeeded":
      return {
        kind: "succeeded",
        result: "the pipeline succeeded",
        newVersion: registeredVersion(PipelineExecutionSteps),
        metrics: {},
        logTail,
      };
    case "Failed": {
      const step = PipelineExecutionSteps.find(({ StepStatus }) => StepStatus === "Failed");
      const at = step === undefined ? "" : ` at step ${oneLine(step.StepName ?? "", 80)}`;
      const why = oneLine(step?.FailureReason ?? execution.FailureReason ?? "", 200);
      return { kind: "failed", problem: `the pipeline failed${at}${why === "" ? "" : `: ${why}`}`, logTail };
    }
    case "Stopped":
      return { kind: "cancelled", logTail };
    default: {
      const steps = PipelineExecutionSteps.slice(0, 20).map((step) => ({
        label: oneLine(step.StepDisplayName ?? step.StepName ?? "step", 100),
        state: stateOf(step),
      }));
      const waiting = [{ label: "the pipeline begins", state: "waiting" as const }];
      return { kind: "running", steps: steps.length === 0 ? waiting : steps, logTail };
    }
  }
}

function stateOf({ StepStatus }: PipelineExecutionStep): "waiting" | "running" | "done" | "failed" {
  if (StepStatus === "Succeeded") return "done";
  if (StepStatus === "Failed" || StepStatus === "Stopped") return "failed";
  return StepStatus === undefined ? "waiting" : "running";
}

/** The console's page of the job that failed, or of the newest one; null before the first job. */
function jobPage(region: string, steps: readonly PipelineExecutionStep[]): string | null {
  const pageOf = ({ Metadata }: PipelineExecutionStep) =>
    consolePageOf(region, (Metadata?.TrainingJob ?? Metadata?.ProcessingJob ?? Metadata?.TransformJob)?.Arn);
  const failed = steps.filter(({ StepStatus }) => StepStatus === "Failed");
  return [...steps, ...failed].map(pageOf).findLast((page) => page !== null) ?? null;
}

/** The version that a step of the pipeline registered. */
function registeredVersion(steps: readonly PipelineExecutionStep[]): string | null {
  const arns = steps.map((step) => versionInArn(step.Metadata?.RegisterModel?.Arn));
  return arns.findLast((version) => version !== null) ?? null;
}
