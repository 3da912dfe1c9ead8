/**
 * What the explanation of an incident rests on: its facts, numbered as evidence, the causes that they speak for, and
 * the answer that is stored. What is numbered for the first time is kept, so that a number means the same for good.
 */
import { entityOf } from "../domain/alert/entity.ts";
import type { Cause, CauseQuestion } from "../domain/clustering/correlation.ts";
import { callersEvidence, citedDependents, withoutOldCallers } from "../domain/explanation/callers.ts";
import { alertKeysOf, departedFacts, remainingFacts } from "../domain/explanation/departed.ts";
import { materialOf } from "../domain/explanation/revision.ts";
import { selectEvidence } from "../domain/explanation/select-evidence.ts";
import type { Evidence, Explanation, ExplanationQuestion, Material } from "../domain/explanation.ts";
import type { IncidentFeature } from "../domain/incident/similar.ts";
import { heedVerdicts } from "../domain/learning/feedback.ts";
import type { LeftOut } from "../domain/limits.ts";
import { redact } from "../domain/text/redaction.ts";
import { dependentsOf } from "../domain/topology/dependents.ts";
import { oneLine } from "../domain/view.ts";
import type { Store } from "../ports.ts";
import { gatherFacts, type IncidentFacts } from "./explain-facts.ts";

export interface ExplainState {
  readonly question: ExplanationQuestion;
  readonly material: Material;
  readonly stored: Explanation | null;
  /** What the incident is known by. */
  readonly features: readonly IncidentFeature[];
}

export interface ExplainStateOptions {
  readonly store: Store;
  /** Ranks with the weights that are champion now; best first. */
  readonly rankCauses: (question: CauseQuestion) => readonly Cause[];
  /** Person id to name; ids stand for themselves by default. */
  readonly nameOf?: (person: string) => string;
  /** Told what is not read, ranked or to be cited. */
  readonly leftOut: LeftOut;
}

const maxReason = 400;

/** Reads it as it is `now`; null when the incident is gone, went into another, or has no alerts. */
export async function readExplainState(
  { store, rankCauses, nameOf = (person) => person, leftOut }: ExplainStateOptions,
  incidentId: number,
  now: Date,
): Promise<ExplainState | null> {
  const [facts, known, stored] = await Promise.all([
    gatherFacts({ store, leftOut }, incidentId, now),
    store.explanations.evidence(incidentId),
    store.explanations.find(incidentId),
  ]);
  if (facts === null) return null;
  const causes = heedVerdicts(rankCauses(facts.ranking), facts.verdicts, nameOf).map(withoutSecrets);
  const undo = await facts.undoFor(causes);
  const services = new Set(facts.alerts.flatMap(({ alert }) => entityOf(alert) ?? []));
  const dependents = dependentsOf({
    alerting: services,
    areAllAlertsRead: facts.areAllAlertsRead,
    suspect: suspectedService(causes[0], facts.changes),
    topology: facts.topology,
    leftOut,
  });
  const fresh = [
    ...selectEvidence({ ...facts, causes, known: known.filter(({ kind }) => kind !== "callers"), leftOut }),
    ...callersEvidence(dependents, known, leftOut),
  ];
  const all = fresh.length === 0 ? known : await store.explanations.addEvidence(incidentId, fresh);
  const departed = await departedOf(store, all, facts);
  const cited = citedDependents(dependents, all);
  const evidence = withoutOldCallers(remainingFacts(all, departed, services), cited);
  const question = { incident: facts.incident, evidence, causes, undo, dependents: cited };
  const material = materialOf(question, stored?.material ?? null, [...departed.keys()]);
  return { question, material, stored, features: facts.features };
}

/** A first card has no alert to look up: all that its facts speak of are at hand. */
async function departedOf(
  store: Store,
  evidence: readonly Evidence[],
  { incident, alerts }: Pick<IncidentFacts, "incident" | "alerts">,
): Promise<ReadonlyMap<number, number>> {
  const here = new Set(alerts.map(({ key }) => key));
  const elsewhere = alertKeysOf(evidence).filter((key) => !here.has(key));
  if (elsewhere.length === 0) return new Map();
  return departedFacts(evidence, await store.incidents.findAlerts(elsewhere), incident.id);
}

/** The service that a cause blames, or whose change it blames. */
function suspectedService(cause: Cause | undefined, changes: IncidentFacts["changes"]): string | null {
  const change = changes.find(({ id }) => id === cause?.changeId);
  return cause?.service ?? change?.service ?? null;
}

/** Reasons quote alerts and changes, which may hold secrets; they are stored, shown and sent to a model. */
function withoutSecrets(cause: Cause): Cause {
  const terms = cause.terms.map((term) => ({
    ...term,
    because: oneLine(redact(term.because).text, maxReason),
  }));
  return { ...cause, terms };
}
