/**
 * The alerts of the last quarter of an hour, in cells and sessions, and the stories they tell. Only sessions that
 * something happened to are told anew; of a session's stories only those that came out different are new ones.
 */
import type { AlertMemory } from "./alert-memory.ts";
import { type Folded, foldCopies } from "./copies.ts";
import { createPairScores, forgetScores, seat } from "./pair-scores.ts";
import {
  joinedOf,
  memberAt,
  type PartitionQuestions,
  type PartitionWeights,
  partition,
} from "./partition.ts";
import type { Roots } from "./root-votes.ts";
import { areApart, type Rulings } from "./rulings.ts";
import { type PartKind, partKindOf, partNameOf } from "./seen-alert.ts";
import {
  type Cell,
  createCell,
  insertMember,
  type LiveAlert,
  lastOf,
  maxKeptMembers,
  recut,
  type Session,
  type Story,
  scoreWithin,
  trim,
  weighedOf,
} from "./sessions.ts";
import { createShelf } from "./story-index.ts";

/** Stories that are no more, and those that were not there before. */
export interface Retold {
  readonly gone: readonly Story[];
  readonly told: readonly Story[];
}

export interface LiveStories {
  alert(key: string): LiveAlert | undefined;
  story(key: string): Story | undefined;
  /** Stories that overlap with a time, ms; null when they are more than `most`. */
  within(first: number, last: number, most: number): readonly Story[] | null;
  add(member: LiveAlert): void;
  /** The end of an alert became known, or changed. */
  update(member: LiveAlert): void;
  /** Has the alert's session told anew at the next opportunity. */
  touch(member: LiveAlert): void;
  /** Alerts that came into the session's part of the system since it was last told. */
  waiting(member: LiveAlert): number;
  /** Tells what changed since the last call. */
  tell(): Retold;
  /** Alerts that their sessions need no longer; they are forgotten. */
  trim(): readonly LiveAlert[];
  /** Forgets sessions whose last alert began before a time. */
  expire(before: number): Expired;
  /** Forgets the sessions that ended first until no more than so many alerts and sessions are left. */
  shrink(to: { readonly alerts: number; readonly sessions: number }): Expired & { readonly sessions: number };
  /** The groups of a session before strays were put out of them, in order of start; worked out anew. */
  joined(session: Session): readonly (readonly LiveAlert[])[];
  /** The alert nearest in time in the same session, or next to it, that has an incident. */
  neighbourOf(member: LiveAlert, reachMs: number): LiveAlert | null;
  sizes(): { readonly cells: number; readonly sessions: number; readonly alerts: number };
}

export interface Expired {
  readonly stories: readonly Story[];
  readonly alerts: readonly LiveAlert[];
}

export interface LiveStoriesOptions {
  /** Log-odds that two alerts belong together, the earlier one first. */
  readonly scoreOf: (early: LiveAlert, late: LiveAlert) => number;
  /** What an alert votes for as the root. */
  readonly rootsOf: (member: LiveAlert) => Roots;
  readonly rulings: Rulings;
  readonly weights: PartitionWeights;
  /** Where alerts are found by their keys; it may know more than are live here. */
  readonly memory: AlertMemory;
}

