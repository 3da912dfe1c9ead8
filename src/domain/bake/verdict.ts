/**
 * The verdict of a bake, from what was seen: PASS, FAIL or INCONCLUSIVE. What is bad fails it at once; it passes only
 * after its window, and only when everything that is watched could be seen. Missing data is never PASS.
 */
import { type Bake, type CheckResult, moveBake } from "../bake.ts";
import type { RolloutKind } from "../rollout/plan.ts";
import { oneLine } from "../view.ts";

/** One of the model's own alerts that fired since the rollout began, or fires. */
export interface SeenAlert {
  readonly key: string;
  readonly name: string;
  readonly incidentId: number;
  readonly startsAt: Date;
}

/** An incident on the model's services, newer than the rollout. */
export interface SeenIncident {
  readonly id: number;
  readonly title: string;
  /** blamed: the rollout is ranked as its first cause. unexplained: nobody has ranked its causes yet. */
  readonly cause: "blamed" | "other" | "unexplained";
}

/** Everything that one look saw. */
export interface BakeSight {
  /** Null where the configuration names neither alerts nor services of the model. */
  readonly signals: {
    readonly alerts: readonly SeenAlert[];
    /** False when there were more than could be looked through. */
    readonly isComplete: boolean;
    readonly incidents: readonly SeenIncident[];
    /**
     * Whether alerts arrive at all. silent: nothing came from any source since the watch began, so that no alert
     * means nothing. unread: something came that triage has not read yet.
     */
    readonly hearing: "heard" | "silent" | "unread";
  } | null;
  readonly checks: readonly CheckResult[];
}

/** What there was before, and how long it is watched. */
export interface BakeQuestion {
  readonly sight: BakeSight;
  /** Time watched so far, and the whole of it, ms. */
  readonly elapsedMs: number;
  readonly windowMs: number;
  /** Keys of alerts that fired before the rollout. */
  readonly firedBefore: readonly string[];
  /**
   * When the rollout began; null when our clock has stepped back since, and no time of a sender can be compared with it.
   */
  readonly startedAt: Date | null;
}

export type BakeVerdict =
  | { readonly kind: "watch" }
  | { readonly kind: "pass"; readonly findings: readonly string[] }
  | { readonly kind: "fail"; readonly findings: readonly string[]; readonly incidentId: number | null }
  | { readonly kind: "inconclusive"; readonly findings: readonly string[] };

/** How much longer than its window a bake waits for triage and for the ranking of causes, ms. */
export const graceMs = 120_000;
const maxFindings = 8;

export function judgeBake(question: BakeQuestion): BakeVerdict {
  const { sight, elapsedMs, windowMs } = question;
  const fault = faultsOf(question);
  if (fault.findings.length > 0)
    return { kind: "fail", ...fault, findings: fault.findings.slice(0, maxFindings) };
  if (elapsedMs < windowMs) return { kind: "watch" };
  const late = lateNews(sight);
  if (late.length > 0 && elapsedMs < windowMs + graceMs) return { kind: "watch" };
  const missing = [...missingData(sight), ...late];
  if (missing.length > 0) return { kind: "inconclusive", findings: missing.slice(0, maxFindings) };
  return { kind: "pass", findings: reassurance(sight).slice(0, maxFindings) };
}

function faultsOf({ sight, firedBefore, startedAt }: BakeQuestion) {
  const before = new Set(firedBefore);
  const alerts = (sight.signals?.alerts ?? []).filter(
    ({ key, startsAt }) => !before.has(key) && (startedAt === null || startsAt >= startedAt),
  );
  const blamed = (sight.signals?.incidents ?? []).filter(({ cause }) => cause === "blamed");
  const breached = sight.checks.filter(({ state }) => state === "breached");
  return {
    findings: [
      ...alerts.map(({ name, incidentId }) => `alert ${oneLine(name, 80)} fired, incident ${incidentId}`),
      ...blamed.map(({ id, title }) => `incident ${id} names it as the first cause: ${oneLine(title, 120)}`),
      ...breached.map(({ text }) => text),
    ],
    incidentId: alerts[0]?.incidentId ?? blamed[0]?.id ?? null,
  };
}

/** What may still come in. */
function lateNews({ signals }: BakeSight): readonly string[] {
  if (signals === null) return [];
  const unread = signals.hearing === "unread" ? ["deliveries came in that are not read yet"] : [];
  const unexplained = signals.incidents
    .filter(({ cause }) => cause === "unexplained")
    .map(({ id }) => `nobody has ranked the causes of incident ${id} yet`);
  return [...unread, ...unexplained];
}

function missingData({ signals, checks }: BakeSight): readonly string[] {
  if (signals === null && checks.length === 0)
    return ["nothing is watched: the model has no alerts, no services and no checks in tocsin.yaml"];
  const silent =
    signals?.hearing === "silent"
      ? ["no source delivered anything since it serves, so that no alert means nothing"]
      : [];
  const tooMany = signals?.isComplete === false ? ["there were too many alerts to look through"] : [];
  const unmeasured = checks.filter(({ state }) => state === "missing").map(({ text }) => text);
  return [...silent, ...tooMany, ...unmeasured];
}

function reassurance({ signals, checks }: BakeSight): readonly string[] {
  const quiet = signals === null ? [] : ["none of its alerts fired, and no incident names it"];
  return [...quiet, ...checks.map(({ text }) => text)];
}

/** The bake with its verdict, and what follows from a failure. @param kind - of the rollout. */
export function concludeBake(
  bake: Bake,
  verdict: Exclude<BakeVerdict, { kind: "watch" }>,
  kind: RolloutKind,
): Bake {
  const { findings } = verdict;
  if (verdict.kind === "pass") return moveBake(bake, "passed", { findings });
  if (verdict.kind === "inconclusive") return moveBake(bake, "inconclusive", { findings });
  const { incidentId } = verdict;
  // Going forward again to the version that was rolled back from would only turn in a circle.
  if (kind === "rollback") {
    const undoProblem = "a rollback is never undone by the bot itself";
    return moveBake(bake, "failed", { findings, incidentId, undoProblem });
  }
  const undo = bake.onFail === "rollback" ? { attempts: 0, rolloutId: null } : null;
  return moveBake(bake, "failed", { findings, incidentId, undo });
}
