/**
 * Carries out what people decided about groupings. What the correlator remembers it places itself, by the ruling;
 * alerts that it has forgotten are moved here, so that a ruling holds however old its alerts are.
 */
import type { Correlation, Placement, Reason, Ruling, Split } from "../domain/clustering/correlation.ts";
import type { TriageMemory } from "./triage/memory.ts";
import { type Movement, newMovement } from "./triage/movement.ts";
import { type Observed, observe, place } from "./triage/placement.ts";

/** Log-odds shown for a ruling; it counts whatever the others sum up to. */
const rulingScore = 10;

/** Tells the correlator of rulings. */
export function observeRulings(memory: TriageMemory, rulings: readonly Ruling[], now: Date): Observed {
  return observe(
    memory,
    rulings.map((ruling) => ({ kind: "ruling", ruling })),
    now,
  );
}

/**
 * What the rulings do to the groupings, in their order. The incidents that alerts come from and go to are in the memory,
 * which it mutates; returns what to store. Alerts that nobody knows are passed over.
 * @param observed - what the correlator said of them.
 */
export function placeRulings(
  memory: TriageMemory,
  rulings: readonly Ruling[],
  { correlation: observed, firstNew }: Observed,
): Movement {
  const movement = newMovement();
  const placements: Placement[] = [];
  for (const step of [() => observed.placements, ...rulings.map((ruling) => () => follow(memory, ruling))]) {
    // Where triage has it counts: an alert may be kept elsewhere than where the correlator placed it.
    const moves = step().flatMap((placement) => {
      const from = placeOf(memory, placement.key);
      return from === undefined ? [] : [{ ...placement, previousIncidentId: from }];
    });
    place(memory, movement, { placements: moves });
    placements.push(...moves.filter(({ incidentId, previousIncidentId: from }) => incidentId !== from));
  }
  return { ...movement, correlation: { placements, ...turnsOf(memory, placements, observed, firstNew) } };
}

/** Incidents that came out of one another and went into one another; the memory is that of afterwards. */
function turnsOf(
  memory: TriageMemory,
  placements: readonly Placement[],
  observed: Correlation,
  firstNew: number,
): Pick<Correlation, "merges" | "splits"> {
  const turns = new Map<string, Split>();
  for (const { incidentId: into, previousIncidentId: from, reasons } of placements) {
    if (from === null || turns.has(`${from} ${into}`)) continue;
    const known = [...observed.splits, ...observed.merges].find(
      (turn) => turn.from === from && turn.into === into,
    );
    turns.set(`${from} ${into}`, known ?? { from, into, reasons });
  }
  const isEmpty = ({ from }: Split) => (memory.members.get(from)?.size ?? 0) === 0;
  const all = [...turns.values()];
  return {
    merges: all.filter(isEmpty),
    splits: all.filter((turn) => !isEmpty(turn) && turn.into >= firstNew),
  };
}

function follow(memory: TriageMemory, ruling: Ruling): Placement[] {
  return ruling.kind === "together" ? join(memory, ruling) : part(memory, ruling);
}

/** Brings alerts that nobody places to the incident where the others are. */
function join(memory: TriageMemory, { left, right, keep }: Ruling): Placement[] {
  const keys = knownKeys(memory, [...left, ...right]);
  const home =
    keys.find((key) => memory.correlator.remembers(key)) ??
    keys.find((key) => placeOf(memory, key) === keep) ??
    keys[0];
  const into = home === undefined ? undefined : placeOf(memory, home);
  if (into === undefined) return [];
  const reasons = [
    { ...reason, score: rulingScore, because: "people decided that these alerts belong together" },
  ];
  return keys
    .filter((key) => !memory.correlator.remembers(key))
    .flatMap((key) => moveOf(memory, key, into, reasons));
}

/** Takes apart every incident that still holds alerts of both sides: the side leaves it that nobody else places. */
function part(memory: TriageMemory, ruling: Ruling): Placement[] {
  const [left, right] = [knownKeys(memory, ruling.left), knownKeys(memory, ruling.right)];
  const placesOf = (keys: readonly string[]) => new Set(keys.flatMap((key) => placeOf(memory, key) ?? []));
  const guests = new Map([...memory.guests].map(([own, key]) => [key, own]));
  const isFree = (key: string) => guests.has(key) || !memory.correlator.remembers(key);
  const because = "people decided that these alerts do not belong with the others";
  const reasons = [{ ...reason, score: -rulingScore, because }];
  const sides = [
    { own: left, others: right },
    { own: right, others: left },
  ];
  const shared = placesOf(right);
  return [...placesOf(left)].flatMap((from): Placement[] => {
    const isHere = (key: string) => placeOf(memory, key) === from;
    // None: the correlator places alerts of both sides here, since a newer ruling puts them together.
    const side = shared.has(from) ? sides.find(({ own }) => own.filter(isHere).every(isFree)) : undefined;
    if (side === undefined) return [];
    const taken = placesOf(side.others);
    let into = [...placesOf(side.own)].find((id) => !taken.has(id));
    return side.own.filter(isHere).flatMap((key) => {
      const own = guests.get(key);
      if (own === undefined) into ??= memory.correlator.takeIncidentId();
      return moveOf(memory, key, own ?? into ?? from, reasons);
    });
  });
}

const reason = { signal: "ruling" } as const;

function moveOf(memory: TriageMemory, key: string, into: number, reasons: readonly Reason[]): Placement[] {
  const from = placeOf(memory, key);
  if (from === undefined || from === into) return [];
  return [{ key, incidentId: into, previousIncidentId: from, reasons }];
}

function placeOf(memory: TriageMemory, key: string): number | undefined {
  return memory.alerts.get(key)?.incidentId;
}

function knownKeys(memory: TriageMemory, keys: readonly string[]): readonly string[] {
  return keys.filter((key) => memory.alerts.has(key));
}
