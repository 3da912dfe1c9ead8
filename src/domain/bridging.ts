/** Keeps the bridges between live stories: what appeared, or went, is asked for anew with all that is near it. */
import { type Asking, bridgeOf, maxNear } from "./bridges.ts";
import type { LiveStories, Retold } from "./live-stories.ts";
import type { Story } from "./sessions.ts";
import { byStart, createLinks, type Links } from "./story-index.ts";

export interface Bridging {
  readonly links: Links;
  /**
   * Asks for the bridges near what changed. Returns the stories whose company may be another now: new ones, those
   * that a story now gone led to or from, and both ends of bridges that came or went.
   */
  renew(retold: Retold): Set<Story>;
  /** Forgets the bridges of stories that are no longer live. */
  drop(stories: Iterable<Story>): void;
}

/** Where this many alerts came in two hours, of any type, being near in time says nothing. */
const busyAlerts = 3_000;

/** Starts without a bridge. */
export function createBridging(live: LiveStories, asking: Asking): Bridging {
  const links = createLinks();
  const { gapMs } = asking.weights;

  function isBusyAt(at: number): boolean {
    return asking.context.history.lately(at) > busyAlerts;
  }

  /** Stories whose bridges a change may reach. */
  function within({ gone, told }: Retold): Story[] {
    const reached = new Set<Story>();
    for (const { first, last } of [...gone, ...told])
      if (!isBusyAt(first))
        for (const story of live.within(first - gapMs, last + gapMs, maxNear) ?? []) reached.add(story);
    for (const story of told) reached.add(story);
    for (const story of gone)
      for (const key of links.inward(story.key)) {
        const source = live.story(key);
        if (source !== undefined) reached.add(source);
      }
    return [...reached];
  }

  /** All that is near any of some stories, in order of start. */
  function around(stories: readonly Story[]): Story[] {
    const found = new Set<Story>();
    for (const { first, last } of spansOf(stories, gapMs))
      for (const story of live.within(first - gapMs, last + gapMs, Number.POSITIVE_INFINITY) ?? [])
        found.add(story);
    return [...found].sort(byStart);
  }

  return {
    links,
    renew(retold) {
      const changed = new Set(retold.told);
      const note = (key: string | undefined) => {
        const story = key === undefined ? undefined : live.story(key);
        if (story !== undefined) changed.add(story);
      };
      const reached = within(retold);
      for (const { key } of retold.gone) {
        note(links.get(key)?.to);
        for (const source of links.inward(key)) note(source);
        if (live.story(key) === undefined) links.remove(key);
      }
      const asked = reached.filter((story) => !isBusyAt(story.first));
      const near = around(asked);
      for (const story of reached) {
        const before = links.get(story.key);
        const found = isBusyAt(story.first) ? null : bridgeOf(story, near, asking);
        if (found === null) links.remove(story.key);
        else links.set(story.key, found);
        if (before?.to === found?.to) continue;
        changed.add(story);
        note(before?.to);
        note(found?.to);
      }
      return changed;
    },
    drop(stories) {
      for (const { key } of stories) links.remove(key);
    },
  };
}

interface Span {
  readonly first: number;
  last: number;
}

/** The times that stories cover, joined where they are near one another. */
function spansOf(stories: readonly Story[], gapMs: number): readonly Span[] {
  const spans: Span[] = [];
  for (const { first, last } of [...stories].sort(byStart)) {
    const open = spans.at(-1);
    if (open !== undefined && first <= open.last + 2 * gapMs) open.last = Math.max(open.last, last);
    else spans.push({ first, last });
  }
  return spans;
}
