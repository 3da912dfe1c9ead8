import fc from "fast-check";
import { expect, test } from "vitest";
import {
  covers,
  heldUntil,
  isAside,
  isOverBy,
  placeOfAside,
  placeOfTrouble,
  probeDelayMs,
  type Reach,
  type Trouble,
  troubleView,
} from "../../../src/domain/chat/trouble.ts";

const card = { key: "card", platform: "slack", channel: "C1", threadOf: null };
const line = { key: "line", platform: "slack", channel: "C1", threadOf: "card" };
const otherLine = { key: "line2", platform: "slack", channel: "C1", threadOf: "card" };
const otherCard = { key: "card2", platform: "slack", channel: "C1", threadOf: null };
const nextDoor = { key: "card3", platform: "slack", channel: "C2", threadOf: null };
const elsewhere = { key: "card4", platform: "discord", channel: "1", threadOf: null };
const all = { card, line, otherLine, otherCard, nextDoor, elsewhere };

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 31, 9, 0, seconds));
const trouble: Trouble = {
  id: 1,
  platform: "slack",
  channel: "C1",
  part: null,
  problem: "channel C1 is archived (is_archived)",
  remedy: "unarchive it",
  metBy: "post",
  since: at(0),
  probes: 1,
  probeAt: at(15),
  healedAt: null,
  revision: 1,
};

test.each<[string, Reach, typeof line | typeof card, readonly (keyof typeof all)[]]>([
  ["a line, one message", "message", line, ["line"]],
  ["a line, its thread", "thread", line, ["line", "otherLine"]],
  ["a card, its thread", "thread", card, ["card"]],
  ["a line, its channel", "channel", line, ["card", "line", "otherLine", "otherCard"]],
  ["a card, its platform", "platform", card, ["card", "line", "otherLine", "otherCard", "nextDoor"]],
])("what %s meets stands in the way of what it concerns, %#", (_, reach, met, expected) => {
  const place = placeOfTrouble(met, reach);
  expect(Object.entries(all).flatMap(([name, post]) => (covers(place, post) ? [name] : []))).toEqual(
    expected,
  );
});

test("a post is held until the last of what covers it may be tried", () => {
  const wide = { ...trouble, channel: null, probeAt: at(60) };
  expect(heldUntil([trouble, wide], card)).toEqual(at(60));
  expect(heldUntil([trouble], nextDoor)).toBeNull();
});

test("an edit that goes through says nothing about new messages", () => {
  const edited = { ...card, ref: {} };
  const posted = { ...otherCard, ref: null };
  expect(isOverBy(trouble, edited)).toBe(false);
  expect(isOverBy(trouble, posted)).toBe(true);
  expect(isOverBy({ ...trouble, metBy: "edit" }, edited)).toBe(true);
});

test("attempts come ever more seldom, and at least every five minutes", () => {
  fc.assert(
    fc.property(fc.nat(1_000), (probes) => {
      expect(probeDelayMs(probes + 1)).toBeGreaterThanOrEqual(probeDelayMs(probes));
      expect(probeDelayMs(probes)).toBeGreaterThanOrEqual(15_000);
      expect(probeDelayMs(probes)).toBeLessThanOrEqual(300_000);
    }),
  );
});

test("the message says what is wrong, what to do, how much waits, and later that it is over", () => {
  const open = troubleView(trouble, 3);
  expect(open.summary).toBe(
    "slack:C1: messages do not arrive: channel C1 is archived (is_archived). What to do: unarchive it.",
  );
  expect(JSON.stringify(open.blocks)).toContain("3 messages have waited since");
  const over = troubleView({ ...trouble, healedAt: at(900) }, 0);
  expect(over).toMatchObject({ tone: "good", title: "slack:C1 takes messages again" });
});

test("what only goes with messages keeps none of them back, and says so", () => {
  const tags: Trouble = { ...trouble, ...placeOfAside(card, "tags"), metBy: "edit" };
  expect(isAside(tags)).toBe(true);
  expect(isAside(trouble)).toBe(false);
  for (const post of Object.values(all)) {
    expect(covers(tags, post)).toBe(false);
    expect(isOverBy(tags, { ...post, ref: null })).toBe(false);
  }
  expect(troubleView(tags, 0).summary).toContain("messages arrive, but not all that goes with them");
  expect(troubleView({ ...tags, healedAt: at(900) }, 0).summary).toBe(
    "slack:C1 takes all of it again. Messages were not held back.",
  );
});
