import { expect, test } from "vitest";
import { createHistory } from "../../../src/domain/clustering/history.ts";

const hour = 3_600_000;
const start = Date.parse("2026-03-01T00:00:00Z");

function record(history: ReturnType<typeof createHistory>, type: string, at: number) {
  history.record({
    type,
    name: type,
    entity: type,
    component: "part",
    labels: { team: type },
    names: [],
    at,
  });
}

test("answers leave out the last ten minutes and what is older than a day", () => {
  const history = createHistory(100);
  for (const at of [start, start + 20 * hour, start + 30 * hour - 60_000]) record(history, "a", at);
  expect(history.firings("a", start + 30 * hour).count).toBe(1);
});

test("co-firing counts how many of the rarer one's firings were shared", () => {
  const history = createHistory(100);
  for (const at of [1, 2, 3]) record(history, "often", start + at * hour);
  record(history, "rare", start + 2 * hour + 30_000);
  expect(history.coFirings("often", "rare", start + 5 * hour)).toEqual({ together: 1, fewer: 1 });
  expect(history.coFirings("often", "unknown", start + 5 * hour)).toBeNull();
});

test("the order in which firings are recorded does not matter", () => {
  const times = [5, 1, 4, 2, 3].map((n) => start + n * hour);
  const [mixed, sorted] = [createHistory(100), createHistory(100)];
  for (const at of times) record(mixed, "a", at);
  for (const at of [...times].sort()) record(sorted, "a", at);
  const at = start + 6 * hour;
  expect(mixed.firings("a", at)).toEqual(sorted.firings("a", at));
  expect(mixed.alertsPerHour(at)).toBe(sorted.alertsPerHour(at));
  expect(mixed.rarity("team", "a", at)).toBe(sorted.rarity("team", "a", at));
});

test("types over the limit push out the one untouched longest", () => {
  const history = createHistory(2);
  for (const [i, type] of ["a", "b", "a", "c"].entries()) record(history, type, start + i * 1000);
  expect(history.types()).toBe(2);
  expect(history.firings("a", start + hour).count).toBe(2);
  expect(history.firings("b", start + hour).count).toBe(0);
});
