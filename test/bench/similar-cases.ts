/** What the incidents of a replayed stream are about, by its truth file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ReplayedIncident } from "../../src/app/replay.ts";
import type { TrackedAlert } from "../../src/domain/alert/tracked.ts";
import { type Alert, alertKey } from "../../src/domain/alert.ts";
import { incidentFacts } from "../../src/domain/incident/facts.ts";

const truthSchema = z.object({
  alerts: z.record(z.string(), z.string().nullable()),
  incidents: z.record(
    z.string(),
    // A change is guilty, "none" is, or it is not known.
    z.object({ services: z.array(z.string()), change: z.string().nullable().default(null) }),
  ),
  /** A change to the one that it stands for. */
  aliases: z.record(z.string(), z.string()).default({}),
});

export type Truth = z.infer<typeof truthSchema>;

/** @param name - "SET/NAME". */
export function readTruth(bench: string, name: string): Truth {
  return truthSchema.parse(JSON.parse(readFileSync(join(bench, `${name}.truth.json`), "utf8")));
}

/** An incident with what it is about. */
export interface Case {
  readonly id: number;
  /** First start and last end, ms. */
  readonly at: number;
  readonly over: number;
  readonly alerts: readonly Alert[];
  readonly title: string;
  /** Names of the fault and of its root service; null for background. */
  readonly fault: string | null;
  readonly root: string | null;
}

/** The same alerts as the truth groups them, background alerts alone. */
export function regrouped(incidents: readonly ReplayedIncident[], truth: Truth): readonly ReplayedIncident[] {
  const groups = new Map<string, ReplayedIncident["alerts"]>();
  for (const alert of incidents.flatMap(({ alerts }) => alerts)) {
    const fault = truth.alerts[alert.name] ?? `alone ${alert.name}`;
    groups.set(fault, [...(groups.get(fault) ?? []), alert]);
  }
  return [...groups.values()].map((alerts, index) => ({
    ...{ id: index + 1, alerts, causes: [] },
    answer: { kind: "not_enough", only: null },
  }));
}

/** Each incident as the fault that most of its alerts belong to, in order of start. */
export function casesOf(incidents: readonly ReplayedIncident[], truth: Truth): Case[] {
  const faultOf = nameFaults(incidents, truth);
  return incidents
    .map(({ id, alerts }) => {
      const list = alerts.map(({ alert }) => alert);
      const mine = majority(alerts.flatMap(({ name }) => truth.alerts[name] ?? []));
      return {
        id,
        at: Math.min(...list.map(({ startsAt }) => startsAt.getTime())),
        over: Math.max(...list.map(({ endsAt }) => endsAt?.getTime() ?? Number.POSITIVE_INFINITY)),
        alerts: list,
        title: titleOf(list),
        fault: mine === null ? null : (faultOf.get(mine) ?? null),
        root: mine === null ? null : (truth.incidents[mine]?.services[0] ?? null),
      };
    })
    .sort((a, b) => a.at - b.at || a.id - b.id);
}

/** Faults by name: each gets the name of the earliest with the same root and mostly the same measured values. */
function nameFaults(incidents: readonly ReplayedIncident[], truth: Truth): ReadonlyMap<string, string> {
  const prints = new Map<string, Set<string>>();
  for (const { alerts } of incidents)
    for (const { name, alert } of alerts) {
      const fault = truth.alerts[name];
      if (typeof fault !== "string") continue;
      const print = `${alert.name} ${alert.service} ${alert.summary}`;
      prints.set(fault, (prints.get(fault) ?? new Set()).add(print));
    }
  const named = new Map<string, string>();
  const firsts: string[] = [];
  for (const fault of [...prints.keys()].sort()) {
    const known = firsts.find(
      (other) =>
        truth.incidents[other]?.services[0] === truth.incidents[fault]?.services[0] &&
        overlap(prints.get(other) ?? new Set(), prints.get(fault) ?? new Set()) >= 0.5,
    );
    named.set(fault, known ?? fault);
    if (known === undefined) firsts.push(fault);
  }
  return named;
}

/** Share of the smaller set that is in the other. */
function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const shared = [...a].filter((each) => b.has(each)).length;
  return shared / Math.max(1, Math.min(a.size, b.size));
}

function majority(values: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))[0]?.[0] ?? null;
}

/** As the card of the incident is called. */
function titleOf(alerts: readonly Alert[]): string {
  return incidentFacts(
    alerts.map(
      (alert): TrackedAlert => ({
        key: alertKey(alert),
        alert,
        seenAt: alert.startsAt,
        seenCount: 1,
        endedBy: "source",
        incidentId: 1,
        reasons: [],
        mutedBy: null,
      }),
    ),
  ).title;
}
