/**
 * What Model Monitor found of the version that serves. SageMaker's API says that an execution found violations and how
 * many; which they are stands in a file on S3, which is not read here: whoever wants them pushes that file.
 */
import type { MonitoringExecutionSummary } from "@aws-sdk/client-sagemaker";
import type { ModelFinding, ModelReport } from "../../../domain/monitoring/report.ts";
import { oneLine } from "../../../domain/view.ts";
import type { Sagemaker } from "./client.ts";

/** Newest executions of a schedule that are looked through for one that is over. */
const maxExecutions = 10;

/** Types of monitoring in the words of people. */
const words: Readonly<Record<string, string>> = {
  DataQuality: "data quality",
  ModelQuality: "model quality",
  ModelBias: "bias",
  ModelExplainability: "feature attribution",
};

interface Finished {
  readonly at: Date | null;
  readonly finding: ModelFinding | null;
}

/**
 * The newest finished execution of each schedule.
 * @param about.since - executions that were scheduled before speak of what served before; null when that is not known.
 * @returns null while no schedule has one.
 */
export async function monitorReport(
  sagemaker: Sagemaker,
  schedules: readonly string[],
  about: { readonly model: string; readonly environment: string; readonly since: Date | null },
): Promise<ModelReport | null> {
  const { model, environment, since } = about;
  const finished: Finished[] = [];
  const unsaid: string[] = [];
  for (const schedule of schedules) {
    const executions = await executionsOf(sagemaker, schedule, since);
    const over = executions.find(({ MonitoringExecutionStatus: status }) => status?.startsWith("Completed"));
    const [newest] = executions;
    if (newest?.MonitoringExecutionStatus === "Failed") unsaid.push(failureOf(schedule, newest));
    if (over === undefined) unsaid.push(`${schedule}: nothing was measured of what serves yet`);
    else finished.push(await readExecution(sagemaker, over));
  }
  if (finished.length === 0) return null;
  const times = finished.flatMap(({ at }) => (at === null ? [] : [at.getTime()]));
  return {
    ...{ model, environment, monitor: "sagemaker" },
    at: times.length === 0 ? null : new Date(Math.max(...times)),
    findings: finished.flatMap(({ finding }) => finding ?? []),
    ...{ looked: null, performance: [], unsaid },
  };
}

async function executionsOf(sagemaker: Sagemaker, schedule: string, since: Date | null) {
  const { MonitoringExecutionSummaries = [] } = await sagemaker.ask((client, options) =>
    client.listMonitoringExecutions(
      {
        ...{ MonitoringScheduleName: schedule, SortBy: "ScheduledTime", SortOrder: "Descending" },
        MaxResults: maxExecutions,
        ...(since === null ? {} : { ScheduledTimeAfter: since }),
      },
      options,
    ),
  );
  return MonitoringExecutionSummaries;
}

async function readExecution(sagemaker: Sagemaker, execution: MonitoringExecutionSummary): Promise<Finished> {
  const at = execution.LastModifiedTime ?? execution.ScheduledTime ?? null;
  if (execution.MonitoringExecutionStatus !== "CompletedWithViolations") return { at, finding: null };
  const type = execution.MonitoringType ?? "";
  const word = Object.hasOwn(words, type) ? words[type] : undefined;
  const nothing = { feature: null, value: null, limit: null, n: null };
  const check = `${word ?? "monitoring"} constraints`;
  return { at, finding: { ...nothing, check, detail: await detailOf(sagemaker, execution) } };
}

/** "Job completed successfully with 3 violations; constraint_violations.json in s3://acme/monitor". */
async function detailOf(
  sagemaker: Sagemaker,
  { ProcessingJobArn, MonitoringScheduleName = "" }: MonitoringExecutionSummary,
) {
  const ProcessingJobName = ProcessingJobArn?.split("/").at(-1);
  const found = `${MonitoringScheduleName} found violations`;
  if (ProcessingJobName === undefined) return oneLine(found, 300);
  const job = await sagemaker.find((client, options) =>
    client.describeProcessingJob({ ProcessingJobName }, options),
  );
  const said = job?.ExitMessage?.replace(/^CompletedWithViolations:\s*/, "").replace(/\.$/, "") ?? found;
  const where = job?.ProcessingOutputConfig?.Outputs?.[0]?.S3Output?.S3Uri;
  return oneLine(where === undefined ? said : `${said}; constraint_violations.json in ${where}`, 300);
}

function failureOf(schedule: string, { FailureReason = "" }: MonitoringExecutionSummary): string {
  const why = FailureReason === "" ? "" : `: ${FailureReason}`;
  return oneLine(`${schedule}: the newest execution failed${why}`, 200);
}
