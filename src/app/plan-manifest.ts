/** What a retrain will be made from: what was asked for, the model's defaults, and what the training itself knows. */
import {
  emptyManifest,
  fillManifest,
  type ManifestField,
  manifestChanges,
  missingFields,
  type RetrainManifest,
  shippedManifestRule,
} from "../domain/rollout/retrain-manifest.ts";
import { oneLine } from "../domain/view.ts";
import type { ModelEntry, PlanQuestion, Refusal, RolloutStore } from "../ports.ts";

export type ManifestResult =
  /** Null for what is no retrain. */
  { readonly kind: "manifest"; readonly manifest: RetrainManifest | null } | Refusal;

/**
 * The manifest of what is being planned. Asked again at apply with the one that was approved, which must then come out
 * as it went in: the training can neither change what it was told nor leave it open.
 */
export async function planManifest(
  question: PlanQuestion,
  entry: ModelEntry,
  rollouts: Pick<RolloutStore, "find">,
): Promise<ManifestResult> {
  if (question.kind !== "retrain") return { kind: "manifest", manifest: null };
  const asked = await askedFor(question.manifest ?? emptyManifest, entry, rollouts);
  if (asked.kind === "refuse") return asked;
  const proposed = (await entry.backend.proposeManifest?.(entry.name, asked.manifest)) ?? asked.manifest;
  const [change] = manifestChanges(asked.manifest, proposed);
  if (change !== undefined) return refuseChange(entry, asked.manifest, change);
  const { required } = entry.manifest ?? shippedManifestRule;
  const missing = missingFields(proposed, required);
  if (missing.length > 0) return refuseMissing(entry, missing);
  return { kind: "manifest", manifest: { ...proposed, rerunOf: asked.manifest.rerunOf } };
}

type Asked = { readonly kind: "asked"; readonly manifest: RetrainManifest } | Refusal;

async function askedFor(
  given: RetrainManifest,
  entry: ModelEntry,
  rollouts: Pick<RolloutStore, "find">,
): Promise<Asked> {
  const { defaults } = entry.manifest ?? shippedManifestRule;
  if (given.rerunOf === null) return { kind: "asked", manifest: fillManifest(given, defaults) };
  const earlier = await rollouts.find(given.rerunOf);
  const kept = earlier?.plan.manifest ?? null;
  if (earlier === null || kept === null || earlier.plan.model !== entry.name) {
    const what =
      earlier === null
        ? `There is no rollout ${given.rerunOf}.`
        : `Rollout ${given.rerunOf} is no retrain of ${entry.name} with a manifest.`;
    const remedy = `Its retrains are listed by: audit --action rollout.succeeded, and models history ${entry.name}.`;
    return refuse("no_manifest", what, remedy);
  }
  const repeated = { ...kept, rerunOf: given.rerunOf };
  const [change] = manifestChanges(given, repeated);
  if (change === undefined) return { kind: "asked", manifest: repeated };
  return refuse(
    "rerun_changes",
    `Rollout ${given.rerunOf} was made with ${change.field} ${oneLine(change.instead, 100)}, not ${oneLine(change.asked, 100)}.`,
    "Leave out what a rerun repeats, or leave out --rerun and give everything.",
  );
}

function refuseChange(
  entry: ModelEntry,
  asked: RetrainManifest,
  change: { readonly field: string; readonly asked: string; readonly instead: string },
): Refusal {
  const [wanted, has] = [oneLine(change.asked, 100), oneLine(change.instead, 100)];
  const problem = `${entry.name} would be trained with ${change.field} ${has}, and ${wanted} was asked for.`;
  if (asked.rerunOf !== null)
    return refuse(
      "cannot_repeat",
      problem,
      `What rollout ${asked.rerunOf} was made from is not there any more.`,
    );
  return refuse("other_inputs", problem, `Leave ${change.field} out, or ask for what there is.`);
}

const ways: Readonly<Record<ManifestField, string>> = {
  commit: "--commit 3f2a91c (of the training's code)",
  data: "--data NAME@VERSION (what it is trained on)",
  seed: "--seed 7",
  image: "--image sha256:… (what it runs in)",
};

function refuseMissing(entry: ModelEntry, missing: readonly ManifestField[]): Refusal {
  const names = missing.join(", ");
  return refuse(
    "manifest_incomplete",
    `A retrain of ${entry.name} must say what it is made from; missing: ${names}.`,
    `Give ${missing.map((field) => ways[field]).join(" and ")}, or set defaults under models.${entry.name}.manifest in tocsin.yaml.`,
  );
}

function refuse(reason: string, problem: string, remedy: string): Refusal {
  return { kind: "refuse", reason, problem, remedy };
}
