/** Gathers what a bake is judged by: the model's alerts and incidents from the store, its checks from the source of metrics. */

import type { TrackedAlert } from "../domain/alert/tracked.ts";
import { checkStepMs, queryOf, readCheck, unreadCheck } from "../domain/bake/check.ts";
import type { BakeSight, SeenAlert, SeenIncident } from "../domain/bake/verdict.ts";
import {
  type BakeBaseline,
  type BakeCheck,
  beginWatch,
  type CheckResult,
  continueWatch,
  maxBaselineAlerts,
  type Watch,
} from "../domain/bake.ts";
import type { Incident } from "../domain/incident.ts";
import type { Rollout } from "../domain/rollout.ts";
import { matchesAll } from "../domain/suppression/matcher.ts";
import type { MetricSource, ModelEntry, Store } from "../ports.ts";
import { triageScope } from "./triage.ts";
import { ownSource } from "./watch.ts";

export interface BakeLookOptions {
  readonly store: Store;
  /** Null without PROMETHEUS_URL: then no check can be read. */
  readonly source: MetricSource | null;
}

export interface BakeLook {
  /** What there is before a rollout begins. */
  baseline(entry: ModelEntry): Promise<BakeBaseline>;
  /** The watch at this look: the first begins it, the first after its time notes what has to be read before a verdict. */
  advance(watch: Watch | null, windowMs: number, now: Date): Promise<Watch>;
  see(question: BakeLookQuestion): Promise<BakeSight>;
}

export interface BakeLookQuestion {
  readonly rollout: Rollout;
  readonly entry: ModelEntry;
  readonly checks: readonly BakeCheck[];
  readonly watch: Watch;
  readonly windowMs: number;
  readonly now: Date;
}

/** Alerts looked through at one look. */
const maxAlerts = 2_000;
/** Incidents of one service that are looked at. */
const maxIncidents = 50;
/** All checks of one look together, ms. */
const checksTimeoutMs = 20_000;
const checksAtOnce = 4;

export function createBakeLook({ store, source }: BakeLookOptions): BakeLook {
  async function baseline(entry: ModelEntry): Promise<BakeBaseline> {
    // Nothing starts that late: these are the ones that fire.
    const firing = await store.incidents.remembered(new Date("9999-01-01T00:00:00Z"), maxAlerts);
    const keys = firing.filter((tracked) => isOwn(entry, tracked)).map(({ key }) => key);
    return { alerts: keys.slice(-maxBaselineAlerts), incident: await store.incidents.newest() };
  }

  async function advance(before: Watch | null, windowMs: number, now: Date): Promise<Watch> {
    if (before === null) return beginWatch(now, await newestDelivery());
    const after = continueWatch(before, now, windowMs);
    if (after.elapsed.ms < windowMs || after.deliveriesTo !== null) return after;
    return { ...after, deliveriesTo: await newestDelivery() };
  }

  async function newestDelivery(): Promise<number> {
    return (await store.deliveries.newest())?.id ?? 0;
  }

  async function see(question: BakeLookQuestion): Promise<BakeSight> {
    const [signals, checks] = await Promise.all([seeSignals(question), readChecks(question)]);
    return { signals, checks };
  }

  async function seeSignals({ rollout, entry, watch }: BakeLookQuestion): Promise<BakeSight["signals"]> {
    if (entry.alerts.length === 0 && entry.services.length === 0) return null;
    const since = rollout.startedAt ?? new Date(watch.since);
    const remembered = await store.incidents.remembered(since, maxAlerts);
    const own = remembered.filter((tracked) => isOwn(entry, tracked) && tracked.mutedBy === null);
    return {
      alerts: own.map(seenAlert),
      isComplete: remembered.length < maxAlerts,
      incidents: await seeIncidents(rollout, entry),
      hearing: await hearing(watch),
    };
  }

  async function seeIncidents(rollout: Rollout, entry: ModelEntry): Promise<readonly SeenIncident[]> {
    const newest = rollout.bake?.before.incident ?? 0;
    const found = new Map<number, Incident>();
    for (const service of entry.services) {
      const list = await store.incidents.list({ service, limit: maxIncidents });
      for (const incident of list) if (incident.id > newest) found.set(incident.id, incident);
    }
    const seen = [...found.values()].map(async ({ id, title }): Promise<SeenIncident> => {
      const explanation = await store.explanations.find(id);
      const blamed = explanation?.ranked[0]?.changeId?.startsWith(`rollout:${rollout.id}:`) === true;
      return { id, title, cause: explanation === null ? "unexplained" : blamed ? "blamed" : "other" };
    });
    return await Promise.all(seen);
  }

  /** What comes from the bot itself does not show that others are heard. */
  async function hearing({ deliveriesFrom, deliveriesTo }: Watch): Promise<"heard" | "silent" | "unread"> {
    if (!(await store.deliveries.cameAfter(deliveriesFrom, ownSource))) return "silent";
    const isRead = deliveriesTo === null || (await store.leases.cursor(triageScope)) >= deliveriesTo;
    return isRead ? "heard" : "unread";
  }

  async function readChecks(question: BakeLookQuestion): Promise<readonly CheckResult[]> {
    const { checks } = question;
    const signal = AbortSignal.timeout(checksTimeoutMs);
    const results = new Map<number, CheckResult>();
    const queue = [...checks.entries()];
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift())
        results.set(next[0], await readOne(question, next[1], signal));
    };
    await Promise.all(Array.from({ length: checksAtOnce }, work));
    return checks.map((check, index) => results.get(index) ?? unreadCheck(check, "it was not asked"));
  }

  async function readOne(
    { rollout, watch, windowMs, now }: BakeLookQuestion,
    check: BakeCheck,
    signal: AbortSignal,
  ): Promise<CheckResult> {
    if (source === null) return unreadCheck(check, "PROMETHEUS_URL is not set");
    const { model, environment, to } = rollout.plan;
    const query = queryOf(check, { model, environment, version: to ?? "" });
    if (query === null) return unreadCheck(check, "a name is too long to ask for");
    const window = {
      fromMs: Date.parse(watch.since),
      toMs: now.getTime(),
      stepMs: checkStepMs(check, windowMs),
    };
    const wideMs = window.toMs - window.fromMs;
    // Only a clock that was set makes it so: whatever is there cannot be told from what is not.
    if (wideMs < 0 || wideMs > 2 * windowMs + maxPauseMs)
      return unreadCheck(check, "the clock was set while it was watched");
    const answer = await source.range(query, window, signal);
    if (answer.kind === "unreadable") return unreadCheck(check, answer.because);
    if (answer.leftOut > 0)
      return unreadCheck(
        check,
        `it has ${answer.series.length + answer.leftOut} series; sum them, or narrow it`,
      );
    return readCheck(check, answer.series, window);
  }

  return { baseline, advance, see };
}

/** How much longer than watched a watch may have taken: the bot was down, ms. */
const maxPauseMs = 6 * 3_600_000;

function isOwn(entry: ModelEntry, { alert }: TrackedAlert): boolean {
  return entry.alerts.some((matchers) => matchesAll(matchers, alert.labels));
}

function seenAlert({ key, alert, incidentId }: TrackedAlert): SeenAlert {
  return { key, name: alert.name, incidentId, startsAt: alert.startsAt };
}
