/** Alerts that are no longer weighed obey rulings all the same: they follow those they were put together with. */
import type { Placement, Reason } from "./correlation.ts";
import { ruledScore } from "./grouping-reasons.ts";
import type { IncidentNumbers } from "./incident-numbers.ts";
import type { LiveStories } from "./live-stories.ts";
import type { Bond, Rulings, Side } from "./rulings.ts";

export interface ForgottenAlerts {
  readonly rulings: Rulings;
  readonly live: LiveStories;
  /** Where each alert is, also those that are no longer live. */
  readonly placed: Map<string, number>;
  readonly numbers: IncidentNumbers;
}

/** Moves what the rulings want elsewhere; says what it moved. */
export function followRulings(alerts: ForgottenAlerts): Placement[] {
  const placements: Placement[] = [];
  for (const bond of alerts.rulings.bonds()) placements.push(...gather(alerts, bond));
  for (const side of ["left", "right"] as const) placements.push(...separate(alerts, side));
  return placements;
}

function isWeighed({ live }: ForgottenAlerts, key: string): boolean {
  return (live.alert(key)?.story ?? null) !== null;
}

function move(alerts: ForgottenAlerts, key: string, to: number, because: string, score: number): Placement[] {
  const from = alerts.placed.get(key);
  if (from === undefined || from === to || isWeighed(alerts, key)) return [];
  const member = alerts.live.alert(key);
  if (member !== undefined) alerts.numbers.put(member, to);
  alerts.placed.set(key, to);
  const reasons: readonly Reason[] = [{ signal: "ruling", score, because }];
  return [{ key, incidentId: to, previousIncidentId: from, reasons }];
}

/** The number of a bond: that of its weighed alerts, or else the one that most of its alerts have. */
function numberOf(alerts: ForgottenAlerts, { keys }: Bond): number | undefined {
  const counts = new Map<number, number>();
  for (const key of keys) {
    const id = alerts.placed.get(key);
    if (id === undefined) continue;
    if (isWeighed(alerts, key)) return id;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([a, x], [b, y]) => y - x || a - b);
  return most?.[0];
}

function gather(alerts: ForgottenAlerts, bond: Bond): Placement[] {
  const to = bond.keys.length > 1 ? numberOf(alerts, bond) : undefined;
  if (to === undefined) return [];
  const because = "people decided that it belongs with alerts of this incident";
  return bond.keys.flatMap((key) => move(alerts, key, to, because, ruledScore));
}

/** Takes the bonds of one side that are forgotten whole out of incidents that hold alerts of the other side. */
function separate(alerts: ForgottenAlerts, side: Side): Placement[] {
  const other = side === "left" ? "right" : "left";
  const taken = new Set<string>();
  for (const bond of alerts.rulings.bonds())
    for (const [id, at] of bond.sides) if (at === other) taken.add(`${id} ${numberOf(alerts, bond)}`);
  const fresh = new Map<string, number>();
  const placements: Placement[] = [];
  for (const bond of alerts.rulings.bonds()) {
    const from = numberOf(alerts, bond);
    if (from === undefined || bond.keys.some((key) => isWeighed(alerts, key))) continue;
    const clash = [...bond.sides].find(([id, at]) => at === side && taken.has(`${id} ${from}`));
    if (clash === undefined) continue;
    const name = `${clash[0]} ${from}`;
    const to = fresh.get(name) ?? alerts.numbers.take();
    fresh.set(name, to);
    const because = "people decided that it does not belong with alerts of the incident that it was in";
    placements.push(...bond.keys.flatMap((key) => move(alerts, key, to, because, -ruledScore)));
  }
  return placements;
}
