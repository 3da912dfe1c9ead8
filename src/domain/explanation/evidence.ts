/** What evidence says, read back from what is stored, and what of it tells of a cause or of the trouble itself. */
import type { Cause } from "../clustering/correlation.ts";
import type { Evidence } from "../explanation.ts";

/** What evidence is about, apart from what others wrote: fact, quotation, and the names in the fact. */
export interface EvidenceParts {
  readonly fact: string;
  /** Words of others; empty when there are none. */
  readonly quote: string;
  readonly entities: readonly string[];
  /** Node of the topology that it concerns. */
  readonly service: string | null;
  /** Of a change or rollout. */
  readonly changeId: string | null;
}

/** Reads the parts back from stored evidence; for evidence of another origin the text is the fact. */
export function partsOf(evidence: Evidence): EvidenceParts {
  const { data } = evidence;
  const text = (value: unknown) => (typeof value === "string" ? value : null);
  const entities: readonly unknown[] = Array.isArray(data["entities"]) ? data["entities"] : [];
  return {
    fact: text(data["fact"]) ?? evidence.text,
    quote: text(data["quote"]) ?? "",
    entities: entities.filter((entity) => typeof entity === "string"),
    service: text(data["service"]),
    changeId: text(data["changeId"]),
  };
}

/** Numbers of the first facts that tell of the trouble itself; who calls whom tells of none. */
export function firstFacts(evidence: readonly Evidence[], max: number): readonly number[] {
  const telling = evidence.filter(({ kind }) => kind !== "callers");
  return telling.slice(0, max).map(({ number }) => number);
}

/**
 * Numbers of the evidence that a cause rests on: its change first, then alerts and metrics of its service, then ways to
 * it. Who calls whom is none of it.
 */
export function evidenceFor(cause: Cause, evidence: readonly Evidence[]): readonly number[] {
  const matching = (test: (parts: EvidenceParts, fact: Evidence) => boolean) =>
    evidence.filter((fact) => test(partsOf(fact), fact)).map((fact) => fact.number);
  const changes = cause.changeId === null ? [] : matching((parts) => parts.changeId === cause.changeId);
  if (cause.service === null) return changes;
  const alerts = matching((parts, fact) => fact.kind === "alert" && parts.service === cause.service);
  const paths = matching((parts, fact) => fact.kind === "topology" && parts.service === cause.service);
  // What did not change, or could not be read, has no direction.
  const metrics = matching(
    (parts, fact) =>
      fact.kind === "metric" && parts.service === cause.service && typeof fact.data["direction"] === "string",
  );
  return [...changes, ...alerts.slice(0, 3), ...metrics.slice(0, 2), ...paths];
}
