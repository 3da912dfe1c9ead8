import { describe, expect, test } from "vitest";
import { type Feedback, standingVerdicts } from "../../../src/domain/learning/feedback.ts";
import { confirmedCause, isRefused } from "../../../src/domain/learning/known-cause.ts";

type Word = readonly [person: string, kind: "right" | "wrong", subject: string, service?: string];

function standing(words: readonly Word[]) {
  return standingVerdicts(
    words.map(
      ([person, kind, subject, service], minute): Feedback => ({
        kind: `${kind}_cause`,
        incidentId: 1,
        subject,
        person,
        at: new Date(Date.UTC(2026, 2, 1, 10, minute)),
        data: service === undefined ? {} : { service },
      }),
    ),
  );
}

describe("the cause that people name in the end", () => {
  test.each<[string, readonly Word[], string | null]>([
    ["what one person confirmed", [["ada", "right", "service:db"]], "service:db"],
    [
      "nothing once that person takes it back",
      [
        ["ada", "right", "service:db"],
        ["ada", "wrong", "service:db"],
      ],
      null,
    ],
    [
      "nothing once somebody else refuses it",
      [
        ["ada", "right", "service:db"],
        ["bo", "wrong", "service:db"],
      ],
      null,
    ],
    [
      "what was confirmed in spite of an earlier refusal",
      [
        ["bo", "wrong", "service:db"],
        ["ada", "right", "service:db"],
      ],
      "service:db",
    ],
    [
      "of two people's words the newer",
      [
        ["ada", "right", "service:db"],
        ["bo", "right", "service:api"],
      ],
      "service:api",
    ],
    [
      "the older where the newer was taken back",
      [
        ["ada", "right", "service:db"],
        ["bo", "right", "service:api"],
        ["bo", "wrong", "service:api"],
      ],
      "service:db",
    ],
    [
      "a service whose change was refused",
      [
        ["ada", "right", "service:db"],
        ["ada", "wrong", "change:d-1", "db"],
      ],
      "service:db",
    ],
    [
      "no change of a service that was refused by itself",
      [
        ["ada", "right", "change:d-1", "db"],
        ["bo", "wrong", "service:db"],
      ],
      null,
    ],
    [
      'nothing once it was not "no change" either',
      [
        ["ada", "right", "change:none"],
        ["bo", "wrong", "change:none"],
      ],
      null,
    ],
  ])("%s", (_case, words, expected) => {
    const cause = confirmedCause(standing(words));
    const name =
      cause === null
        ? null
        : cause.changeId === null
          ? `service:${cause.service}`
          : `change:${cause.changeId}`;
    expect(name).toBe(expected);
  });
});

describe("a cause that nobody confirmed", () => {
  const rollback = { service: "db", changeId: "d-1" };

  test.each<[Word, boolean]>([
    [["ada", "wrong", "change:d-1", "db"], true],
    [["ada", "wrong", "service:db"], true],
    [["ada", "wrong", "change:d-2", "db"], false],
    [["ada", "right", "change:d-1", "db"], false],
  ])("%j refuses it: %s", (word, expected) => {
    expect(isRefused(rollback, standing([word]))).toBe(expected);
  });
});
