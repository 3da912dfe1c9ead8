/** Keeps the bridges between live stories: what appeared, or went, is asked for anew with all that is near it. */
import { type Asking, type Bridge, bridgeOf, maxNear, type WeighedBridge, weighBridge } from "./bridges.ts";
import type { LiveStories, Retold } from "./live-stories.ts";
import { byStart, firstOf, lastOf, type Story } from "./sessions.ts";
import { createLinks, type Links } from "./story-index.ts";

export interface Bridging {
  readonly links: Links;
  /**
   * Asks for the bridges near what changed. Returns the stories whose company may be another now: new ones, those
   * that a story now gone led to or from, and both ends of bridges that came or went.
   */
  renew(retold: Retold): Set<Story>;
  /** What a bridge from a story to a stronger one scores now; null where so much is near that none is looked at. */
  weigh(story: Story, other: Story): WeighedBridge | null;
  /** Forgets the bridges of stories that are no longer live. */
  drop(stories: Iterable<Story>): void;
}

/** Where this many alerts came in two hours, of any type, being near in time says nothing. */
const busyAlerts = 3_000;
const minuteMs = 60_000;

/** Starts without a bridge. */
export function createBridging(live: LiveStories, asking: Asking): Bridging {
  const links = createLinks();
  const { gapMs } = asking.weights;

  /** By minute, within one renewal: a batch asks for the same few again and again. */
  const busy = new Map<number, boolean>();
  function isBusyAt(at: number): boolean {
    const minute = Math.floor(at / minuteMs);
    const known = busy.get(minute) ?? asking.context.history.lately(at) > busyAlerts;
    busy.set(minute, known);
    return known;
  }

  /** Stories whose bridges a change may reach, and those among the new ones with too much around them for any. */
  function within({ gone, told }: Retold): { readonly asked: Set<Story>; readonly lost: Set<Story> } {
    const asked = new Set<Story>();
    const lost = new Set<Story>();
    for (const story of gone) {
      for (const other of nearOf(story) ?? []) asked.add(other);
      for (const key of links.inward(story.key)) {
        const source = live.story(key);
        if (source !== undefined) asked.add(source);
      }
    }
    for (const story of told) {
      const near = nearOf(story);
      if (near === null) lost.add(story);
      for (const other of near ?? []) asked.add(other);
    }
    for (const story of asked) if (isBusyAt(firstOf(story))) lost.add(story);
    for (const story of lost) asked.delete(story);
    return { asked, lost };
  }

  /** Null where so much is near that it says nothing. */
  function nearOf(story: Story): readonly Story[] | null {
    const first = firstOf(story);
    return isBusyAt(first) ? null : live.within(first - gapMs, lastOf(story) + gapMs, maxNear);
  }

  /** All that is near any of some stories, in order of start. */
  function around(stories: Iterable<Story>): Story[] {
    const found = new Set<Story>();
    for (const { first, last } of spansOf(stories, gapMs))
      for (const story of live.within(first - gapMs, last + gapMs, Number.POSITIVE_INFINITY) ?? [])
        found.add(story);
    return [...found].sort(byStart);
  }

  return {
    links,
    renew(retold) {
      busy.clear();
      const changed = new Set(retold.told);
      const note = (key: string | undefined) => {
        const story = key === undefined ? undefined : live.story(key);
        if (story !== undefined) changed.add(story);
      };
      const put = (story: Story, found: Bridge | null) => {
        const before = links.get(story.key);
        if (found === null) links.remove(story.key);
        else links.set(story.key, found);
        // Where people hold stories apart, the best bridges win: another score may mean another company.
        if (before?.to === found?.to && (asking.separation() === null || before?.score === found?.score))
          return;
        changed.add(story);
        note(before?.to);
        note(found?.to);
      };
      const { asked, lost } = within(retold);
      for (const { key } of retold.gone) {
        note(links.get(key)?.to);
        for (const source of links.inward(key)) note(source);
        if (live.story(key) === undefined) links.remove(key);
      }
      asking.leftOut.bridges += lost.size;
      for (const story of lost) put(story, null);
      const near = around(asked);
      for (const story of asked) put(story, bridgeOf(story, near, asking));
      return changed;
    },
    weigh(story, other) {
      busy.clear();
      return nearOf(story) === null ? null : weighBridge(story, other, around([story]), asking);
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
function spansOf(stories: Iterable<Story>, gapMs: number): readonly Span[] {
  const spans: Span[] = [];
  for (const story of [...stories].sort(byStart)) {
    const [first, last] = [firstOf(story), lastOf(story)];
    const open = spans.at(-1);
    if (open !== undefined && first <= open.last + 2 * gapMs) open.last = Math.max(open.last, last);
    else spans.push({ first, last });
  }
  return spans;
}
