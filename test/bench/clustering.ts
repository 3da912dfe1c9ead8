/**
 * Cost of clustering per alert on a stream of our own: 5,000 services in 500 applications, 50,000 types of alerts that
 * flap, and outages that spread from a service to its callers. Twelve alerts per second of event time, about a million
 * a day; so thousands of incidents are open at any time. Batches of 20, as triage takes them, and the last alerts one
 * by one for the slowest. Prints processor time per alert, and memory, from a cold start and for growing streams after
 * the first hour, when the history knows what is usual. Runs what is in dist/ (`npm run build`).
 *   node --import tsx test/bench/clustering.ts [MAX_ALERTS] [APPLICATIONS]
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { z } from "zod";
import { report } from "./report.ts";

const run = z.object({
  meanUs: z.number(),
  p99Us: z.number(),
  /** Bytes. */
  memory: z.object({
    heapUsed: z.number(),
    arrayBuffers: z.number(),
    emptyRss: z.number(),
    rss: z.number(),
    maxRss: z.number(),
  }),
  sizes: z.record(z.string(), z.number()),
  incidents: z.number(),
});
type Run = z.infer<typeof run>;

/** Twelve a second for an hour. */
const hourOfAlerts = 43_200;
const mostMb = 300;

/** In a process of its own, so that what one stream leaves behind is not counted with the next. */
function measure(count: number, before: number): Run {
  const worker = path.join(import.meta.dirname, "clustering-run.mjs");
  const numbers = [count, applications, before].map(String);
  const { stdout, status } = spawnSync(process.execPath, ["--expose-gc", worker, ...numbers], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0)
    throw new Error(`clustering-run.mjs ended with ${status}; is dist/ built (npm run build)?`);
  return run.parse(JSON.parse(stdout));
}

function print(name: string, { meanUs, p99Us, memory, sizes, incidents }: Run): void {
  const mb = (bytes: number) => (bytes / 1_048_576).toFixed(0);
  const dropped = Object.entries(sizes).flatMap(([part, size]) =>
    part.startsWith("dropped_") && size > 0 ? [`${part} ${size}`] : [],
  );
  const held = [`${sizes["sessions"]} live sessions`, `${sizes["types"]} types`, `${incidents} incidents`];
  const live = `${mb(memory.heapUsed)} MB of objects and ${mb(memory.arrayBuffers)} MB of numbers live`;
  report({
    measure: name,
    figure: `mean ${meanUs.toFixed(1)} us of processor time, p99 ${p99Us.toFixed(0)} us; process at most ${mb(memory.maxRss)} MB, ${mb(memory.emptyRss)} before the first alert, ${live}; ${[...held, ...dropped].join(", ")}`,
    aim: `mean <= 50 us, p99 < 1 ms, < ${mostMb} MB`,
    isMet: meanUs <= 50 && p99Us < 1_000 && memory.maxRss < mostMb * 1_048_576,
  });
}

const most = Number(process.argv[2] ?? 1_000_000);
const applications = Number(process.argv[3] ?? 500);
print("clustering of 10000 alerts after a cold start", measure(10_000, 0));
for (const count of [10_000, 100_000, 1_000_000].filter((size) => size <= most))
  print(`clustering of ${count} alerts after an hour`, measure(count, hourOfAlerts));
