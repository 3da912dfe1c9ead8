/**
 * Watches conditions before anything else alerts on them. One replica looks at a time; what it raises is a delivery
 * like any other, from the source `tocsin`, so that grouping, silences, /why and the audit treat it as any alert.
 */
import { type Alert, fingerprint, type Labels } from "../domain/alert.ts";
import { oneLine } from "../domain/view.ts";
import { gone, labelsOf, type WatchRule } from "../domain/watch/rule.ts";
import { quiet, stepWatch, type WatchState } from "../domain/watch/state.ts";
import type { Clock, Log, Metrics, Store } from "../ports.ts";
import type { Ingest } from "./ingest.ts";
import { type AfterTurn, createLeaseLoop } from "./lease-loop.ts";
import { countLeftOut } from "./left-out.ts";
import type { Looker, LookResult } from "./watch-looks.ts";

export interface WatchOptions {
  /** Those that are switched on. */
  readonly rules: readonly WatchRule[];
  readonly look: Looker;
  readonly store: Pick<Store, "leases" | "watch">;
  /** Takes deliveries as the webhooks do. */
  readonly ingest: Pick<Ingest, "accept">;
  readonly replica: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Watch {
  start(): void;
  /** Lets the look in hand finish, and gives the lease back. */
  stop(): Promise<void>;
  /** One turn: keeps the lease, looks at what is due, tells what changed. */
  turn(): Promise<AfterTurn>;
}

/** Name of the source that raises these alerts; nobody can post to it. */
export const ownSource = "tocsin";
const tickMs = 10_000;
const leaseTtlMs = 60_000;
/** All looks of one turn together. */
const turnMs = 30_000;
/** A raised alert is told again this often: what is silent for hours would count as ended. */
const repeatMs = 30 * 60_000;
const maxFiring = 1_000;
const maxSummary = 300;

/** One series of one rule. */
interface Watched {
  readonly labels: Labels;
  readonly state: WatchState;
  /** Since when the alert fires, by its own clock; null while it does not. */
  readonly startsAt: Date | null;
  readonly because: string;
  /** When the newest state was told, ms; 0 while that is owed. */
  readonly toldMs: number;
}

export function createWatch(options: WatchOptions): Watch {
  const { store, clock, log, metrics } = options;
  const leftOut = countLeftOut(metrics);
  const rules = new Map(options.rules.map((rule) => [rule.name, rule]));
  /** By fingerprint of the alert. */
  let watched = new Map<string, Watched>();
  let dueAt = new Map<string, number>();

  async function lookAround(stopping: AbortSignal): Promise<void> {
    const now = clock.now();
    const signal = AbortSignal.timeout(turnMs);
    const due = options.rules
      .filter((rule) => (dueAt.get(rule.name) ?? 0) <= now.getTime())
      .toSorted((a, b) => (dueAt.get(a.name) ?? 0) - (dueAt.get(b.name) ?? 0));
    for (const rule of due) {
      if (signal.aborted || stopping.aborted) break;
      dueAt.set(rule.name, Math.floor(now.getTime() / rule.everyMs) * rule.everyMs + rule.everyMs);
      take(rule, await options.look(rule, now, signal), now);
    }
    await tell(now);
  }

  /** What an earlier leader raised goes on; what is no rule any more ends. */
  async function takeOver(): Promise<void> {
    const firing = await store.watch.firingFrom(ownSource, maxFiring);
    watched = new Map(firing.map(({ alert }) => [alert.fingerprint, resumed(alert, rules.has(alert.name))]));
    dueAt = new Map();
    if (firing.length > 0) log.info({ alerts: firing.length }, "watch: goes on with what is raised");
  }

  function take(rule: WatchRule, result: LookResult, now: Date): void {
    if (result.kind === "unreadable") {
      metrics.count("tocsin_watch_looks_total", { outcome: "unreadable" });
      log.warn(
        { rule: rule.name, problem: result.because },
        "watch: could not look; what is raised stays so",
      );
      return;
    }
    leftOut.note("watched_series", result.leftOut);
    if (result.leftOut > 0)
      log.warn({ rule: rule.name, leftOut: result.leftOut }, "watch: too many series; not all are watched");
    const seen = new Set<string>();
    for (const { labels, verdict } of result.judged) {
      const own = labelsOf(rule, labels);
      const key = fingerprint(own);
      seen.add(key);
      metrics.count("tocsin_watch_looks_total", { outcome: verdict.look });
      step(rule, key, { labels: own, look: verdict.look, because: verdict.because, now });
    }
    for (const [key, one] of watched)
      if (one.labels["alertname"] === rule.name && !seen.has(key))
        step(rule, key, { labels: one.labels, ...gone, now });
  }

  function step(
    rule: WatchRule,
    key: string,
    looked: {
      readonly labels: Labels;
      readonly look: "bad" | "between" | "good" | "unknown";
      readonly because: string;
      readonly now: Date;
    },
  ): void {
    const { labels, look, because, now } = looked;
    const before = watched.get(key) ?? {
      labels,
      state: quiet,
      startsAt: null,
      because,
      toldMs: Number.POSITIVE_INFINITY,
    };
    const { state, event } = stepWatch(before.state, look, now.getTime(), rule.patience);
    if (event === "raised") log.info({ rule: rule.name, because }, "watch: raised");
    if (event === "ended") log.info({ rule: rule.name }, "watch: ended");
    const isQuiet = !state.isRaised && state.count === 0 && event === null && before.startsAt === null;
    if (isQuiet) {
      watched.delete(key);
      return;
    }
    watched.set(key, {
      labels,
      state,
      startsAt: event === "raised" ? now : before.startsAt,
      // The reason of a look that is not bad would not say why it fires.
      because: look === "bad" ? because : before.because,
      toldMs: event === null ? before.toldMs : 0,
    });
  }

  /** Everything that changed, and what has not been told for a while, in one delivery. */
  async function tell(now: Date): Promise<void> {
    const owed = [...watched].filter(([, one]) => one.startsAt !== null && isOwed(one, now));
    const raised = [...watched.values()].filter((one) => one.state.isRaised);
    metrics.gauge("tocsin_watch_raised", raised.length);
    if (owed.length === 0) return;
    const alerts = owed.map(([, one]) => alertOf(one, now));
    const body = new TextEncoder().encode(JSON.stringify({ version: "4", alerts }));
    try {
      await options.ingest.accept({ source: ownSource, headers: {}, receivedAt: now, body });
    } catch (error) {
      log.warn({ error: String(error), alerts: owed.length }, "watch: could not tell; trying again");
      return;
    }
    for (const [key, one] of owed) {
      if (one.state.isRaised) watched.set(key, { ...one, toldMs: now.getTime() });
      else watched.delete(key);
    }
  }

  return createLeaseLoop({
    ...{ name: "watch", scope: "watch", replica: options.replica, leases: store.leases, clock, log },
    times: { ttlMs: leaseTtlMs, restMs: tickMs, followMs: tickMs },
    takeOver,
    turn: async (_leader, stopping) => {
      await lookAround(stopping);
      return "rest";
    },
  });
}

function isOwed({ state, toldMs }: Watched, now: Date): boolean {
  return toldMs === 0 || (state.isRaised && now.getTime() - toldMs >= repeatMs);
}

/** As the store has it; without its rule it is owed its end. */
function resumed(alert: Alert, hasRule: boolean): Watched {
  const state = hasRule ? { ...quiet, isRaised: true } : quiet;
  return {
    labels: alert.labels,
    state,
    startsAt: alert.startsAt,
    because: alert.summary,
    toldMs: hasRule ? 1 : 0,
  };
}

/** In the form of Alertmanager's webhook, which its parser reads. */
function alertOf({ labels, state, startsAt, because }: Watched, now: Date) {
  return {
    status: state.isRaised ? "firing" : "resolved",
    labels,
    annotations: { summary: oneLine(summaryOf(labels, because), maxSummary) },
    startsAt: (startsAt ?? now).toISOString(),
    ...(state.isRaised ? {} : { endsAt: now.toISOString() }),
  };
}

/** "instance db-1, mountpoint /data: reaches 95 % in 5 h ± 1 h …" */
function summaryOf(labels: Labels, because: string): string {
  const telling = Object.entries(labels)
    .filter(([name]) => name !== "alertname" && name !== "severity" && name !== "team")
    .slice(0, 3)
    .map(([name, value]) => `${name} ${value}`);
  return telling.length === 0 || because.startsWith(telling[0] ?? "")
    ? because
    : `${telling.join(", ")} ${because}`;
}
