/**
 * The correlator: which alerts share a cause. What one part of the system sends without a long pause is a session;
 * a session is split into stories (partition.ts), stories of different parts are bridged (bridges.ts), and what hangs
 * together is an incident. While a session is alive its stories are a function of the set of its alerts alone, so the
 * order of arrival does not matter; incident numbers stay with most of their alerts.
 */
import type { Alert } from "./alert.ts";
import { bridgeOf } from "./bridges.ts";
import type { Change } from "./change.ts";
import type { Comparison, Correlation, Correlator, Merge, Placement, Reason } from "./correlation.ts";
import { entityOf, peerOf } from "./entity.ts";
import { kindOf } from "./evidence-kind.ts";
import { createHistory } from "./history.ts";
import { partition } from "./partition.ts";
import { type Ballot, createBallot, rootsOf } from "./root-votes.ts";
import {
  type Cell,
  insertMember,
  type LiveAlert,
  maxSessionMembers,
  pausesFor,
  runsOf,
  type Session,
  type Story,
} from "./sessions.ts";
import { shippedSignals } from "./shipped-signals.ts";
import type { SeenAlert, Signal, SignalContext } from "./signal.ts";
import { byStart, createLinks, createShelf, type Span } from "./story-index.ts";
import { standingOf } from "./strays.ts";
import { createServiceGraph, type ServiceGraph, type Topology } from "./topology.ts";
import { shippedWeights, type Weights } from "./weights.ts";

export interface CorrelatorOptions {
  readonly weights?: Weights;
  /** Shipped ones, and those dropped into the signals folder. */
  readonly signals?: readonly Signal[];
}

/** How long after its last alert a session may still be joined by late reports, ms of event time. */
const liveMs = 900_000;
const forgetEveryMs = 60_000;
const maxSessions = 5_000;
/** Alerts of one part of the system after which its sessions are told anew, within one call of observe. */
const maxArrivals = maxSessionMembers / 2;
/** In the last two hours, of any type. */
const busyAlerts = 3_000;
/** In a storm of more stories than this near one another, nothing is bridged any more. */
const maxNear = 100;
const maxTypes = 50_000;
const maxPlaced = 200_000;
const maxChanges = 500;
const changesMs = 7_200_000;
const maxReasons = 6;
const maxNames = 5;

