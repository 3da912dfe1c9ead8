import { describe, expect, test } from "vitest";
import { type CardFate, notificationOf } from "../../../src/domain/alert/notification.ts";
import { at, buildIncident, buildTracked } from "../build.ts";

const posted: CardFate = { channel: "slack:C1", state: "posted", postedRevision: 3, problem: null };
const incident = buildIncident({ id: 7 });
const alert = buildTracked({}, { incidentId: 7 });

test("an alert on a card that is there notified", () => {
  expect(notificationOf(alert, incident, [posted])).toEqual({
    isNotified: true,
    because: ["The card of incident 7 is in slack:C1."],
  });
});

describe("it did not notify because", () => {
  test.each([
    [
      "something mutes it",
      {
        alert: {
          ...alert,
          mutedBy: { by: "silence", id: 3, because: "silence 3 by oncall: load test" } as const,
        },
      },
      "It is muted by silence 3 by oncall: load test.",
    ],
    [
      "it is a part of one that flaps",
      { alert: { ...alert, partOf: "x" } },
      "It counts as a part of an earlier firing that is held open because it flaps; that one notified.",
    ],
    [
      "all of its incident is muted",
      { incident: { ...incident, isMuted: true } },
      "Every alert of incident 7 is muted, so it has no card.",
    ],
    [
      "its incident was over when it was made",
      { incident: { ...incident, resolvedAt: incident.openedAt } },
      "Incident 7 was over before a card was made for it.",
    ],
    [
      "no route matched",
      {},
      "No entry under channels: in tocsin.yaml matches an alert of incident 7, so it has no card.",
    ],
    [
      "the channel refuses",
      { cards: [{ ...posted, state: "refused", postedRevision: 0, problem: "not_in_channel" } as const] },
      "The card of incident 7 was refused in slack:C1: not_in_channel. A person has to put it right: tocsin doctor.",
    ],
    [
      "the platform is away",
      { cards: [{ ...posted, state: "waiting", postedRevision: 0, problem: "503" } as const] },
      "The card of incident 7 has not reached slack:C1 yet: 503.",
    ],
  ])("%s", (_name, given, expected) => {
    const what = { alert, incident, cards: [], ...given };
    const { isNotified, because } = notificationOf(what.alert, what.incident, what.cards);
    expect(isNotified).toBe(false);
    expect(because[0]).toBe(expected);
  });

  test("a muted alert did not, though others of its incident did", () => {
    const mutedBy = { by: "silence", id: 3, because: "planned" } as const;
    expect(notificationOf({ ...alert, mutedBy }, incident, [posted]).isNotified).toBe(false);
  });
});

test("what it went through is told: held open, merged, split", () => {
  const flapping = {
    starts: [at(0), at(1), at(2)],
    windowMs: 1_800_000,
    since: at(2),
    count: 3,
    endedAt: null,
  };
  const moved = { ...alert, incidentId: 5, flapping };
  const { isNotified, because } = notificationOf(moved, { ...incident, parentId: 2 }, [posted]);
  expect(isNotified).toBe(true);
  expect(because.slice(1)).toEqual([
    "It is held open since 2026-03-01 10:02 UTC (flapping: 3 times in 30 min): its returns do not notify again.",
    "Incident 5 was merged into 7.",
    "Incident 7 was split from incident 2.",
  ]);
});
