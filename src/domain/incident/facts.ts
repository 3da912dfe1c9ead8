/** What the alerts of an incident say of it, in all; kept up to date alert by alert, since an incident may have thousands. */

import { entityOf } from "../alert/entity.ts";
import type { TrackedAlert } from "../alert/tracked.ts";
import { compareSeverity, type Severity, severities } from "../alert.ts";
import { oneLine } from "../view.ts";

/** What the alerts of an incident say of it, in all. */
export interface IncidentFacts {
  /** The worst of its firing alerts, or of all of them once none fires. Muted ones count when there are no others. */
  readonly severity: Severity;
  readonly title: string;
  /** Services with alerts in it, most alerts first; no more than {@link maxListed}. */
  readonly services: readonly string[];
  /** Of all its services, listed or not. */
  readonly serviceCount: number;
  readonly startedAt: Date;
  readonly alertCount: number;
  readonly firingCount: number;
  readonly isMuted: boolean;
}

/** Sums up a changing set of alerts. */
export interface IncidentTally {
  /** An alert comes, goes, or is another than before; each as it was added. Null for none. */
  change(before: TrackedAlert | null, after: TrackedAlert | null): void;
  /**
   * @param members - all alerts in it, in any order: the result does not depend on it. Walked only where the alert that
   * stood for a fact has gone.
   * @throws RangeError when there are none.
   */
  facts(members: () => Iterable<TrackedAlert>): IncidentFacts;
}

/** Services beyond this many are counted, not listed. */
export const maxListed = 20;

export function createTally(): IncidentTally {
  const counts = createCounts();
  const first = createLeast(byStart, () => true);
  const worst = createLeast(byWeight, () => true);
  const worstUnmuted = createLeast(byWeight, isUnmuted);
  const services = createServiceCounts();
  return {
    change(before, after) {
      if (before !== null) {
        counts.add(before, -1);
      }
      if (after !== null) {
        counts.add(after, 1);
      }
      if (before?.alert !== after?.alert) services.move(serviceOf(before), serviceOf(after));
      for (const least of [first, worst, worstUnmuted]) least.change(before, after);
    },
    facts(members) {
      const start = first.of(members);
      const shown = counts.unmuted() === 0 ? worst.of(members) : worstUnmuted.of(members);
      if (start === null || shown === null)
        throw new RangeError("incidentFacts: an incident needs at least one alert");
      return {
        severity: counts.severity(),
        title: titleOf(shown, services.count()),
        services: services.listed(),
        serviceCount: services.count(),
        startedAt: start.alert.startsAt,
        alertCount: counts.all(),
        firingCount: counts.firing(),
        isMuted: counts.unmuted() === 0,
      };
    },
  };
}

/**
 * Sums up the alerts of an incident.
 * @param members - at least one; any order: the result does not depend on it.
 * @throws RangeError when there are none.
 */
export function incidentFacts(members: readonly TrackedAlert[]): IncidentFacts {
  const tally = createTally();
  for (const member of members) tally.change(null, member);
  return tally.facts(() => members);
}

/** How many there are of each severity, firing or ended, muted or not. */
function createCounts() {
  const table = new Int32Array(severities.length * 4);
  const slot = (severity: number, firing: number, muted: number) => severity * 4 + firing * 2 + muted;
  const sum = (firing: readonly number[], muted: readonly number[]) => {
    let total = 0;
    for (let severity = 0; severity < severities.length; severity += 1)
      for (const fires of firing)
        for (const mutes of muted) total += table[slot(severity, fires, mutes)] ?? 0;
    return total;
  };
  const both = [0, 1];
  return {
    add({ alert, endedBy, mutedBy }: TrackedAlert, by: number): void {
      const at = slot(severities.indexOf(alert.severity), Number(endedBy === null), Number(mutedBy !== null));
      table[at] = (table[at] ?? 0) + by;
    },
    all: () => sum(both, both),
    firing: () => sum([1], both),
    unmuted: () => sum(both, [0]),
    severity(): Severity {
      const muted = sum(both, [0]) > 0 ? [0] : both;
      const firing = sum([1], muted) > 0 ? [1] : both;
      const found = severities.find((_, severity) =>
        firing.some((fires) => muted.some((mutes) => (table[slot(severity, fires, mutes)] ?? 0) > 0)),
      );
      return found ?? "info";
    },
  };
}

/** The one that sorting would put first among those that count. */
function createLeast(
  compare: (a: TrackedAlert, b: TrackedAlert) => number,
  counts: (tracked: TrackedAlert) => boolean,
) {
  let best: TrackedAlert | null = null;
  /** The best one has gone, and nobody has looked for the next. */
  let isStale = false;
  return {
    change(before: TrackedAlert | null, after: TrackedAlert | null): void {
      const next = after !== null && counts(after) ? after : null;
      if (before !== null && best?.key === before.key) {
        if (next !== null && compare(next, before) <= 0) best = next;
        else isStale = true;
      } else if (next !== null && !isStale && (best === null || compare(next, best) < 0)) best = next;
    },
    of(members: () => Iterable<TrackedAlert>): TrackedAlert | null {
      if (!isStale) return best;
      [best, isStale] = [null, false];
      for (const member of members())
        if (counts(member) && (best === null || compare(member, best) < 0)) best = member;
      return best;
    },
  };
}

/** Services with the number of their alerts. */
function createServiceCounts() {
  const counts = new Map<string, number>();
  let listed: readonly string[] | null = [];
  const add = (service: string | null, by: number) => {
    if (service === null) return;
    const count = (counts.get(service) ?? 0) + by;
    if (count === 0) counts.delete(service);
    else counts.set(service, count);
    listed = null;
  };
  return {
    /** One alert of `from` is one of `to` now. */
    move(from: string | null, to: string | null): void {
      if (from === to) return;
      add(from, -1);
      add(to, 1);
    },
    count: () => counts.size,
    /** Most alerts first. */
    listed(): readonly string[] {
      listed ??= [...counts]
        .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
        .slice(0, maxListed)
        .map(([service]) => service);
      return listed;
    },
  };
}

/** Pods and ports of one service are one. */
function serviceOf(tracked: TrackedAlert | null): string | null {
  return tracked === null ? null : entityOf(tracked.alert);
}

function isUnmuted({ mutedBy }: TrackedAlert): boolean {
  return mutedBy === null;
}

function byStart(a: TrackedAlert, b: TrackedAlert): number {
  return (
    a.alert.startsAt.getTime() - b.alert.startsAt.getTime() || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  );
}

/** Worst first, earliest first among equals. */
function byWeight(a: TrackedAlert, b: TrackedAlert): number {
  return compareSeverity(a.alert.severity, b.alert.severity) || byStart(a, b);
}

/** "HighErrorRate on checkout and 2 more services" */
function titleOf(shown: TrackedAlert, serviceCount: number): string {
  // A name that ends like a sentence would end the title.
  const name = shown.alert.name.replace(/[.,;:\s]+$/, "") || shown.alert.name;
  const service = serviceOf(shown);
  const others = serviceCount - (service === null ? 0 : 1);
  const on = service === null ? "" : ` on ${oneLine(service, 80)}`;
  return `${oneLine(name, 120)}${on}${others > 0 ? ` and ${others} more ${others === 1 ? "service" : "services"}` : ""}`;
}
