/** What a rollout would do: asked of the backend, decided here, the same at request and at apply. */

import { closest } from "../domain/command/spelling.ts";
import { findTarget } from "../domain/command/target.ts";
import type { Plan } from "../domain/rollout/plan.ts";
import { type RollbackTarget, rollbackTarget } from "../domain/rollout/rollback-target.ts";
import type { Rollout } from "../domain/rollout.ts";
import { oneLine } from "../domain/view.ts";
import type {
  ArtifactCheck,
  LiveVersion,
  ModelEntry,
  ModelVersion,
  PlanCheck,
  PlannedOperation,
  PlanQuestion,
  PlanResult,
  Refusal,
  RolloutStore,
  Snapshot,
} from "../ports.ts";
import { withDeadline } from "./deadline.ts";
import { checkPlan, factsOf, usualMs } from "./plan-facts.ts";
import { planManifest } from "./plan-manifest.ts";

export interface PlannerOptions {
  readonly models: readonly ModelEntry[];
  readonly rollouts: Pick<RolloutStore, "list" | "find" | "snapshotOf">;
  /** Asked of every plan, at request and at apply; one that refuses is enough. */
  readonly checks?: readonly PlanCheck[];
  /** How long the backend may take to answer one question, ms. */
  readonly timeoutMs?: number;
}

export type Planner = (question: PlanQuestion) => Promise<PlanResult>;

const defaultTimeoutMs = 30_000;
/** Rollouts looked through for the version before. */
const maxRollouts = 100;
const maxListedVersions = 5;

/** Creates the function that plans; it changes nothing anywhere. */
export function createPlanner(options: PlannerOptions): Planner {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const checks = options.checks ?? [];

  async function plan(question: PlanQuestion): Promise<PlanResult> {
    const target = findTarget(options.models, question);
    if (target.kind === "refuse") return target;
    const { model: entry, environment } = target;
    try {
      return await withDeadline(
        askAndDecide(question, { entry, environment, rollouts: options.rollouts }),
        timeoutMs,
        `the backend "${entry.backend.name}"`,
      );
    } catch (error) {
      const why = oneLine(error instanceof Error ? error.message : String(error), 300);
      const problem = `The backend "${entry.backend.name}" of ${entry.name} cannot be asked: ${why}.`;
      return refuse("backend_away", problem, "Nothing was changed. Try again when it answers.");
    }
  }

  async function askAndDecide(question: PlanQuestion, target: PlanTarget): Promise<PlanResult> {
    const { entry, environment } = target;
    const facts = await askBackend(entry, environment);
    const result = await decide(question, target, facts);
    if (result.kind === "refuse") return result;
    const version = facts.versions.find((candidate) => candidate.version === result.plan.to) ?? null;
    return await checkPlan(result.plan, { entry, version }, checks, question.breakGlass ?? null);
  }

  async function askBackend(entry: ModelEntry, environment: string): Promise<Facts> {
    const [versions, live, history, rollouts] = await Promise.all([
      entry.backend.versions(entry.name),
      entry.backend.live(entry.name, environment),
      entry.backend.history(entry.name, environment),
      options.rollouts.list({ model: entry.name, environment, states: ["succeeded"], limit: maxRollouts }),
    ]);
    const served = history.map(({ version }) => version);
    const previous =
      live.version === null ? null : rollbackTarget({ live: live.version, rollouts, history: served });
    return { versions, live, previous, rollouts };
  }

  return plan;
}

interface Facts {
  readonly versions: readonly ModelVersion[];
  readonly live: LiveVersion;
  readonly previous: RollbackTarget | null;
  /** Those that succeeded, newest first. */
  readonly rollouts: readonly Rollout[];
}

interface PlanTarget {
  readonly entry: ModelEntry;
  readonly environment: string;
  readonly rollouts: PlannerOptions["rollouts"];
}

async function decide(question: PlanQuestion, target: PlanTarget, facts: Facts): Promise<PlanResult> {
  const { entry, environment } = target;
  const chosen = chooseVersion(question, entry, environment, facts);
  if (chosen.kind === "refuse") return chosen;
  const made = await planManifest(question, entry, target.rollouts);
  if (made.kind === "refuse") return made;
  const { manifest } = made;
  const { kind } = question;
  const artifact = kind === "rollback" && chosen.to !== null ? await lookForArtifact(entry, chosen.to) : null;
  if (artifact?.kind === "missing") return missingArtifact(target, chosen.to, artifact.problem);
  const operation: PlannedOperation = {
    kind,
    model: entry.name,
    environment,
    from: facts.live.version,
    to: chosen.to,
    restore: kind === "rollback" ? await restoreOf(target, chosen.to) : null,
    manifest,
    reason: question.reason,
  };
  const backendPlan = await entry.backend.plan(operation);
  if (backendPlan.kind === "refuse") return backendPlan;
  const { steps, notes, expectedMs } = backendPlan;
  const { restore: _restore, manifest: _manifest, ...bound } = operation;
  const version = facts.versions.find((candidate) => candidate.version === chosen.to);
  const plan: Plan = {
    ...bound,
    ...(manifest === null ? {} : { manifest }),
    digest: version?.digest ?? null,
    metrics: metricsOf(facts.versions, operation),
    steps,
    notes: [...notes, ...choiceNotes(question, facts), ...artifactNotes(artifact, operation)],
    inverse: await inverseOf(entry, operation),
    incidentId: question.incidentId,
    expectedMs: expectedMs ?? usualMs(question.kind, facts.rollouts),
    ...(question.breakGlass === undefined ? {} : { breakGlass: question.breakGlass.reason }),
  };
  const known = factsOf(plan, facts.versions, facts.rollouts);
  const comparison = known.comparison.length > 0 ? known.comparison : await compare(plan, entry);
  return { kind: "plan", plan: { ...plan, facts: { ...known, comparison } } };
}