/** Makes an empty correlator; see {@link Correlator}. */
export function createCorrelator(options: CorrelatorOptions = {}): Correlator {
  const weights = options.weights ?? shippedWeights;
  const signals = options.signals ?? shippedSignals;
  const { clustering } = weights;
  let history = createHistory(maxTypes);
  let graph: ServiceGraph = createServiceGraph({ edges: [], services: [] }, clustering.hubDegree);
  /** Services of the topology: only these are looked for in texts, so that it does not matter which alert came first. */
  let services: ReadonlySet<string> = new Set();
  let ballot: Ballot = createBallot(graph, weights.causes.service);
  let topologyText = "";
  let changes: Change[] = [];
  let cells = new Map<string, Cell>();
  let live = new Map<string, LiveAlert>();
  let shelf = createShelf();
  let stories = new Map<string, Story>();
  let links = createLinks();
  let placed = new Map<string, number>();
  let memberCounts = new Map<number, number>();
  let watermark = Number.NEGATIVE_INFINITY;
  let nextId = 1;
  let droppedSessions = 0;
  let forgottenAt = Number.NEGATIVE_INFINITY;

  const context: SignalContext = {
    get graph() {
      return graph;
    },
    get history() {
      return history;
    },
    get changes() {
      return changes;
    },
    coFirings: clustering.coFirings,
  };

  // ---------- taking in ----------

  function look(key: string, alert: Alert): SeenAlert {
    const entity = entityOf(alert);
    const peer = peerOf(alert);
    const names = new Set(peer === null ? [] : [peer.peer]);
    for (const word of alert.summary.split(/[\s,;:()'"<>]+/)) {
      if (names.size >= maxNames) break;
      if (word !== entity && services.has(word)) names.add(word);
    }
    const component = entity === null ? null : graph.componentOf(entity);
    return {
      key,
      alert,
      at: alert.startsAt.getTime(),
      type: alert.fingerprint,
      entity,
      component,
      kind: kindOf(alert),
      names: [...names],
    };
  }

  function cellKeyOf(seen: SeenAlert): string {
    if (seen.component !== null) return `part ${seen.component}`;
    return seen.entity === null ? `nameless ${seen.alert.name}` : `service ${seen.entity}`;
  }

  function cellOf(seen: SeenAlert): Cell {
    const key = cellKeyOf(seen);
    const known = cells.get(key);
    if (known !== undefined) return known;
    const cell: Cell = {
      key,
      members: [],
      sessions: [],
      arrivals: 0,
      changedFrom: Number.POSITIVE_INFINITY,
      stale: new Set(),
    };
    cells.set(key, cell);
    return cell;
  }

  /** Takes a report; returns the cell whose sessions may have changed, or null. */
  function takeAlert(key: string, alert: Alert, now: number): Cell | null {
    const known = live.get(key);
    if (known !== undefined) return takeUpdate(known, alert);
    if (placed.has(key)) return null;
    const cell = addAlert(key, alert, null);
    watermark = Math.max(watermark, Math.min(alert.startsAt.getTime(), now));
    return cell;
  }

  /** A newer report of a live alert matters when its end is news: it moves the session's end and the pair scores. */
  function takeUpdate(known: LiveAlert, alert: Alert): Cell | null {
    const before = known.seen.alert.endsAt?.getTime();
    known.seen = { ...known.seen, alert: { ...alert, startsAt: known.seen.alert.startsAt } };
    if (before === alert.endsAt?.getTime()) return null;
    const cell = cellOf(known.seen);
    known.scores = [];
    for (const member of cell.members)
      if (member.serial > known.serial) member.scores[member.serial - known.serial] = undefined;
    cell.stale.add(known);
    cell.changedFrom = Math.min(cell.changedFrom, known.at);
    return cell;
  }

  function addAlert(key: string, alert: Alert, incidentId: number | null): Cell {
    const seen = look(key, alert);
    history.record({ ...seen, name: alert.name, labels: alert.labels });
    const cell = cellOf(seen);
    const roots = rootsOf(ballot.votesOf(seen));
    cell.arrivals += 1;
    cell.changedFrom = Math.min(cell.changedFrom, seen.at);
    const pauses = pausesFor(history.meanPauseMs(seen.component ?? "", seen.at), clustering);
    const member: LiveAlert = {
      seen,
      at: seen.at,
      roots,
      standing: standingOf(seen, history, clustering.strays),
      pauses,
      serial: cell.arrivals,
      incidentId,
      scores: [],
    };
    insertMember(cell, member);
    live.set(key, member);
    return cell;
  }

  /** Senders repeat their topology; only another one is worth telling every story anew. */
  function isNewTopology(topology: Topology): boolean {
    const text = JSON.stringify([topology.edges, topology.services]);
    const isNew = text !== topologyText;
    topologyText = text;
    return isNew;
  }

  function takeTopology(topology: Topology): void {
    graph = createServiceGraph(topology, clustering.hubDegree);
    ballot = createBallot(graph, weights.causes.service);
    services = new Set([...topology.services, ...topology.edges.flat()]);
    const members = [...live.values()];
    cells = new Map();
    live = new Map();
    [shelf, stories, links] = [createShelf(), new Map(), createLinks()];
    for (const member of members) {
      const seen = look(member.seen.key, member.seen.alert);
      const roots = rootsOf(ballot.votesOf(seen));
      const cell = cellOf(seen);
      cell.arrivals += 1;
      cell.changedFrom = Math.min(cell.changedFrom, seen.at);
      const moved: LiveAlert = { ...member, seen, roots, serial: cell.arrivals, scores: [] };
      insertMember(cell, moved);
      live.set(seen.key, moved);
    }
  }

  function takeChange(change: Change): void {
    const at = change.at.getTime();
    let index = changes.length;
    while (index > 0 && (changes[index - 1]?.at.getTime() ?? 0) > at) index -= 1;
    changes = changes.toSpliced(index, 0, change).slice(-maxChanges);
    changes = changes.filter((known) => known.at.getTime() > at - changesMs);
  }

  // ---------- stories ----------

  function pairScore(a: LiveAlert, b: LiveAlert): number {
    const [young, old] = a.serial > b.serial ? [a, b] : [b, a];
    const distance = young.serial - old.serial;
    const known = young.scores[distance];
    if (known !== undefined) return known;
    const [early, late] = a.at < b.at || (a.at === b.at && a.seen.key < b.seen.key) ? [a, b] : [b, a];
    let sum = 0;
    for (const signal of signals) {
      const score = signal.score(early.seen, late.seen, context);
      if (score !== null) sum += score * (clustering.signals[signal.name] ?? 1);
    }
    young.scores[distance] = sum;
    return sum;
  }

  /** Cuts a cell into sessions again, from the first that a change can reach; returns those that came and went. */
  function renew(cell: Cell): Session[] {
    const untouched = cell.sessions.findIndex((session) => session.reach >= cell.changedFrom);
    const kept = untouched === -1 ? cell.sessions : cell.sessions.slice(0, untouched);
    const rest = untouched === -1 ? [] : cell.sessions.slice(untouched);
    const before = new Map(rest.map((session) => [session.members[0]?.seen.key, session]));
    const gone = new Set(rest);
    const told: Session[] = [];
    const offset = kept.reduce((sum, session) => sum + session.count, 0);
    const later = runsOf(cell.members.slice(offset)).map(({ members, reach }) => {
      const weighed = members.slice(-maxSessionMembers);
      const known = before.get(weighed[0]?.seen.key);
      const isFresh = cell.stale.size === 0 || !members.some((member) => cell.stale.has(member));
      if (known !== undefined && isFresh && known.count === members.length) {
        gone.delete(known);
        return known;
      }
      const session = { ...tellStories(cell, weighed), count: members.length, reach };
      told.push(session);
      return session;
    });
    cell.sessions = [...kept, ...later];
    cell.stale.clear();
    cell.changedFrom = Number.POSITIVE_INFINITY;
    for (const session of gone) takeDown(session);
    for (const session of told) {
      shelf.add(session);
      for (const story of session.stories) stories.set(story.key, story);
    }
    return [...gone, ...told];
  }

  /** Takes a session out of every index. */
  function takeDown(session: Session): void {
    shelf.remove(session);
    for (const story of session.stories) {
      stories.delete(story.key);
      links.remove(story.key);
    }
  }

  function tellStories(cell: Cell, members: readonly LiveAlert[]): Omit<Session, "count" | "reach"> {
    const scoreOf = (a: number, b: number) => {
      const [left, right] = [members[a], members[b]];
      return left === undefined || right === undefined ? 0 : pairScore(left, right);
    };
    const stories = partition(members, scoreOf, clustering).map((indices): Story => {
      const own = indices.flatMap((index) => members[index] ?? []);
      const [first, last] = [own[0]?.at ?? 0, own.at(-1)?.at ?? 0];
      return { cell: cell.key, members: own, first, last, key: own[0]?.seen.key ?? "" };
    });
    return { members, stories, first: members[0]?.at ?? 0, last: members.at(-1)?.at ?? 0 };
  }

  /** Bridges anew every story near a change; returns these and all that hang, or hung, together with them. */
  function bridge(spans: readonly Session[]): Story[] {
    const affected = new Set<Story>();
    for (const span of spans) {
      for (const story of span.stories) affected.add(story);
      if (!isBusyAt(span.first)) for (const story of storiesNear(span)) affected.add(story);
    }
    for (const story of affected) if (stories.get(story.key) !== story) affected.delete(story);
    const hanging = new Set(affected);
    spread(hanging);
    for (const story of affected) {
      const near = isBusyAt(story.first) ? [] : storiesNear(story);
      const found = bridgeOf(story, near, signals, context, clustering);
      if (found === null) links.remove(story.key);
      else links.set(story.key, found);
    }
    spread(hanging);
    return [...hanging].sort(byStart);
  }

  /** Adds every story that a bridge leads to; a set being walked also yields what is added meanwhile. */
  function spread(set: Set<Story>): void {
    for (const story of set)
      for (const key of links.neighbours(story.key)) {
        const other = stories.get(key);
        if (other !== undefined) set.add(other);
      }
  }

  /** Where this many unrelated alerts are usual at any time, being near in time says nothing. */
  function isBusyAt(at: number): boolean {
    return history.lately(at) > busyAlerts;
  }

  function storiesNear({ first, last }: Span): Story[] {
    const [from, until] = [first - clustering.gapMs, last + clustering.gapMs];
    const near = new Set<Story>();
    for (const session of shelf.within(from, until)) {
      for (const story of session.stories) if (story.first <= until && story.last >= from) near.add(story);
      if (near.size > maxNear) return [];
    }
    return [...near].sort(byStart);
  }

  // ---------- incidents ----------

  /** Stories that hang together through bridges, each set in order of start. */
  function hangTogether(all: readonly Story[]): Story[][] {
    const sets: Story[][] = [];
    const seen = new Set<Story>();
    for (const start of all) {
      if (seen.has(start)) continue;
      const set = new Set([start]);
      spread(set);
      for (const story of set) seen.add(story);
      sets.push([...set].sort(byStart));
    }
    return sets;
  }

  /** Gives every set of stories a number: the one that most of its alerts have, if no larger set has it. */
  function number(sets: readonly Story[][]): Map<Story[], number> {
    const claims = sets.map((set) => {
      const held = new Map<number, number>();
      for (const story of set)
        for (const { incidentId } of story.members)
          if (incidentId !== null) held.set(incidentId, (held.get(incidentId) ?? 0) + 1);
      const best = [...held].sort(([a, x], [b, y]) => y - x || a - b);
      return { set, best };
    });
    const taken = new Set<number>();
    const ids = new Map<Story[], number>();
    const strength = (claim: (typeof claims)[number]) => claim.best[0]?.[1] ?? 0;
    for (const claim of [...claims].sort((a, b) => strength(b) - strength(a))) {
      const free = claim.best.find(([id]) => !taken.has(id));
      if (free === undefined) continue;
      taken.add(free[0]);
      ids.set(claim.set, free[0]);
    }
    for (const { set } of claims) {
      if (ids.has(set)) continue;
      ids.set(set, nextId);
      nextId += 1;
    }
    return ids;
  }

  function settle(hanging: readonly Story[]): Correlation {
    const sets = hangTogether(hanging);
    const ids = number(sets);
    const placements: Placement[] = [];
    const moved = new Map<number, { into: Set<number>; reasons: readonly Reason[] }>();
    for (const set of sets) {
      const incidentId = ids.get(set);
      if (incidentId === undefined) continue;
      for (const story of set) {
        for (const member of story.members) {
          if (member.incidentId === incidentId) continue;
          const reasons = reasonsOf(member, story, set);
          const previousIncidentId = member.incidentId;
          placements.push({ key: member.seen.key, incidentId, previousIncidentId, reasons });
          if (previousIncidentId !== null) {
            const known = moved.get(previousIncidentId) ?? { into: new Set(), reasons };
            known.into.add(incidentId);
            moved.set(previousIncidentId, known);
            memberCounts.set(previousIncidentId, (memberCounts.get(previousIncidentId) ?? 1) - 1);
          }
          memberCounts.set(incidentId, (memberCounts.get(incidentId) ?? 0) + 1);
          member.incidentId = incidentId;
          placed.set(member.seen.key, incidentId);
        }
      }
    }
    return { placements, merges: mergesOf(moved), splits: [] };
  }

  /**
   * An alert that began before everything its session still weighs: it goes where its nearest neighbour in time is,
   * for every alert belongs to an incident.
   */
  function placeUnweighed(member: LiveAlert): Placement[] {
    if (member.incidentId !== null) return [];
    const neighbour = neighbourOf(member);
    const incidentId = neighbour?.incidentId ?? nextId;
    if (incidentId === nextId) nextId += 1;
    memberCounts.set(incidentId, (memberCounts.get(incidentId) ?? 0) + 1);
    member.incidentId = incidentId;
    placed.set(member.seen.key, incidentId);
    const because =
      neighbour === null
        ? "nothing that fired near it in time fits it"
        : `its part of the system sends too much to weigh: with ${neighbour.seen.alert.name}, nearest in time`;
    const reason = { signal: neighbour === null ? "alone" : "nearest", score: 0, because };
    return [{ key: member.seen.key, incidentId, previousIncidentId: null, reasons: [reason] }];
  }

  function neighbourOf(member: LiveAlert): LiveAlert | null {
    const { members } = cellOf(member.seen);
    const index = members.indexOf(member);
    const reach = clustering.firingGapMs;
    for (let away = 1; away < members.length; away += 1) {
      const near = [members[index + away], members[index - away]].filter(
        (other) => other !== undefined && Math.abs(other.at - member.at) <= reach,
      );
      if (near.length === 0) return null;
      const found = near.find((other) => other?.incidentId !== null);
      if (found !== undefined) return found;
    }
    return null;
  }

  /** An incident that lost its last alert to one other was swallowed by it. */
  function mergesOf(
    moved: ReadonlyMap<number, { into: ReadonlySet<number>; reasons: readonly Reason[] }>,
  ): Merge[] {
    const merges: Merge[] = [];
    for (const [from, { into, reasons }] of moved) {
      if ((memberCounts.get(from) ?? 0) > 0) continue;
      memberCounts.delete(from);
      const [only] = into;
      if (only !== undefined && into.size === 1) merges.push({ from, into: only, reasons });
    }
    return merges;
  }

  function reasonsOf(member: LiveAlert, story: Story, set: readonly Story[]): Reason[] {
    const spoken = links.get(story.key);
    const across = set.length > 1 && spoken !== undefined ? spoken.reasons : [];
    const partner = story.members
      .filter((other) => other !== member)
      .sort((a, b) => pairScore(member, b) - pairScore(member, a) || a.serial - b.serial)[0];
    if (partner === undefined && across.length === 0)
      return [{ signal: "alone", score: 0, because: "nothing that fired near it in time fits it" }];
    const reasons: Reason[] = [...across];
    if (partner !== undefined) {
      const whom = `with ${partner.seen.alert.name} on ${partner.seen.entity ?? "no named service"}`;
      for (const reason of reasonsBetween(member, partner))
        reasons.push({ ...reason, because: `${whom}: ${reason.because}` });
    }
    return reasons.sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, maxReasons);
  }

  function reasonsBetween(a: LiveAlert, b: LiveAlert): Reason[] {
    const [early, late] = a.at <= b.at ? [a.seen, b.seen] : [b.seen, a.seen];
    const reasons: Reason[] = [];
    for (const signal of signals) {
      const score = signal.score(early, late, context);
      if (score === null) continue;
      const weighted = score * (clustering.signals[signal.name] ?? 1);
      reasons.push({ signal: signal.name, score: weighted, because: signal.because(early, late, context) });
    }
    return reasons;
  }

  function compare(a: string, b: string): Comparison | null {
    const [left, right] = [live.get(a), live.get(b)];
    if (left === undefined || right === undefined) return null;
    const because = `pairs of one incident score above ${clustering.threshold} on average`;
    const reasons = [
      ...reasonsBetween(left, right),
      { signal: "threshold", score: -clustering.threshold, because },
    ];
    return { score: reasons.reduce((sum, reason) => sum + reason.score, 0), reasons };
  }

  // ---------- forgetting ----------

  function forget(): void {
    if (watermark < forgottenAt + forgetEveryMs && cells.size <= maxSessions) return;
    forgottenAt = watermark;
    let sessions = 0;
    for (const [key, cell] of cells) {
      const kept = cell.sessions.filter((session) => session.last + liveMs >= watermark);
      if (kept.length < cell.sessions.length) keepOnly(cell, kept);
      sessions += cell.sessions.length;
      if (cell.members.length === 0) cells.delete(key);
    }
    if (sessions > maxSessions) dropOldest(sessions - maxSessions);
    if (placed.size > maxPlaced) {
      let excess = placed.size - maxPlaced;
      for (const key of placed.keys()) {
        if (excess <= 0) break;
        placed.delete(key);
        excess -= 1;
      }
    }
  }

  function keepOnly(cell: Cell, sessions: Session[]): void {
    const kept = new Set(sessions);
    const members: LiveAlert[] = [];
    let offset = 0;
    for (const session of cell.sessions) {
      const own = cell.members.slice(offset, offset + session.count);
      offset += session.count;
      if (kept.has(session)) members.push(...own);
      else {
        takeDown(session);
        for (const member of own) release(member);
      }
    }
    cell.sessions = sessions;
    cell.members = members;
  }

  function release(member: LiveAlert): void {
    live.delete(member.seen.key);
    if (member.incidentId !== null) memberCounts.delete(member.incidentId);
  }

  function dropOldest(count: number): void {
    const all = [...cells.values()].flatMap((cell) => cell.sessions.map((session) => ({ cell, session })));
    for (const { cell, session } of all.sort((a, b) => a.session.last - b.session.last).slice(0, count)) {
      keepOnly(
        cell,
        cell.sessions.filter((other) => other !== session),
      );
      droppedSessions += 1;
    }
  }

  return {
    observe(observations, now) {
      const placements: Placement[] = [];
      const merges: Merge[] = [];
      const dirty = new Set<Cell>();
      let fresh: LiveAlert[] = [];
      const arrived = new Map<Cell, number>();

      function flush(): void {
        const spans = [...dirty].flatMap(renew);
        dirty.clear();
        arrived.clear();
        if (spans.length > 0) {
          const result = settle(bridge(spans));
          placements.push(...result.placements);
          merges.push(...result.merges);
        }
        placements.push(...fresh.flatMap(placeUnweighed));
        fresh = [];
      }

      for (const observation of observations) {
        if (observation.kind === "ruling") continue;
        if (observation.kind === "change") takeChange(observation.change);
        else if (observation.kind === "topology") {
          if (!isNewTopology(observation.topology)) continue;
          flush();
          takeTopology(observation.topology);
          for (const cell of cells.values()) dirty.add(cell);
        } else {
          const cell = takeAlert(observation.key, observation.alert, now.getTime());
          if (cell === null) continue;
          dirty.add(cell);
          const member = live.get(observation.key);
          if (member?.incidentId === null) fresh.push(member);
          const count = (arrived.get(cell) ?? 0) + 1;
          arrived.set(cell, count);
          // More at once than a session weighs: told in parts, or the first of them would never be weighed.
          if (count >= maxArrivals) flush();
        }
      }
      flush();
      forget();
      return { placements, merges, splits: [] };
    },
    compare,
    remembers: (key) => placed.has(key),
    restore(memory) {
      history = createHistory(maxTypes);
      [cells, live, stories, placed, memberCounts] = [new Map(), new Map(), new Map(), new Map(), new Map()];
      [shelf, links, forgottenAt] = [createShelf(), createLinks(), Number.NEGATIVE_INFINITY];
      changes = [];
      [watermark, nextId] = [Number.NEGATIVE_INFINITY, memory.nextIncidentId];
      isNewTopology(memory.topology);
      takeTopology(memory.topology);
      for (const change of memory.changes) takeChange(change);
      for (const { key, alert, incidentId } of memory.alerts) {
        addAlert(key, alert, incidentId);
        placed.set(key, incidentId);
        memberCounts.set(incidentId, (memberCounts.get(incidentId) ?? 0) + 1);
        watermark = Math.max(watermark, alert.startsAt.getTime());
      }
      for (const cell of cells.values()) renew(cell);
      forget();
      bridge([...cells.values()].flatMap((cell) => cell.sessions));
    },
    weighs: (key) => live.has(key),
    nextIncidentId: () => nextId,
    takeIncidentId() {
      nextId += 1;
      return nextId - 1;
    },
    sizes: () => ({
      cells: cells.size,
      alerts: live.size,
      types: history.types,
      label_values: history.labelValues,
      bridges: links.size(),
      placed: placed.size,
      dropped_sessions: droppedSessions,
    }),
  };
}
