/** A rule that is on, a Prometheus with days of history, and the command line: doctor warns, replay tells, doctor rests. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { noPrometheus, type ScrapedPrometheus, startScraped } from "../adapters/prometheus-server.ts";
import { type BotUnderTest, createBot } from "./bot.ts";

const why = noPrometheus();
const minute = 60_000;
const hour = 60 * minute;
const now = Math.floor(Date.now() / (5 * minute)) * 5 * minute;
/** Half a day ago a disk was full for an hour, after it had filled by 4 % an hour. */
const full = now - 12 * hour;

let prometheus: ScrapedPrometheus;
let bot: BotUnderTest;

beforeAll(async () => {
  if (why !== null) return;
  prometheus = await startScraped({
    rules: "groups: []",
    past: { fromMs: now - 96 * hour, toMs: now, stepMs: 5 * minute },
    series: [
      {
        series: 'disk_used_ratio{instance="db-1"}',
        valueAt: (at) => {
          const left = (full - at) / hour;
          return left > 14 || left < -1 ? 0.4 : Math.min(1, 0.96 - 0.04 * left);
        },
      },
      {
        series: 'disk_used_ratio{instance="log-1"}',
        valueAt: (at) => 0.3 + (0.5 * (at % (7 * hour))) / (7 * hour),
      },
    ],
  });
  const rule = {
    name: "disk-full",
    kind: "forecast",
    query: "disk_used_ratio",
    limit: 0.95,
    unit: "ratio",
    enabled: true,
  };
  bot = await createBot({ config: { watch: [rule] }, env: { PROMETHEUS_URL: prometheus.url } });
});
afterAll(async () => {
  if (why !== null) return;
  await bot.dispose();
  await prometheus.stop();
});
beforeEach(({ skip }) => {
  if (why !== null) skip(why);
});

test("a rule is run through the history of Prometheus, and doctor knows whether that was done", async () => {
  expect((await bot.cli("doctor")).output).toMatch(
    /watch disk-full\s+is on, and was never run through the past\s+→ tocsin replay --watch disk-full/,
  );

  const replay = await bot.cli("replay", "--watch", "disk-full", "--days", "1");
  expect(replay.output).toMatch(/disk-full, .*: 2 series/);
  expect(replay.output).toMatch(
    /instance=db-1 job=shop \(1 to foresee\)\n\s+right .* for .*: reaches 95 % in \d h/,
  );
  expect(replay.output).toMatch(
    /raised 1 time in 1 day: 1 of 1 limits reached foreseen, median lead [45] h.*, 0 false alarms/,
  );
  expect(replay.code).toBe(0);

  expect((await bot.cli("doctor")).output).toMatch(
    /watch disk-full\s+on; run through the past on .*: raised 1 time in 1 day/,
  );
  const wrong = await bot.cli("replay", "--watch", "disk-ful");
  expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining("there are: disk-full") });
});
