/** Versions of a model package group. */
import { oneLine } from "../../../domain/view.ts";
import type { MadeVersion, ModelVersion } from "../../../ports/model.ts";
import type { Sagemaker } from "./client.ts";

/** Property of a model package by which a pipeline says for which operation it made it. */
const operationProperty = "tocsin.operation";
const maxVersions = 100;
/** Newest versions that are looked through for an operation. */
const maxSearched = 20;

export interface PackageVersion {
  readonly arn: string;
  readonly version: string;
  readonly status: string;
  readonly approval: string;
}

/** Newest first. */
async function summaries(sagemaker: Sagemaker, group: string) {
  const { ModelPackageSummaryList = [] } = await sagemaker.ask((client, options) =>
    client.listModelPackages(
      {
        ModelPackageGroupName: group,
        SortBy: "CreationTime",
        SortOrder: "Descending",
        MaxResults: maxVersions,
      },
      options,
    ),
  );
  return ModelPackageSummaryList;
}

export async function listVersions(sagemaker: Sagemaker, group: string): Promise<readonly ModelVersion[]> {
  return (await summaries(sagemaker, group)).map((summary) => {
    const approval = summary.ModelApprovalStatus ?? "without approval";
    const described = oneLine(summary.ModelPackageDescription ?? "", 300);
    return {
      version: String(summary.ModelPackageVersion ?? ""),
      createdAt: summary.CreationTime ?? null,
      createdBy: null,
      metrics: {},
      description: described === "" ? approval : `${described} (${approval})`,
      digest: null,
    };
  });
}

/** Null when the group has no such version. */
export async function findVersion(
  sagemaker: Sagemaker,
  group: string,
  version: string,
): Promise<PackageVersion | null> {
  const found = (await summaries(sagemaker, group)).find(
    ({ ModelPackageVersion }) => String(ModelPackageVersion) === version,
  );
  if (found === undefined) return null;
  return {
    arn: found.ModelPackageArn ?? "",
    version,
    status: found.ModelPackageStatus ?? "in no state",
    approval: found.ModelApprovalStatus ?? "without approval",
  };
}

/** Why a version must not serve, or null. */
export function unfitness({ version, status, approval }: PackageVersion, rule: "required" | "given") {
  if (status !== "Completed")
    return {
      reason: "not_ready",
      problem: `Version ${version} is ${oneLine(status, 60)} and not Completed.`,
      remedy: "Wait until it is, or register it again.",
    };
  const isRejected = approval === "Rejected";
  if (approval === "Approved" || (rule === "given" && !isRejected)) return null;
  return {
    reason: "not_approved",
    problem: `Version ${version} is ${oneLine(approval, 60)} in SageMaker.`,
    remedy: isRejected
      ? "Choose another."
      : "Approve it there, or set approval: given, then the rollout approves it.",
  };
}

/** The version whose properties name the operation. */
export async function madePackage(
  sagemaker: Sagemaker,
  group: string,
  operationId: string,
): Promise<MadeVersion | null> {
  for (const { ModelPackageArn } of (await summaries(sagemaker, group)).slice(0, maxSearched)) {
    const found = await sagemaker.find((client, options) =>
      client.describeModelPackage({ ModelPackageName: ModelPackageArn }, options),
    );
    if (found?.CustomerMetadataProperties?.[operationProperty] !== operationId) continue;
    const { ModelPackageStatus, ModelPackageVersion } = found;
    const state =
      ModelPackageStatus === "Completed" ? "ready" : ModelPackageStatus === "Failed" ? "failed" : "pending";
    return { version: String(ModelPackageVersion ?? ""), state, metrics: {}, comparison: [] };
  }
  return null;
}
