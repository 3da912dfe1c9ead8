import { describe, expect, test } from "vitest";
import { onCallAt, type Rota } from "../../../src/domain/people/on-call.ts";

const rota: Rota = {
  name: "primary",
  people: ["ada", "bea", "cem"],
  from: { year: 2026, month: 3, day: 2, hour: 9, minute: 0 },
  turnDays: 7,
  timezone: "Europe/Berlin",
  overrides: [],
};

describe("whose turn it is", () => {
  test.each([
    ["before the first turn", "2026-03-02T07:59:00Z", null, null],
    ["at its first moment", "2026-03-02T08:00:00Z", "ada", "2026-03-09T08:00:00.000Z"],
    ["on the last day, before the hour", "2026-03-09T07:59:00Z", "ada", "2026-03-09T08:00:00.000Z"],
    ["after the hour", "2026-03-09T08:00:00Z", "bea", "2026-03-16T08:00:00.000Z"],
    [
      "when clocks have gone forward, still at nine",
      "2026-03-30T06:59:00Z",
      "ada",
      "2026-03-30T07:00:00.000Z",
    ],
    ["after all have had theirs", "2026-03-30T07:00:00Z", "bea", "2026-04-06T07:00:00.000Z"],
    ["many years on", "2031-01-06T08:00:00Z", "bea", "2031-01-13T08:00:00.000Z"],
  ])("%s", (_name, now, person, until) => {
    const turn = onCallAt(rota, new Date(now));
    expect(turn === null ? null : turn.person).toBe(person);
    expect(turn === null ? null : turn.until.toISOString()).toBe(until);
  });

  test("somebody who stands in does, and a turn ends where they begin", () => {
    const from = new Date("2026-03-04T12:00:00Z");
    const to = new Date("2026-03-05T12:00:00Z");
    const covered = { ...rota, overrides: [{ person: "dora", from, to }] };
    expect(onCallAt(covered, new Date("2026-03-04T11:59:00Z"))).toEqual({ person: "ada", until: from });
    expect(onCallAt(covered, from)).toEqual({ person: "dora", until: to });
    expect(onCallAt(covered, to)?.person).toBe("ada");
  });

  test("hour by hour over a year nobody's turn is skipped, and each lasts until it says", () => {
    const start = Date.parse("2026-03-02T08:00:00Z");
    let before = onCallAt(rota, new Date(start));
    const order: (string | undefined)[] = [before?.person];
    for (let hour = 1; hour < 24 * 365; hour += 1) {
      const now = new Date(start + hour * 3_600_000);
      const turn = onCallAt(rota, now);
      if (turn?.person === before?.person) continue;
      expect(now.getTime()).toBe(before?.until.getTime());
      order.push(turn?.person);
      before = turn;
    }
    expect(order.every((person, index) => person === rota.people[index % 3])).toBe(true);
    expect(order.length).toBe(53);
  });
});
