/**
 * Which stories keep company: what hangs together through bridges, and what people ruled. A set is one incident.
 * Where people ruled, alerts that they put together are pieces of their own; first these bonds are kept, then each
 * piece stays with its story, then the best bridges hold; nothing is joined that people hold apart.
 */
import type { LiveStories } from "./live-stories.ts";
import { areOpposed, type Rulings, type Side } from "./rulings.ts";
import { byStart, type LiveAlert, type Story } from "./sessions.ts";
import type { Links } from "./story-index.ts";

/** A story, or what is left of it when people moved some of its alerts elsewhere, or these. */
export interface Piece {
  readonly story: Story;
  readonly members: readonly LiveAlert[];
}

/** Pieces in order of start. */
export type Company = readonly Piece[];

export interface CompanyKeeper {
  /** The sets that some stories are part of. */
  of(stories: Iterable<Story>): Company[];
  /** Whether people hold two stories apart. */
  areApart(a: Story, b: Story): boolean;
}

/** @param links - bridges between the live stories. */
export function createCompanyKeeper(live: LiveStories, links: () => Links, rulings: Rulings): CompanyKeeper {
  function* neighbours(story: Story): Generator<Story> {
    const to = links().get(story.key)?.to;
    const target = to === undefined ? undefined : live.story(to);
    if (target !== undefined) yield target;
    for (const key of links().inward(story.key)) {
      const source = live.story(key);
      if (source !== undefined) yield source;
    }
    if (rulings.size() === 0) return;
    for (const { key } of story.members)
      for (const other of rulings.bondOf(key)?.keys ?? []) {
        const bound = live.alert(other)?.story;
        if (bound !== null && bound !== undefined) yield bound;
      }
  }

  /** Most stories, by far: nothing leads to or from them. */
  function isOnItsOwn({ key }: Story): boolean {
    return rulings.size() === 0 && links().get(key) === undefined && !links().isTarget(key);
  }

  /** A set being walked also yields what is added meanwhile. */
  function connectedTo(start: Story): Story[] {
    const set = new Set([start]);
    for (const story of set) for (const other of neighbours(story)) set.add(other);
    return set.size === 1 ? [start] : [...set].sort(byStart);
  }

  function isRuledOn(story: Story): boolean {
    return rulings.size() > 0 && story.members.some(({ key }) => rulings.bondOf(key) !== null);
  }

  function sidesOf(members: readonly LiveAlert[]): Map<number, Side> {
    const sides = new Map<number, Side>();
    for (const { key } of members)
      for (const [id, side] of rulings.bondOf(key)?.sides ?? []) sides.set(id, side);
    return sides;
  }

  /** The alerts that people put together with others leave their story as pieces of their own. */
  function piecesOf(story: Story): Piece[] {
    const bound = story.members.filter(({ key }) => (rulings.bondOf(key)?.keys.length ?? 0) > 1);
    const others =
      bound.length === 0 ? story.members : story.members.filter((member) => !bound.includes(member));
    const rest = others.length === 0 ? [] : [{ story, members: others }];
    return [...rest, ...bound.map((member) => ({ story, members: [member] }))];
  }

  function obey(stories: readonly Story[]): Company[] {
    const pieces = stories.flatMap(piecesOf);
    const sets = createSets(pieces.map(({ members }) => sidesOf(members)));
    const byBond = new Map<object, number>();
    const byStory = new Map<Story, number>();
    for (const [index, { story, members }] of pieces.entries()) {
      if (!byStory.has(story)) byStory.set(story, index);
      const [only, ...more] = members;
      const bond = only === undefined || more.length > 0 ? null : rulings.bondOf(only.key);
      if (bond === null) continue;
      const home = byBond.get(bond);
      if (home === undefined) byBond.set(bond, index);
      else sets.join(home, index);
    }
    for (const [index, { story }] of pieces.entries()) sets.join(byStory.get(story) ?? index, index);
    for (const { from, to } of bridgesAmong(stories)) {
      const [a, b] = [byStory.get(from), byStory.get(to)];
      if (a !== undefined && b !== undefined) sets.join(a, b);
    }
    return sets.all().map((indices) => indices.flatMap((index) => pieces[index] ?? []));
  }

  /** The best first. */
  function bridgesAmong(stories: readonly Story[]) {
    return stories
      .flatMap((from) => {
        const bridge = links().get(from.key);
        const to = bridge === undefined ? undefined : live.story(bridge.to);
        return bridge === undefined || to === undefined ? [] : [{ from, to, score: bridge.score }];
      })
      .sort((a, b) => b.score - a.score || byStart(a.from, b.from));
  }

  return {
    of(stories) {
      const sets: Company[] = [];
      const seen = new Set<Story>();
      for (const start of [...stories].sort(byStart)) {
        if (seen.has(start)) continue;
        if (isOnItsOwn(start)) {
          sets.push([{ story: start, members: start.members }]);
          continue;
        }
        const connected = connectedTo(start);
        for (const story of connected) seen.add(story);
        if (rulings.size() > 0 && connected.some(isRuledOn)) sets.push(...obey(connected));
        else sets.push(connected.map((story) => ({ story, members: story.members })));
      }
      return sets;
    },
    areApart: (a, b) => isRuledOn(a) && isRuledOn(b) && areOpposed(sidesOf(a.members), sidesOf(b.members)),
  };
}

/** Numbers 0 to n - 1 that are joined into sets, unless rulings are against it. */
function createSets(sides: readonly Map<number, Side>[]) {
  const sets = sides.map((side, index) => ({ sides: new Map(side), indices: [index] }));
  return {
    join(a: number, b: number): void {
      const [home, gone] = [sets[a], sets[b]];
      if (home === undefined || gone === undefined || home === gone) return;
      if (areOpposed(home.sides, gone.sides)) return;
      for (const [id, side] of gone.sides) home.sides.set(id, side);
      home.indices.push(...gone.indices);
      for (const index of gone.indices) sets[index] = home;
    },
    all: () => [...new Set(sets)].map(({ indices }) => indices.sort((a, b) => a - b)),
  };
}