/** Starts empty. */
export function createLiveStories(options: LiveStoriesOptions): LiveStories {
  const { scoreOf, rootsOf, rulings, weights, memory } = options;
  /** By kind, then by name: joined into one text, each would have to be hashed anew. */
  const cells: Readonly<Record<PartKind, Map<string, Cell>>> = {
    part: new Map(),
    service: new Map(),
    nameless: new Map(),
  };
  const shelf = createShelf();
  /** Cells that alerts came into since they were last told. */
  let arrived: Cell[] = [];
  /** To be told anew. */
  const touched = new Set<Session>();
  /** Those with more alerts than are kept. */
  const overfull = new Set<Session>();
  let sessions = 0;
  let live = 0;

  const questions: PartitionQuestions<LiveAlert> = {
    scoreOf: (a, b) => scoreWithin(a, b, scoreOf),
    rootsOf,
    areApart: null,
  };
  const ruledQuestions: PartitionQuestions<LiveAlert> = {
    ...questions,
    areApart: (a, b) => areApart(rulings.bondOf(a.key), rulings.bondOf(b.key)),
  };

  function cellFor(member: LiveAlert): Cell {
    const kind = partKindOf(member);
    const name = partNameOf(member);
    const known = cells[kind].get(name);
    if (known !== undefined) return known;
    const cell = createCell(kind, name);
    cells[kind].set(name, cell);
    return cell;
  }

  function allCells(): readonly Cell[] {
    return [...cells.part.values(), ...cells.service.values(), ...cells.nameless.values()];
  }

  function swallow(into: Session, swallowed: readonly Session[]): void {
    if (swallowed.length === 0) return;
    for (const session of swallowed) {
      touched.delete(session);
      overfull.delete(session);
    }
    into.scores = null;
  }

  function noteSize(session: Session): void {
    if (session.members.length > maxKeptMembers) overfull.add(session);
  }

  /** Adds to the stories that are no more, and to those that were not there before. */
  function tellSession(session: Session, gone: Story[], told: Story[]): void {
    const weighed = weighedOf(session);
    if (weighed.length === 1 && session.stories.length === 0) {
      const story = storyOf(session.cell, weighed);
      session.stories = [story];
      told.push(story);
      return;
    }
    const before = session.stories;
    const stories: Story[] = [];
    for (const group of groupsOf(session, weighed)) {
      const known = weighed[group[0] ?? -1]?.story ?? null;
      const isKept = known !== null && before.includes(known) && isSame(known, group, weighed);
      const story = isKept
        ? known
        : storyOf(
            session.cell,
            group.map((index) => memberAt(weighed, index)),
          );
      if (!isKept) told.push(story);
      stories.push(story);
    }
    session.stories = stories;
    for (const member of weighed) member.isNews = false;
    if (weighed.length < session.members.length)
      for (const member of session.members.slice(0, -weighed.length)) member.story = null;
    for (const story of before) if (!stories.includes(story)) gone.push(story);
  }

  /** Indices of the alerts of each story. */
  function groupsOf(session: Session, weighed: readonly LiveAlert[]): readonly (readonly number[])[] {
    if (weighed.length > 1) {
      session.scores ??= createPairScores();
      seat(session.scores, weighed);
    }
    const { firsts, unfold } = folded(weighed);
    return unfold(partition(firsts, questionsOf(weighed), weights));
  }

  /** Copies of a service as one; those that people ruled on stand for themselves. */
  function folded(weighed: readonly LiveAlert[]): Folded<LiveAlert> {
    return foldCopies(weighed, rulings.size() > 0 ? isRuledOn : null);
  }

  function questionsOf(weighed: readonly LiveAlert[]): PartitionQuestions<LiveAlert> {
    return isAnyRuledOn(weighed) ? ruledQuestions : questions;
  }

  function isAnyRuledOn(weighed: readonly LiveAlert[]): boolean {
    return rulings.size() > 0 && weighed.some(isRuledOn);
  }

  function isRuledOn({ key }: LiveAlert): boolean {
    return rulings.bondOf(key) !== null;
  }

  /** Forgets some of a cell's sessions that follow one another, and adds what they had to the lists. */
  function remove(
    cell: Cell,
    { from, count }: { readonly from: number; readonly count: number },
    { stories, alerts }: { readonly stories: Story[]; readonly alerts: LiveAlert[] },
  ): void {
    for (const session of cell.sessions.splice(from, count)) {
      sessions -= 1;
      touched.delete(session);
      overfull.delete(session);
      for (const story of session.stories) {
        shelf.remove(story);
        stories.push(story);
      }
      for (const member of session.members) {
        memory.retire(member);
        live -= 1;
        alerts.push(member);
      }
    }
    if (cell.sessions.length === 0) cells[cell.kind].delete(cell.name);
  }

  return {
    alert: memory.live,
    story(key) {
      const story = memory.live(key)?.story ?? null;
      return story?.key === key ? story : undefined;
    },
    within: shelf.within,
    add(member) {
      const cell = cellFor(member);
      const before = cell.sessions.length;
      const { session, swallowed } = insertMember(cell, member);
      sessions += cell.sessions.length - before;
      swallow(session, swallowed);
      memory.add(member);
      live += 1;
      touched.add(session);
      noteSize(session);
      if (cell.arrived === 0) arrived.push(cell);
      cell.arrived += 1;
    },
    update(member) {
      const { session } = member;
      if (session === null) return;
      member.isNews = true;
      const { cell } = session;
      const before = cell.sessions.length;
      const { pieces, swallowed } = recut(session);
      sessions += cell.sessions.length - before;
      if (session.scores !== null) forgetScores(session.scores, member);
      for (const piece of pieces) touched.add(piece);
      const last = pieces.at(-1);
      if (last === undefined) return;
      swallow(last, swallowed);
      noteSize(last);
    },
    touch: ({ session }) => {
      if (session !== null) touched.add(session);
    },
    waiting: ({ session }) => session?.cell.arrived ?? 0,
    tell() {
      const gone: Story[] = [];
      const told: Story[] = [];
      for (const session of touched) tellSession(session, gone, told);
      touched.clear();
      for (const cell of arrived) cell.arrived = 0;
      arrived = [];
      for (const story of gone) shelf.remove(story);
      for (const story of told) shelf.add(story);
      return { gone, told };
    },
    trim() {
      if (overfull.size === 0) return [];
      const gone = [...overfull].flatMap(trim);
      overfull.clear();
      for (const member of gone) memory.retire(member);
      live -= gone.length;
      return gone;
    },
    expire(before) {
      const expired = { stories: [] as Story[], alerts: [] as LiveAlert[] };
      for (const cell of allCells()) {
        // In order of start, and without overlap: the first that is young enough ends it.
        const young = cell.sessions.findIndex((session) => lastOf(session) >= before);
        const old = young === -1 ? cell.sessions.length : young;
        if (old > 0) remove(cell, { from: 0, count: old }, expired);
      }
      return expired;
    },
    shrink(to) {
      const removed = { stories: [] as Story[], alerts: [] as LiveAlert[], sessions: 0 };
      if (live <= to.alerts && sessions <= to.sessions) return removed;
      const oldest = allCells().flatMap((cell) => cell.sessions);
      for (const session of oldest.sort((a, b) => lastOf(a) - lastOf(b))) {
        if (live <= to.alerts && sessions <= to.sessions) break;
        const { cell } = session;
        remove(cell, { from: cell.sessions.indexOf(session), count: 1 }, removed);
        removed.sessions += 1;
      }
      return removed;
    },
    joined(session) {
      const weighed = weighedOf(session);
      const { firsts, unfold } = folded(weighed);
      const groups = joinedOf(firsts, questionsOf(weighed), weights);
      if (groups === null) return weighed.map((member) => [member]);
      const places = unfold(groups.map(({ members }) => members));
      return places.map((group) => group.map((index) => memberAt(weighed, index)));
    },
    neighbourOf(member, reachMs) {
      const cell = member.session?.cell;
      let nearest: LiveAlert | null = null;
      let distance = reachMs;
      for (const session of cell?.sessions ?? [])
        for (const other of session.members) {
          const away = Math.abs(other.at - member.at);
          if (other === member || other.incidentId === null || away > distance) continue;
          if (away === distance && nearest !== null) continue;
          [nearest, distance] = [other, away];
        }
      return nearest;
    },
    sizes: () => ({ cells: allCells().length, sessions, alerts: live }),
  };
}

/** Whether a story has the alerts of a group, and none of them was heard of since. */
function isSame(story: Story, group: readonly number[], weighed: readonly LiveAlert[]): boolean {
  if (story.members.length !== group.length) return false;
  for (let place = 0; place < group.length; place += 1) {
    const member = weighed[group[place] ?? -1];
    if (member?.isNews !== false || member !== story.members[place]) return false;
  }
  return true;
}

function storyOf(cell: Cell, members: readonly LiveAlert[]): Story {
  const story: Story = { cell: cell.key, members, key: members[0]?.key ?? "", fits: null };
  for (const member of members) member.story = story;
  return story;
}