/** By the backend's word, where no retrain of ours measured the two. */
async function compare({ model, from, to }: Plan, { backend }: ModelEntry) {
  if (from === null || to === null) return [];
  return (await backend.compare?.(model, from, to)) ?? [];
}

/** What was kept when the version was last replaced: it brings back what its number alone does not say. */
async function restoreOf(target: PlanTarget, version: string | null): Promise<Snapshot | null> {
  if (version === null) return null;
  const { entry, environment, rollouts } = target;
  return (await rollouts.snapshotOf({ model: entry.name, environment, version }))?.snapshot ?? null;
}

async function lookForArtifact(entry: ModelEntry, version: string): Promise<ArtifactCheck> {
  const { backend } = entry;
  if (backend.checkArtifact !== undefined) return await backend.checkArtifact(entry.name, version);
  return { kind: "cannot_look", problem: `the backend "${backend.name}" has no way to look` };
}

function missingArtifact(
  { entry, environment }: PlanTarget,
  version: string | null,
  problem: string,
): Refusal {
  return refuse(
    "artifact_missing",
    `Version ${version} of ${entry.name} cannot serve again: ${oneLine(problem, 300)}.`,
    `Name another version: rollback ${entry.name} VERSION --environment ${environment}; or make it again.`,
  );
}

function artifactNotes(artifact: ArtifactCheck | null, { to }: PlannedOperation): readonly string[] {
  if (artifact?.kind !== "cannot_look") return [];
  return [`nobody looked whether version ${to} still exists: ${oneLine(artifact.problem, 200)}`];
}

/** Why this version and not the one before, when the choice was left to the bot. */
function choiceNotes(question: PlanQuestion, { previous }: Facts): readonly string[] {
  if (question.kind !== "rollback" || question.to !== null) return [];
  return previous === null || previous.note === null ? [] : [previous.note];
}

type Chosen = { readonly kind: "version"; readonly to: string | null } | Refusal;

function chooseVersion(question: PlanQuestion, entry: ModelEntry, environment: string, facts: Facts): Chosen {
  if (question.kind === "retrain") return { kind: "version", to: null };
  const to = question.to ?? (question.kind === "rollback" ? (facts.previous?.version ?? null) : null);
  const versions = facts.versions.map((candidate) => candidate.version);
  const suggest = versions
    .filter((version) => version !== facts.live.version)
    .slice(0, maxListedVersions)
    .map((version) => `${question.kind} ${entry.name} ${version} --environment ${environment}`);
  const where = `${entry.name} in ${environment}`;
  if (to === null) {
    const problem =
      question.kind === "deploy"
        ? `Which version of ${entry.name}?`
        : `No version is known to have served as ${where} before ${facts.live.version ?? "now"}.`;
    return refuse("no_version", problem, versionRemedy(versions), suggest);
  }
  if (versions.length > 0 && !versions.includes(to)) {
    const near = closest(to, versions);
    const first =
      near === null ? [] : [`${question.kind} ${entry.name} ${near} --environment ${environment}`];
    const problem = `${entry.name} has no version "${oneLine(to, 60)}".`;
    return refuse("unknown_version", problem, versionRemedy(versions), [...new Set([...first, ...suggest])]);
  }
  if (to === facts.live.version) {
    const problem = `Version ${to} already serves as ${where}.`;
    return refuse("already_live", problem, versionRemedy(versions.filter((other) => other !== to)), suggest);
  }
  return { kind: "version", to };
}

function versionRemedy(versions: readonly string[]): string {
  if (versions.length === 0) return "Name the version.";
  const more = versions.length > maxListedVersions ? `, and ${versions.length - maxListedVersions} more` : "";
  return `Versions to choose from: ${versions.slice(0, maxListedVersions).join(", ")}${more}.`;
}

function metricsOf(versions: readonly ModelVersion[], operation: PlannedOperation): Plan["metrics"] {
  const find = (version: string | null) =>
    versions.find((candidate) => candidate.version === version)?.metrics ?? {};
  const from = find(operation.from);
  const to = find(operation.to);
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .sort()
    .map((name) => ({ name, from: from[name] ?? null, to: to[name] ?? null }));
}

/** Command line that undoes it, as the backend says; a rollback is undone by a deploy, which the policy asks more of. */
async function inverseOf(entry: ModelEntry, operation: PlannedOperation): Promise<string | null> {
  const { kind, model, environment } = operation;
  if (kind === "retrain") return null;
  const kept = await entry.backend.snapshot(model, environment);
  const asked = { ...operation, operationId: "planned", requestedBy: "", fence: 0 };
  const undone = entry.backend.inverse(asked, kept);
  if (undone === null || undone.to === null) return null;
  return `${kind === "deploy" ? "rollback" : "deploy"} ${model} ${undone.to} --environment ${environment}`;
}

function refuse(
  reason: string,
  problem: string,
  remedy: string,
  suggestions: readonly string[] = [],
): Refusal {
  return { kind: "refuse", reason, problem, remedy, suggestions };
}
