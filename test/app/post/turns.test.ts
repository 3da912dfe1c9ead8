import { describe, expect, test } from "vitest";
import { createTurns, type Turns } from "../../../src/app/post/turns.ts";
import type { Post } from "../../../src/ports.ts";

const waiting: Post = {
  key: "k",
  platform: "slack",
  channel: "C1",
  kind: "incident",
  subject: 1,
  threadOf: null,
  desiredRevision: 1,
  postedRevision: 0,
  state: "waiting",
  ref: null,
  attempts: 0,
  attemptedAt: null,
  notBefore: null,
  problem: null,
  reposts: 0,
  createdAt: new Date(0),
};
const ref = { channel: { platform: "slack", id: "C1" }, data: { ts: "1" } };
const card = waiting;
const line: Post = { ...waiting, kind: "entry", subject: 2, threadOf: "k" };
const edit: Post = { ...waiting, ref, state: "posted" };
const elsewhere = (post: Post): Post => ({ ...post, channel: "C2" });

/** When a post may be written, counted from now. */
function waitOf(turns: Turns, post: Post, nowMs: number): number {
  return (turns.next([post], nowMs)?.atMs ?? Number.NaN) - nowMs;
}

describe("whose turn it is", () => {
  test("the first that may be written, not the first of all", () => {
    const turns = createTurns({ channelPaceMs: 1_000 });
    turns.take(edit, 0);
    expect(turns.next([edit, card], 100)?.post).toBe(card);
    expect(turns.next([edit], 100)).toEqual({ post: edit, atMs: 1_000 });
    expect(turns.next([], 100)).toBeNull();
  });

  test("an edit never keeps a new card waiting, nor a card an edit", () => {
    const turns = createTurns({ channelPaceMs: 1_000 });
    turns.take(edit, 0);
    expect(waitOf(turns, card, 0)).toBe(0);
    turns.take(card, 0);
    expect(waitOf(turns, edit, 1_000)).toBe(0);
  });

  test("a thread line leaves the burst to new cards", () => {
    const turns = createTurns({ channelPaceMs: 1_000 });
    turns.take(line, 0);
    expect(waitOf(turns, line, 0)).toBe(1_000);
    expect(waitOf(turns, card, 0)).toBe(0);
    turns.take(card, 0);
    expect(waitOf(turns, card, 0)).toBe(1_000);
    expect(waitOf(turns, line, 0)).toBe(2_000);
  });

  test("over any stretch a channel gets one new message per pace and one more", () => {
    const turns = createTurns({ channelPaceMs: 1_000 });
    let written = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 50) {
      const turn = turns.next([card, line], nowMs);
      if (turn === null || turn.atMs > nowMs) continue;
      turns.take(turn.post, nowMs);
      written += 1;
    }
    expect(written).toBe(11);
  });

  test("edits of all channels share what the platform allows in a minute", () => {
    const turns = createTurns({ channelPaceMs: 1_000, editsPerMinute: 4 });
    turns.take(edit, 0);
    turns.take(elsewhere(edit), 0);
    expect(waitOf(turns, { ...edit, channel: "C3" }, 0)).toBe(15_000);
    expect(waitOf(turns, card, 0)).toBe(0);
  });

  test("a platform that says wait is left alone for that, where it said so", () => {
    const turns = createTurns({ channelPaceMs: 1_000 });
    turns.hold(card, 5_000, "channel");
    expect([waitOf(turns, card, 0), waitOf(turns, elsewhere(card), 0), waitOf(turns, edit, 0)]).toEqual([
      5_000, 0, 0,
    ]);
    turns.hold(edit, 7_000, "platform");
    expect([waitOf(turns, elsewhere(edit), 0), waitOf(turns, elsewhere(card), 0)]).toEqual([7_000, 0]);
  });

  test("without a pace everything may be written at once", () => {
    const turns = createTurns({ channelPaceMs: 0 });
    for (const post of [card, line, edit, card, line, edit]) {
      expect(waitOf(turns, post, 0)).toBe(0);
      turns.take(post, 0);
    }
  });
});
