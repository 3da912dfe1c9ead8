/**
 * The alerts of the last quarter of an hour, in cells and sessions, and the stories they tell. Only sessions that
 * something happened to are told anew; of a session's stories only those that came out different are new ones.
 */
import { createPairScores } from "./pair-scores.ts";
import { type PartitionWeights, partition } from "./partition.ts";
import type { Roots } from "./root-votes.ts";
import { areApart, type Rulings } from "./rulings.ts";
import { partOf } from "./seen-alert.ts";
import {
  type Cell,
  insertMember,
  type LiveAlert,
  lastOf,
  recut,
  type Session,
  type Story,
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
  alerts(): Iterable<LiveAlert>;
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
}

/** Starts empty. */
export function createLiveStories({ scoreOf, rootsOf, rulings, weights }: LiveStoriesOptions): LiveStories {
  const cells = new Map<string, Cell>();
  const live = new Map<string, LiveAlert>();
  const stories = new Map<string, Story>();
  const shelf = createShelf();
  const arrived = new Map<Cell, number>();
  /** To be told anew. */
  const touched = new Set<Session>();
  const grown = new Set<Session>();
  let sessions = 0;

  function cellFor(member: LiveAlert): Cell {
    const key = partOf(member.seen);
    const known = cells.get(key);
    if (known !== undefined) return known;
    const cell: Cell = { key, sessions: [] };
    cells.set(key, cell);
    return cell;
  }

  function swallow(into: Session, swallowed: readonly Session[]): void {
    for (const session of swallowed) touched.delete(session);
    if (swallowed.length > 0) into.scores = null;
  }

  function tellSession(session: Session): Retold {
    const weighed = weighedOf(session);
    if (weighed.length === 1 && session.stories.length === 0) {
      const story = storyOf(session.cell, weighed.slice());
      session.stories = [story];
      return { gone: [], told: [story] };
    }
    const before = session.stories;
    const stories: Story[] = [];
    const told: Story[] = [];
    for (const members of groupsOf(session, weighed)) {
      const known = members[0]?.story ?? null;
      const isKept = known !== null && before.includes(known) && isSame(known, members);
      const story = isKept ? known : storyOf(session.cell, members);
      if (!isKept) told.push(story);
      stories.push(story);
    }
    session.stories = stories;
    for (const member of weighed) member.isNews = false;
    if (weighed.length < session.members.length)
      for (const member of session.members.slice(0, -weighed.length)) member.story = null;
    return { gone: before.filter((story) => !stories.includes(story)), told };
  }

  function groupsOf(session: Session, weighed: readonly LiveAlert[]): readonly (readonly LiveAlert[])[] {
    if (weighed.length === 1) return [weighed.slice()];
    const asked = {
      scoreOf: scoreWithin(session, weighed),
      rootsOf: (index: number) => rootsOf(at(weighed, index)),
      areApart: apartWithin(weighed),
    };
    return partition(weighed, asked, weights).map((group) => group.map((index) => at(weighed, index)));
  }

  function scoreWithin(session: Session, weighed: readonly LiveAlert[]) {
    const scores = session.scores ?? createPairScores(scoreOf);
    session.scores = scores;
    scores.seat(weighed);
    return (a: number, b: number) => scores.between(at(weighed, a), at(weighed, b));
  }

  function apartWithin(weighed: readonly LiveAlert[]) {
    if (rulings.size === 0) return null;
    const bonds = weighed.map(({ seen }) => rulings.bondOf(seen.key));
    if (bonds.every((bond) => bond === null)) return null;
    return (a: number, b: number) => areApart(bonds[a] ?? null, bonds[b] ?? null);
  }

  function remove(cell: Cell, index: number): Expired {
    const [session] = cell.sessions.splice(index, 1);
    if (session === undefined) return { stories: [], alerts: [] };
    sessions -= 1;
    touched.delete(session);
    grown.delete(session);
    for (const story of session.stories) takeDown(story);
    for (const { seen } of session.members) live.delete(seen.key);
    if (cell.sessions.length === 0) cells.delete(cell.key);
    return { stories: session.stories, alerts: session.members };
  }

  function takeDown(story: Story): void {
    shelf.remove(story);
    if (stories.get(story.key) === story) stories.delete(story.key);
  }

  return {
    alert: (key) => live.get(key),
    alerts: () => live.values(),
    story: (key) => stories.get(key),
    within: shelf.within,
    add(member) {
      const cell = cellFor(member);
      const before = cell.sessions.length;
      const { session, swallowed } = insertMember(cell, member);
      sessions += cell.sessions.length - before;
      swallow(session, swallowed);
      live.set(member.seen.key, member);
      touched.add(session);
      grown.add(session);
      arrived.set(cell, (arrived.get(cell) ?? 0) + 1);
    },
    update(member) {
      const { session } = member;
      if (session === null) return;
      member.isNews = true;
      const { cell } = session;
      const before = cell.sessions.length;
      const { pieces, swallowed } = recut(session);
      sessions += cell.sessions.length - before;
      session.scores?.forget(member);
      for (const piece of pieces) touched.add(piece);
      const last = pieces.at(-1);
      if (last !== undefined) swallow(last, swallowed);
    },
    touch: ({ session }) => {
      if (session !== null) touched.add(session);
    },
    waiting: ({ session }) => (session === null ? 0 : (arrived.get(session.cell) ?? 0)),
    tell() {
      const gone: Story[] = [];
      const told: Story[] = [];
      for (const session of touched) {
        const retold = tellSession(session);
        gone.push(...retold.gone);
        told.push(...retold.told);
      }
      touched.clear();
      arrived.clear();
      for (const story of gone) takeDown(story);
      for (const story of told) {
        shelf.add(story);
        stories.set(story.key, story);
      }
      return { gone, told };
    },
    trim() {
      const gone = [...grown].flatMap(trim);
      grown.clear();
      for (const { seen } of gone) live.delete(seen.key);
      return gone;
    },
    expire(before) {
      const expired = { stories: [] as Story[], alerts: [] as LiveAlert[] };
      // In order of start, and without overlap: the first that is young enough ends it.
      for (const cell of cells.values())
        for (let oldest = cell.sessions[0]; oldest !== undefined && lastOf(oldest) < before; ) {
          const removed = remove(cell, 0);
          expired.stories.push(...removed.stories);
          expired.alerts.push(...removed.alerts);
          oldest = cell.sessions[0];
        }
      return expired;
    },
    shrink(to) {
      const removed = { stories: [] as Story[], alerts: [] as LiveAlert[], sessions: 0 };
      if (live.size <= to.alerts && sessions <= to.sessions) return removed;
      const oldest = [...cells.values()].flatMap((cell) => cell.sessions);
      for (const session of oldest.sort((a, b) => lastOf(a) - lastOf(b))) {
        if (live.size <= to.alerts && sessions <= to.sessions) break;
        const { stories, alerts } = remove(session.cell, session.cell.sessions.indexOf(session));
        removed.stories.push(...stories);
        removed.alerts.push(...alerts);
        removed.sessions += 1;
      }
      return removed;
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
    sizes: () => ({ cells: cells.size, sessions, alerts: live.size }),
  };
}

/** @throws RangeError when there is none of that index. */
function at(members: readonly LiveAlert[], index: number): LiveAlert {
  const member = members[index];
  if (member === undefined) throw new RangeError(`member ${index} of ${members.length}`);
  return member;
}

function isSame(story: Story, members: readonly LiveAlert[]): boolean {
  if (story.members.length !== members.length) return false;
  for (let place = 0; place < members.length; place += 1) {
    const member = members[place];
    if (member?.isNews !== false || member !== story.members[place]) return false;
  }
  return true;
}

function storyOf(cell: Cell, members: readonly LiveAlert[]): Story {
  const [first, last] = [members[0], members[members.length - 1]];
  const story: Story = {
    cell: cell.key,
    members,
    first: first?.at ?? 0,
    last: last?.at ?? 0,
    key: first?.seen.key ?? "",
    fits: null,
  };
  for (const member of members) member.story = story;
  return story;
}
