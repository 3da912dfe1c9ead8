/**
 * Facts that have left an incident with their alerts, by a split or a move. Their numbers stay, so that an old citation
 * points at the same words, but nothing that is written from then on may rest on them.
 */
import type { Evidence } from "../explanation.ts";

/** Where an alert is now. */
export interface PlacedAlert {
  readonly key: string;
  readonly incidentId: number;
}

/** Keys of the alerts that evidence speaks of, without repeats. */
export function alertKeysOf(evidence: readonly Evidence[]): readonly string[] {
  return [...new Set(evidence.filter(({ kind }) => kind === "alert").map(keyOf))];
}

/**
 * Numbers of the facts whose alerts are in another incident now, and in which. An alert that is kept no longer is where
 * it was.
 */
export function departedFacts(
  evidence: readonly Evidence[],
  placed: readonly PlacedAlert[],
  incidentId: number,
): ReadonlyMap<number, number> {
  const where = new Map(placed.map((alert) => [alert.key, alert.incidentId]));
  const departed = new Map<number, number>();
  for (const fact of evidence) {
    const now = fact.kind === "alert" ? where.get(keyOf(fact)) : undefined;
    if (now !== undefined && now !== incidentId) departed.set(fact.number, now);
  }
  return departed;
}

/**
 * The facts that a text may rest on: none of an alert that left, and no way through the topology that begins at a
 * service which alerts no longer.
 * @param services - those of the alerts that are here.
 */
export function remainingFacts(
  evidence: readonly Evidence[],
  departed: ReadonlyMap<number, number>,
  services: ReadonlySet<string>,
): readonly Evidence[] {
  if (departed.size === 0) return evidence;
  const left = new Set(
    evidence
      .filter(({ number }) => departed.has(number))
      .flatMap(({ data }) => (typeof data["service"] === "string" ? [data["service"]] : []))
      .filter((service) => !services.has(service)),
  );
  return evidence.filter(
    ({ number, kind, data }) =>
      !departed.has(number) &&
      !(kind === "topology" && typeof data["from"] === "string" && left.has(data["from"])),
  );
}

/** The loss that a report found is a fact of its own about the same alert. */
function keyOf({ subject }: Evidence): string {
  return subject.replace(/ loss$/, "");
}
