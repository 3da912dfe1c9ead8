/**
 * The correlator: which alerts share a cause. What one part of the system sends without a long pause is a session; a
 * session is split into stories (partition.ts), stories of different parts are bridged (bridges.ts), and what keeps
 * company (company.ts) is an incident. While a session is alive its stories are a function of the set of its alerts
 * alone, so the order of arrival does not matter; incident numbers stay with most of their alerts.
 */

import { type KindOf, kindOf as shippedKindOf } from "./alert/evidence-kind.ts";
import type { Alert } from "./alert.ts";
import type { Change } from "./change.ts";
import { createAlertMemory } from "./clustering/alert-memory.ts";
import { type Asking, askedOf } from "./clustering/bridges.ts";
import { createBridging } from "./clustering/bridging.ts";
import { createCompanyKeeper } from "./clustering/company.ts";
import type {
  Correlation,
  Correlator,
  Merge,
  Observation,
  Placement,
  Split,
} from "./clustering/correlation.ts";
import { followRulings } from "./clustering/forgotten-alerts.ts";
import { createGroupingReasons } from "./clustering/grouping-reasons.ts";
import { createIncidentNumbers } from "./clustering/incident-numbers.ts";
import { createKnowledge } from "./clustering/knowledge.ts";
import { createLiveStories, type Expired, type Retold } from "./clustering/live-stories.ts";
import { createParting } from "./clustering/parting.ts";
import type { Roots } from "./clustering/root-votes.ts";
import { createRulings } from "./clustering/rulings.ts";
import { keptOf } from "./clustering/seen-alert.ts";
import {
  createLiveAlert,
  type LiveAlert,
  maxSessionMembers,
  reachOf,
  type Story,
} from "./clustering/sessions.ts";
import { shippedSignals } from "./clustering/shipped-signals.ts";
import type { Signal } from "./clustering/signal.ts";
import { shippedWeights, type Weights } from "./weights.ts";

export interface CorrelatorOptions {
  readonly weights?: Weights;
  /** The shipped ones when absent. */
  readonly signals?: readonly Signal[];
  /** What sort of evidence an alert is; by the shipped rules when absent. */
  readonly kindOf?: KindOf;
}

