import { expect, test } from "vitest";
import { explainAgainMs } from "../../../src/app/triage/want-posts.ts";

const now = new Date("2026-01-31T09:00:00Z");
const secondsAgo = (seconds: number) => now.getTime() - seconds * 1_000;

test.each([
  { incidents: 0, everyMs: 2_000 },
  { incidents: 1, everyMs: 2_000 },
  { incidents: 8, everyMs: 2_000 },
  { incidents: 20, everyMs: 5_000 },
  { incidents: 5_000, everyMs: 30_000 },
])("with $incidents incidents under way each is explained every $everyMs ms", ({ incidents, everyMs }) => {
  expect(explainAgainMs(new Array<number>(incidents).fill(secondsAgo(1)), now)).toBe(everyMs);
});

test("incidents that have been quiet for a while make no other wait", () => {
  expect(
    explainAgainMs([secondsAgo(31), secondsAgo(3_600), ...new Array<number>(12).fill(secondsAgo(29))], now),
  ).toBe(3_000);
});
