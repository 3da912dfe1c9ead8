import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareSeverity, type Severity, severities } from "../../../src/domain/alert.ts";
import {
  addJoins,
  isOverdue,
  type Joins,
  lineEveryMs,
  noNews,
  severityTold,
  tellJoins,
  tellSeverity,
} from "../../../src/domain/incident/thread-news.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 31) + seconds * 1_000);

describe("alerts that join", () => {
  test("are told at once, then together once in half a minute", () => {
    const first = tellJoins(noNews, ["a"], at(0));
    expect(first.told).toEqual({ keys: ["a"], count: 1 });
    const second = tellJoins(first.news, ["b", "c"], at(2));
    expect(second.told.count).toBe(0);
    expect([isOverdue(second.news, at(29)), isOverdue(second.news, at(30))]).toEqual([false, true]);
    const third = tellJoins(second.news, [], at(30));
    expect(third.told).toEqual({ keys: ["b", "c"], count: 2 });
    expect(isOverdue(third.news, at(100))).toBe(false);
  });

  test("beyond some dozens are counted and not named", () => {
    const many = Array.from({ length: 400 }, (_, index) => `${index}`);
    const { told } = tellJoins(noNews, many, at(0));
    expect(told).toEqual({ keys: many.slice(0, 50), count: 400 });
    expect(addJoins(told, ["b"])).toEqual({ keys: told.keys, count: 401 });
  });

  test("nobody joining is no news", () => {
    expect(tellJoins(noNews, [], at(0))).toEqual({ news: noNews, told: noNews.untold });
  });

  test("are all told in the end, each once, in few lines", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (pauses) => {
        let [news, seconds] = [noNews, 0];
        const lines: Joins[] = [];
        const tell = (keys: readonly string[]) => {
          const next = tellJoins(news, keys, at(seconds));
          news = next.news;
          if (next.told.count > 0) lines.push(next.told);
        };
        pauses.forEach((pause, index) => {
          seconds += pause;
          tell([String(index)]);
        });
        seconds += lineEveryMs / 1_000;
        tell([]);
        const joined = pauses.map((_, index) => String(index));
        for (const { keys, count } of lines)
          expect(joined.splice(0, count).slice(0, keys.length)).toEqual(keys);
        expect(joined).toEqual([]);
        expect(lines.length).toBeLessThanOrEqual(1 + Math.ceil((seconds * 1_000) / lineEveryMs));
      }),
    );
  });
});

describe("a severity that comes and goes", () => {
  test("is told when it gets worse at once, and when it gets better once it has stayed so", () => {
    const up = tellSeverity(noNews, { from: "warning", to: "critical" }, at(0));
    expect(up.isTold).toBe(true);
    const down = tellSeverity(up.news, { from: "critical", to: "warning" }, at(5));
    expect(down.isTold).toBe(false);
    // Back where the thread takes it to be: there is nothing to tell.
    const again = tellSeverity(down.news, { from: "warning", to: "critical" }, at(10));
    expect([again.isTold, isOverdue(again.news, at(100))]).toEqual([false, false]);
    const stays = tellSeverity(again.news, { from: "critical", to: "high" }, at(15));
    expect([stays.isTold, isOverdue(stays.news, at(29)), isOverdue(stays.news, at(30))]).toEqual([
      false,
      false,
      true,
    ]);
    expect(isOverdue(severityTold(stays.news, at(30)), at(100))).toBe(false);
  });

  test("is never told to be better than it is, and the thread knows in the end", () => {
    const steps = fc.array(
      fc.record({ to: fc.constantFrom(...severities), pause: fc.integer({ min: 1, max: 20 }) }),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(fc.constantFrom(...severities), steps, (first, moves) => {
        let [news, seconds, current, believed]: [typeof noNews, number, Severity, Severity] = [
          noNews,
          0,
          first,
          first,
        ];
        let lines = 0;
        const flush = () => {
          if (!isOverdue(news, at(seconds))) return;
          news = severityTold(news, at(seconds));
          believed = current;
          lines += 1;
        };
        for (const { to, pause } of moves) {
          seconds += pause;
          flush();
          if (to === current) continue;
          const next = tellSeverity(news, { from: current, to }, at(seconds));
          [news, current] = [next.news, to];
          if (next.isTold) {
            believed = to;
            lines += 1;
          }
          expect(compareSeverity(current, believed)).toBeGreaterThanOrEqual(0);
        }
        seconds += lineEveryMs / 1_000;
        flush();
        expect(believed).toBe(current);
        // Better once in half a minute at most, and worse by at most every degree there is before that.
        const spans = 1 + Math.ceil((seconds * 1_000) / lineEveryMs);
        expect(lines).toBeLessThanOrEqual(spans * severities.length);
      }),
    );
  });
});
