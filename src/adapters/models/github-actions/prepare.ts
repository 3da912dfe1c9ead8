/** What would be dispatched for an operation, and the plan that shows it. */
import { fillFields, fillText, oddValue } from "../../../domain/rollout/operation-template.ts";
import { oneLine } from "../../../domain/view.ts";
import { type BackendPlan, type Operation, type PlannedOperation, refusePlan } from "../../../ports/model.ts";
import type { GithubApi } from "./api.ts";
import { type GithubSettings, type WorkflowSettings, workflowOf } from "./settings.ts";
import { tagOf } from "./versions.ts";

type Refusal = Extract<BackendPlan, { kind: "refuse" }>;

/** What a dispatch would do; asks GitHub, changes nothing. */
export async function planDispatch(
  { settings: own, api }: { readonly settings: GithubSettings; readonly api: GithubApi },
  operation: PlannedOperation,
): Promise<BackendPlan> {
  const prepared = prepare(own, { ...operation, operationId: "operation", fence: 0 });
  if (prepared.kind === "refuse") return prepared;
  const { workflow, ref } = prepared;
  const found = await api.workflow(workflow.workflow);
  if (found === null)
    return refusePlan(
      "unknown_workflow",
      `${own.repository} has no workflow ${workflow.workflow} that the account may see.`,
      "Correct it in tocsin.yaml, or let the account read the repository's Actions.",
    );
  if (found.state !== "active")
    return refusePlan(
      "workflow_disabled",
      `The workflow ${workflow.workflow} is ${oneLine(found.state, 60)}.`,
      "Enable it on the repository's Actions page.",
    );
  const release = await releaseStep(own, api, operation.to);
  if (typeof release !== "string" && release !== null) return release;
  return {
    kind: "plan",
    steps: [
      ...(release === null ? [] : [release]),
      `dispatch ${workflow.workflow} of ${own.repository} on ${ref}`,
      "wait for its run",
    ],
    notes: [`the workflow is run as it is on ${ref} when it starts`],
    expectedMs: null,
  };
}

/** What was approved is this release: one that was deleted and made again has another id. */
async function releaseStep(
  own: GithubSettings,
  api: GithubApi,
  version: string | null,
): Promise<string | Refusal | null> {
  if (own.releases === undefined || version === null) return null;
  const tag = tagOf(own.releases, version);
  const release = await api.release(tag);
  if (release === null)
    return refusePlan("unknown_version", `${own.repository} has no release ${tag}.`, "Publish it first.");
  return `take release ${tag} (${release.id})`;
}

export interface Prepared {
  readonly kind: "prepared";
  readonly workflow: WorkflowSettings;
  readonly ref: string;
  readonly inputs: Readonly<Record<string, string>>;
  /** The workflow is told the commit, and checks it out itself. */
  readonly isCommitGiven: boolean;
}

/** Its workflow with the inputs filled in, or why it cannot be. */
export function prepare(
  own: GithubSettings,
  operation: PlannedOperation & Pick<Operation, "operationId" | "fence">,
): Prepared | Refusal {
  const { kind, model } = operation;
  const workflow = workflowOf(own, kind);
  if (workflow === null)
    return refusePlan(
      "no_workflow",
      `${model} has no workflow for a ${kind}.`,
      `Set models.${model}.settings.${kind === "retrain" ? kind : "deploy"} in tocsin.yaml.`,
    );
  const odd = oddValue(operation);
  if (odd !== null) return { kind: "refuse", reason: "odd_value", ...odd };
  const ref = fillText(workflow.ref, operation);
  const inputs = fillFields(workflow.inputs, operation);
  if (ref.kind !== "text" || inputs.kind === "missing") {
    const place = ref.kind !== "text" ? "ref" : `inputs.${inputs.kind === "missing" ? inputs.field : ""}`;
    return refusePlan(
      "missing_value",
      `${place} of the ${kind} workflow of ${model} needs a value that this ${kind} does not have.`,
      "Give it, or leave the placeholder out of tocsin.yaml.",
    );
  }
  const isCommitGiven = Object.values(workflow.inputs).includes("{manifest.commit}");
  return { kind: "prepared", workflow, ref: ref.text, inputs: inputs.fields, isCommitGiven };
}
