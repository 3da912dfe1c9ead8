/**
 * Carries out what people decided about groupings. What the correlator still weighs it places itself, by the ruling;
 * alerts that it has forgotten are moved here, so that a ruling holds however old its alerts are.
 */
import type { Merge, Placement, Reason, Ruling, Split } from "../domain/correlation.ts";
import type { Store } from "../ports.ts";
import { type Movement, newMovement, place, remember, type TriageMemory } from "./triage-memory.ts";

/** Alerts of one incident that are read back into memory. */
const maxAlerts = 5_000;
/** Log-odds shown for a ruling; it counts whatever the others sum up to. */
const rulingScore = 10;

/** Reads back alerts that the rulings are about, with all of their incidents, where triage has forgotten them. */
export async function recall(
  store: Pick<Store, "incidents">,
  memory: TriageMemory,
  rulings: readonly Ruling[],
): Promise<void> {
  const missing = keysOf(rulings).filter((key) => !memory.alerts.has(key));
  if (missing.length === 0) return;
  const found = await store.incidents.findAlerts(missing);
  for (const id of new Set(found.map(({ incidentId }) => incidentId))) {
    const incident = await store.incidents.find(id);
    if (incident !== null && !memory.incidents.has(id)) memory.incidents.set(id, incident);
    for (const stored of await store.incidents.alerts(id, maxAlerts))
      if (!memory.alerts.has(stored.key)) remember(memory, stored);
  }
  for (const stored of found) if (!memory.alerts.has(stored.key)) remember(memory, stored);
}

/**
 * What the rulings do to the groupings, in their order. Mutates the memory; returns what to store. Alerts that nobody
 * knows are passed over.
 */
export function takeRulings(memory: TriageMemory, rulings: readonly Ruling[], now: Date): Movement {
  const movement = newMovement();
  const observed = memory.correlator.observe(
    rulings.map((ruling) => ({ kind: "ruling", ruling })),
    now,
  );
  place(memory, movement, observed);
  const placements = [...observed.placements];
  const [merges, splits] = [[...observed.merges], [...observed.splits]];
  for (const ruling of rulings) {
    const step = ruling.kind === "together" ? join(memory, ruling) : part(memory, ruling);
    place(memory, movement, step);
    placements.push(...step.placements);
    merges.push(...step.merges);
    splits.push(...step.splits);
  }
  return { ...movement, correlation: { placements, merges, splits } };
}

interface Step {
  readonly placements: readonly Placement[];
  readonly merges: readonly Merge[];
  readonly splits: readonly Split[];
}

/** Brings forgotten alerts to the incident where the others are. */
function join(memory: TriageMemory, ruling: Ruling): Step {
  const keys = knownKeys(memory, [...ruling.left, ...ruling.right]);
  const home = keys.find((key) => memory.correlator.weighs(key)) ?? keys[0];
  const into = home === undefined ? undefined : placeOf(memory, home);
  if (into === undefined) return { placements: [], merges: [], splits: [] };
  const reasons = [reason(ruling, "people decided that these alerts belong together")];
  const placements = keys.flatMap((key) => moveOf(memory, key, into, reasons));
  const left = new Set(placements.map(({ previousIncidentId }) => previousIncidentId));
  const gone = new Set(placements.map(({ key }) => key));
  const merges = [...left].flatMap((from): Merge[] => {
    const isEmpty = from !== null && [...(memory.members.get(from) ?? [])].every((key) => gone.has(key));
    return isEmpty ? [{ from, into, reasons }] : [];
  });
  return { placements, merges, splits: [] };
}

/** Takes apart every incident that still holds alerts of both sides: the side that is forgotten whole leaves it. */
function part(memory: TriageMemory, ruling: Ruling): Step {
  const placements: Placement[] = [];
  const splits: Split[] = [];
  const [left, right] = [knownKeys(memory, ruling.left), knownKeys(memory, ruling.right)];
  const placesOf = (keys: readonly string[]) => new Set(keys.flatMap((key) => placeOf(memory, key) ?? []));
  const reasons = [reason(ruling, "people decided that these alerts do not belong with the others")];
  const shared = placesOf(right);
  for (const from of placesOf(left)) {
    if (!shared.has(from)) continue;
    const sides = [
      { own: left, others: right },
      { own: right, others: left },
    ];
    const side = sides.find(({ own }) =>
      own.every((key) => placeOf(memory, key) !== from || !memory.correlator.weighs(key)),
    );
    // The correlator weighs alerts of both sides, and a newer ruling keeps them together.
    if (side === undefined) continue;
    const taken = placesOf(side.others);
    const home = [...placesOf(side.own)].find((id) => !taken.has(id));
    const into = home ?? memory.correlator.takeIncidentId();
    if (home === undefined) splits.push({ from, into, reasons });
    const leaving = side.own.filter((key) => placeOf(memory, key) === from);
    placements.push(...leaving.flatMap((key) => moveOf(memory, key, into, reasons)));
  }
  return { placements, merges: [], splits };
}

function moveOf(memory: TriageMemory, key: string, into: number, reasons: readonly Reason[]): Placement[] {
  const from = placeOf(memory, key);
  if (from === undefined || from === into || memory.correlator.weighs(key)) return [];
  return [{ key, incidentId: into, previousIncidentId: from, reasons }];
}

function placeOf(memory: TriageMemory, key: string): number | undefined {
  return memory.alerts.get(key)?.incidentId;
}

function knownKeys(memory: TriageMemory, keys: readonly string[]): readonly string[] {
  return keys.filter((key) => memory.alerts.has(key));
}

function keysOf(rulings: readonly Ruling[]): string[] {
  return [...new Set(rulings.flatMap(({ left, right }) => [...left, ...right]))];
}

function reason(ruling: Ruling, because: string): Reason {
  return { signal: "ruling", score: ruling.kind === "together" ? rulingScore : -rulingScore, because };
}
