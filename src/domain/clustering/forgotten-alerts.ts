/** Alerts that are no longer weighed obey rulings all the same: they follow those they were put together with. */
import type { AlertMemory } from "./alert-memory.ts";
import type { Placement, Reason } from "./correlation.ts";
import { ruledScore } from "./grouping-reasons.ts";
import type { IncidentNumbers } from "./incident-numbers.ts";
import type { Bond, Rulings, Side } from "./rulings.ts";

export interface ForgottenAlerts {
  readonly rulings: Rulings;
  readonly memory: AlertMemory;
  readonly numbers: IncidentNumbers;
}

/** Moves what the rulings want elsewhere; says what it moved. */
export function followRulings(alerts: ForgottenAlerts): Placement[] {
  const placements: Placement[] = [];
  for (const bond of alerts.rulings.bonds()) placements.push(...gather(alerts, bond));
  return [...placements, ...separate(alerts)];
}

function isWeighed({ memory }: ForgottenAlerts, key: string): boolean {
  return (memory.live(key)?.story ?? null) !== null;
}

function move(alerts: ForgottenAlerts, key: string, to: number, because: string, score: number): Placement[] {
  const { memory, numbers } = alerts;
  const from = memory.incidentOf(key);
  if (from === undefined || from === to || isWeighed(alerts, key)) return [];
  const member = memory.live(key);
  if (member === undefined) memory.put(key, to);
  else numbers.put(member, to);
  const reasons: readonly Reason[] = [{ signal: "ruling", score, because }];
  return [{ key, incidentId: to, previousIncidentId: from, reasons }];
}

/** The number of a bond: that of its weighed alerts, or else the one that people want, or that most of its alerts have. */
function numberOf(alerts: ForgottenAlerts, { keys }: Bond): number | undefined {
  const counts = new Map<number, number>();
  for (const key of keys) {
    const id = alerts.memory.incidentOf(key);
    if (id === undefined) continue;
    if (isWeighed(alerts, key)) return id;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const wishes = keys.flatMap((key) => alerts.rulings.numberFor(key) ?? []);
  const wanted = wishes.find(({ number, isWanted }) => isWanted && counts.has(number));
  if (wanted !== undefined) return wanted.number;
  const [most] = [...counts].sort(([a, x], [b, y]) => y - x || a - b);
  return most?.[0];
}

function gather(alerts: ForgottenAlerts, bond: Bond): Placement[] {
  const to = bond.keys.length > 1 ? numberOf(alerts, bond) : undefined;
  if (to === undefined) return [];
  const because = "people decided that it belongs with alerts of this incident";
  return bond.keys.flatMap((key) => move(alerts, key, to, because, ruledScore));
}

/**
 * Takes bonds that are forgotten whole out of incidents that hold alerts of the other side: those of the left, and where
 * these are weighed those of the right. Newer rulings come first, since what they part need not be parted again.
 */
function separate(alerts: ForgottenAlerts): Placement[] {
  const placements: Placement[] = [];
  for (const [, sides] of [...bySide(alerts.rulings)].sort(([a], [b]) => b - a))
    for (const [leaving, staying] of [
      [sides.left, sides.right],
      [sides.right, sides.left],
    ] as const) {
      const taken = new Set(staying.map((bond) => numberOf(alerts, bond)));
      const fresh = new Map<number, number>();
      for (const bond of leaving) {
        const from = numberOf(alerts, bond);
        if (from === undefined || !taken.has(from) || bond.keys.some((key) => isWeighed(alerts, key)))
          continue;
        const to = fresh.get(from) ?? alerts.numbers.take();
        fresh.set(from, to);
        const because = "people decided that it does not belong with alerts of the incident that it was in";
        placements.push(...bond.keys.flatMap((key) => move(alerts, key, to, because, -ruledScore)));
      }
    }
  return placements;
}

/** Bonds by the ruling that holds them apart, and on which side of it they stand. */
function bySide(rulings: Rulings): Map<number, Record<Side, Bond[]>> {
  const found = new Map<number, Record<Side, Bond[]>>();
  for (const bond of rulings.bonds())
    for (const [id, side] of bond.sides) {
      const sides = found.get(id) ?? { left: [], right: [] };
      sides[side].push(bond);
      found.set(id, sides);
    }
  return found;
}
