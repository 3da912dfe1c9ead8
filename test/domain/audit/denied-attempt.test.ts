import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addAttempts,
  type DeniedAttempts,
  foldAttempts,
  otherSenders,
  senderAddress,
  senderNetwork,
} from "../../../src/domain/audit/denied-attempt.ts";

const when = new Date("2026-03-01T12:00:00Z");

function attempts(sender: string, count = 1, door = "slack"): DeniedAttempts {
  return { door, status: 401, sender, count, from: when, until: when };
}

test.each([
  ["203.0.113.77", "203.0.113.0/24"],
  ["::ffff:203.0.113.77", "203.0.113.0/24"],
  ["2001:0db8:00aa:1:2:3:4:5", "2001:db8:aa::/48"],
  ["2001:DB8::7", "2001:db8:0::/48"],
  ["127.0.0.1", "this machine"],
  ["::ffff:127.0.0.1", "this machine"],
  ["::1", "this machine"],
  ["unknown", "unknown"],
  ["Bearer hush", "unknown"],
  ["a:b", "unknown"],
])("of %s no more is kept than %s", (address, network) => {
  expect(senderNetwork(address)).toBe(network);
});

test.each([
  ["203.0.113.7", "198.51.100.1", "203.0.113.7"],
  ["127.0.0.1", "10.0.0.1, 198.51.100.1", "198.51.100.1"],
  ["127.0.0.1", undefined, "127.0.0.1"],
  ["127.0.0.1", " , ", "127.0.0.1"],
  [undefined, "198.51.100.1", "unknown"],
])("peer %s with X-Forwarded-For %s is %s: only a proxy on this machine is believed", (peer, header, is) => {
  expect(senderAddress(peer, header)).toBe(is);
});

describe("counting", () => {
  const some = fc.array(
    fc.record({
      door: fc.constantFrom("slack", "webhooks/a"),
      status: fc.constantFrom(401, 403),
      sender: fc.integer({ min: 0, max: 30 }).map((n) => `203.0.${n}.0/24`),
      count: fc.integer({ min: 1, max: 9 }),
      from: fc.constant(when),
      until: fc.constant(when),
    }),
    { maxLength: 60 },
  );
  const total = (all: readonly DeniedAttempts[]) => all.reduce((sum, { count }) => sum + count, 0);

  test("no attempt is lost, and there are never more kinds than the limit and one for each door and answer", () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 10 }), (all, limit) => {
        const folded = foldAttempts(all, limit);
        expect(total(folded)).toBe(total(all));
        expect(folded.length).toBeLessThanOrEqual(limit + 4);
        const kept = new Map<string, DeniedAttempts>();
        for (const one of all) addAttempts(kept, one, limit);
        expect(total([...kept.values()])).toBe(total(all));
        expect(kept.size).toBeLessThanOrEqual(limit + 4);
      }),
    );
  });

  test("the busiest networks keep their name", () => {
    const folded = foldAttempts([attempts("a", 1), attempts("b", 9), attempts("c", 2), attempts("d", 3)], 2);
    expect(folded.map(({ sender, count }) => [sender, count])).toEqual([
      ["b", 9],
      ["d", 3],
      [otherSenders, 3],
    ]);
  });

  test("a sum spans from the first to the last", () => {
    const later = new Date(when.getTime() + 1_000);
    const [sum] = foldAttempts([{ ...attempts("a"), from: later, until: later }, attempts("a")], 5);
    expect(sum).toEqual({ ...attempts("a", 2), until: later });
  });
});
