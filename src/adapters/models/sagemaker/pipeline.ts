/** Retrains by a pipeline. */
import type { PipelineExecutionStep } from "@aws-sdk/client-sagemaker";
import { oneLine } from "../../../domain/view.ts";
import type { Observed } from "../../../ports/model.ts";
import { digestOf, resourceName, type Sagemaker } from "./client.ts";
import { versionInArn } from "./endpoint.ts";

/** Newest executions that are looked through for an operation. */
const maxExecutions = 100;

/** @returns the ARN. Asked twice with one operation id, it is one execution. */
export async function startPipeline(
  sagemaker: Sagemaker,
  about: {
    readonly operationId: string;
    readonly pipeline: string;
    readonly parameters: Readonly<Record<string, string>>;
    readonly description: string;
  },
): Promise<string> {
  const { PipelineExecutionArn } = await sagemaker.ask((client, options) =>
    client.startPipelineExecution(
      {
        PipelineName: about.pipeline,
        PipelineExecutionDisplayName: resourceName(about.operationId),
        PipelineExecutionDescription: about.description,
        PipelineParameters: Object.entries(about.parameters).map(([Name, Value]) => ({ Name, Value })),
        ClientRequestToken: digestOf(about.operationId),
      },
      options,
    ),
  );
  if (PipelineExecutionArn === undefined) throw new Error("sagemaker: it named no execution");
  return PipelineExecutionArn;
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

export async function observeExecution(sagemaker: Sagemaker, arn: string): Promise<Observed> {
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

/** The version that a step of the pipeline registered. */
function registeredVersion(steps: readonly PipelineExecutionStep[]): string | null {
  const arns = steps.map((step) => versionInArn(step.Metadata?.RegisterModel?.Arn));
  return arns.findLast((version) => version !== null) ?? null;
}