/** How long after its last alert a session may still be joined by late reports, ms of event time. */
export const liveMs = 900_000;
const forgetEveryMs = 60_000;
/** Enough for 5,000 open incidents that each have a few sessions; over it those that ended first go first. */
const maxLive = { sessions: 20_000, alerts: 40_000 } as const;
/** How far over it may go before that is done ahead of time, so that a storm is not sorted at every call. */
const slack = 1.1;
/** Alerts of one part of the system after which its sessions are told anew, within one call of observe. */
const maxArrivals = maxSessionMembers / 2;
/** Alerts that are remembered as placed, live or not; the first go first, for their repeats have most likely ended. */
const maxPlaced = 100_000;
/** Makes an empty correlator; see {@link Correlator}. */
export function createCorrelator(options: CorrelatorOptions = {}): Correlator {
  const weights = options.weights ?? shippedWeights;
  const signals = options.signals ?? shippedSignals;
  const kindOf = options.kindOf ?? shippedKindOf;
  const { clustering } = weights;
  const multipliers = signals.map(({ name }) => clustering.signals[name] ?? 1);
  let knowledge = createKnowledge(weights, kindOf);
  let rulings = createRulings();
  const numbers = createIncidentNumbers();
  const memory = createAlertMemory(maxPlaced);
  let watermark = Number.NEGATIVE_INFINITY;
  let forgottenAt = Number.NEGATIVE_INFINITY;
  const leftOut = {
    live_sessions: 0,
    live_alerts: 0,
    session_alerts: 0,
    late_alerts: 0,
    bridges: 0,
    bridge_candidates: 0,
  };

  let floor = createFloor();

  function scoreOf(early: LiveAlert, late: LiveAlert): number {
    const { context } = knowledge;
    let sum = 0;
    for (let index = 0; index < signals.length; index += 1) {
      const score = signals[index]?.score(early, late, context) ?? null;
      if (score !== null) sum += score * (multipliers[index] ?? 1);
    }
    return sum;
  }

  /** Worked out anew whenever it is asked for: most alerts never are, and kept it would weigh as much as they do. */
  function rootsOf(member: LiveAlert): Roots {
    return knowledge.rootsOf(member);
  }

  /** What depends on the live alerts; made anew with another topology. */
  function createFloor() {
    const live = createLiveStories({ scoreOf, rootsOf, rulings, weights: clustering, memory });
    const keeper = createCompanyKeeper(live, () => bridging.links, rulings);
    const asking: Asking = {
      signals: askedOf(signals),
      context: knowledge.context,
      weights: clustering,
      separation: () => (rulings.size() > 0 ? keeper.areApart : null),
      leftOut,
    };
    const bridging = createBridging(live, asking);
    const topOf = (roots: Roots) => knowledge.topOf(roots);
    const reasons = createGroupingReasons({
      ...{ signals, asking, weights: clustering, rulings, scoreOf, rootsOf, topOf },
      links: () => bridging.links,
    });
    const parting = createParting({
      ...{ live, bridging, asking, weights: clustering, rulings, scoreOf, rootsOf, topOf },
    });
    return { live, keeper, bridging, reasons, parting };
  }

  // ---------- taking in ----------

  function addAlert(key: string, alert: Alert, incidentId: number | null): LiveAlert {
    const seen = knowledge.read(key, alert);
    const member = createLiveAlert(seen, knowledge.record(seen));
    if (incidentId !== null) numbers.put(member, incidentId);
    floor.live.add(member);
    return member;
  }

  /** Takes a report; returns the alert when it is new. */
  function takeAlert(key: string, alert: Alert, now: number): LiveAlert | null {
    const known = memory.find(key);
    if (typeof known === "object") takeUpdate(known, alert);
    if (known !== undefined) return null;
    const member = addAlert(key, alert, null);
    watermark = Math.max(watermark, Math.min(member.at, now));
    return member;
  }

  /** A newer report of a live alert matters when its end is news: it moves the session's end and the pair scores. */
  function takeUpdate(known: LiveAlert, alert: Alert): void {
    const endedBefore = known.endsAt;
    Object.assign(known, keptOf(alert));
    if (known.endsAt === endedBefore) return;
    if (known.lastsWhileFiring) known.reach = reachOf(known, clustering);
    floor.live.update(known);
  }

  /** Reads every live alert anew: it may be of another part of the system now. */
  function readAnew(): void {
    const members = memory.allLive();
    floor = createFloor();
    for (const member of members) {
      Object.assign(member, knowledge.readAnew(member));
      member.session = null;
      member.story = null;
      floor.live.add(member);
    }
  }

  /** A change told after the alerts that began with it: they are weighed anew, or the order of both would matter. */
  function reweigh(changes: readonly Change[]): void {
    const late = changes.filter(({ at }) => at.getTime() <= watermark);
    if (late.length === 0) return;
    for (const member of memory.allLive())
      if (late.some((change) => knowledge.isFelt(change, member))) floor.live.update(member);
  }

  /** All stories that anybody ruled on are looked at again: a new ruling may free what an older one bound. */
  function storiesRuledOn(): Story[] {
    const found = new Set<Story>();
    for (const key of rulings.keys()) {
      const story = floor.live.alert(key)?.story;
      if (story !== null && story !== undefined) found.add(story);
    }
    return [...found];
  }

  function touchRuledOn(): void {
    for (const key of rulings.keys()) {
      const member = floor.live.alert(key);
      if (member !== undefined) floor.live.touch(member);
    }
  }

  // ---------- saying where alerts belong ----------

  function settle({ gone, told }: Retold): Correlation {
    const { moves, merges, splits } = numbers.number(
      floor.keeper.of(floor.bridging.renew({ gone, told })),
      rulings.size() === 0 ? undefined : rulings.numberFor,
    );
    const placements = moves.map(
      (move): Placement => ({
        key: move.member.key,
        incidentId: move.to,
        previousIncidentId: move.from,
        reasons: floor.reasons.ofMove(move),
      }),
    );
    return {
      placements,
      merges: merges.map(({ from, into, move }) => ({ from, into, reasons: floor.reasons.ofMove(move) })),
      splits: splits.map((turn) => ({
        ...{ from: turn.from, into: turn.into },
        reasons: floor.reasons.ofSplit(turn),
      })),
    };
  }

  /**
   * An alert that began before everything its session still weighs: it goes where its nearest neighbour in time is,
   * for every alert belongs to an incident.
   */
  function placeUnweighed(member: LiveAlert): Placement {
    const neighbour = floor.live.neighbourOf(member, clustering.firingGapMs);
    const incidentId = neighbour?.incidentId ?? numbers.take();
    numbers.put(member, incidentId);
    const because =
      neighbour === null
        ? "when it came, nothing near it in time fitted it"
        : `its part of the system sends too much to weigh: with ${neighbour.name}, nearest in time`;
    const reason = { signal: neighbour === null ? "alone" : "nearest", score: 0, because };
    return { key: member.key, incidentId, previousIncidentId: null, reasons: [reason] };
  }

  // ---------- forgetting ----------

  function forget(): void {
    const { sessions, alerts } = floor.live.sizes();
    const isOverfull = sessions > maxLive.sessions * slack || alerts > maxLive.alerts * slack;
    if (watermark < forgottenAt + forgetEveryMs && !isOverfull) return;
    forgottenAt = watermark;
    letGo(floor.live.expire(watermark - liveMs));
    const shrunk = floor.live.shrink(maxLive);
    letGo(shrunk);
    leftOut.live_sessions += shrunk.sessions;
    leftOut.live_alerts += shrunk.alerts.length;
    memory.trim();
    if (knowledge.tidy()) readAnew();
  }

  /** Sessions with too many alerts let go of their oldest. */
  function trimSessions(): void {
    for (const member of floor.live.trim()) {
      numbers.release(member);
      leftOut.session_alerts += 1;
    }
  }

  function letGo({ stories, alerts }: Expired): void {
    floor.bridging.drop(stories);
    for (const member of alerts) numbers.release(member);
  }

  // ---------- one call ----------

  function observe(observations: readonly Observation[], now: Date): Correlation {
    const placements: Placement[] = [];
    const merges: Merge[] = [];
    const splits: Split[] = [];
    let fresh: LiveAlert[] = [];
    let changes: Change[] = [];
    let isRuled = false;

    function flush(): void {
      if (isRuled) touchRuledOn();
      reweigh(changes);
      const { gone, told } = floor.live.tell();
      const result = settle({ gone, told: isRuled ? [...new Set([...told, ...storiesRuledOn()])] : told });
      placements.push(...result.placements);
      for (const member of fresh) {
        if (member.incidentId !== null) continue;
        placements.push(placeUnweighed(member));
        leftOut.late_alerts += 1;
      }
      merges.push(...result.merges);
      splits.push(...result.splits);
      if (
        rulings.size() > 0 &&
        (isRuled || result.placements.some(({ key }) => rulings.bondOf(key) !== null))
      )
        placements.push(...followRulings({ rulings, memory, numbers }));
      trimSessions();
      fresh = [];
      changes = [];
      isRuled = false;
    }

    for (const observation of observations) {
      if (observation.kind === "change") {
        if (knowledge.takeChange(observation.change)) changes.push(observation.change);
      } else if (observation.kind === "ruling") {
        isRuled = rulings.add(observation.ruling) || isRuled;
      } else if (observation.kind === "topology") {
        flush();
        if (knowledge.takeTopology(observation.topology)) readAnew();
      } else {
        const member = takeAlert(observation.key, observation.alert, now.getTime());
        if (member === null) continue;
        fresh.push(member);
        // More at once than a session weighs: told in parts, or the first of them would never be weighed.
        if (floor.live.waiting(member) >= maxArrivals) flush();
      }
    }
    flush();
    forget();
    return { placements, merges, splits };
  }

  return {
    observe,
    compare(a, b) {
      const [left, right] = [floor.live.alert(a), floor.live.alert(b)];
      return left === undefined || right === undefined ? null : floor.reasons.compare(left, right);
    },
    parting(a, b) {
      const [left, right] = [floor.live.alert(a), floor.live.alert(b)];
      return left === undefined || right === undefined ? null : floor.parting(left, right);
    },
    remembers: (key) => memory.incidentOf(key) !== undefined,
    restore(kept) {
      knowledge = createKnowledge(weights, kindOf);
      rulings = createRulings();
      for (const ruling of kept.rulings) rulings.add(ruling);
      memory.clear();
      numbers.reset(kept.nextIncidentId);
      [watermark, forgottenAt] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
      knowledge.takeTopology(kept.topology);
      for (const change of kept.changes) knowledge.takeChange(change);
      floor = createFloor();
      for (const { key, alert, incidentId } of kept.alerts) {
        const { at } = addAlert(key, alert, incidentId);
        watermark = Math.max(watermark, at);
      }
      forget();
      floor.bridging.renew(floor.live.tell());
      trimSessions();
    },
    nextIncidentId: numbers.next,
    takeIncidentId: numbers.take,
    sizes: () => ({
      ...floor.live.sizes(),
      ...knowledge.sizes(),
      bridges: floor.bridging.links.size(),
      placed: memory.size(),
      rulings: rulings.size(),
    }),
    leftOut: () => ({
      ...leftOut,
      ...knowledge.leftOut(),
      ...rulings.leftOut(),
      placed_alerts: memory.dropped(),
    }),
  };
}
