/**
 * Cost of clustering per alert on a stream of our own: 5,000 services in 500 applications, 50,000 types of alerts that
 * flap, and outages that spread from a service to its callers. Twelve alerts per second of event time, about a million
 * a day; so thousands of incidents are open at any time. Batches of 20, as triage takes them, and the last alerts one
 * by one for the slowest. Prints processor time per alert, and memory, from a cold start and for growing streams after
 * the first hour, when the history knows what is usual.
 *   node --expose-gc --import tsx test/bench/clustering.ts [MAX_ALERTS] [APPLICATIONS]
 */
import { spawnSync } from "node:child_process";
import { type Alert, alertKey } from "../../src/domain/alert.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import type { Observation } from "../../src/domain/correlation.ts";
import type { Edge, Topology } from "../../src/domain/topology.ts";
import { keepHeapSmall } from "../../src/main/memory.ts";
import { percentile, report } from "./report.ts";

const applications = Number(process.argv[3] ?? 500);
const servicesPerApplication = 10;
const rules = [
  "HighLatency",
  "HighErrorRate",
  "HighCPU",
  "HighMemory",
  "PodRestarts",
  "QueueLag",
  "DiskFull",
  "TrafficDrop",
  "NetworkErrors",
  "ErrorLogBurst",
] as const;
const alertsPerSecond = 12;
const batchSize = 20;
/** Observed one by one at the end of a stream. */
const single = 5_000;
const start = Date.parse("2026-03-01T00:00:00Z");

/** A small deterministic generator of numbers from 0 to 1 (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A tree of callers in each application: service 0 is the front. */
function buildTopology(): Topology {
  const edges: Edge[] = [];
  for (let app = 0; app < applications; app += 1)
    for (let service = 1; service < servicesPerApplication; service += 1)
      edges.push([`app${app}-s${Math.floor((service - 1) / 2)}`, `app${app}-s${service}`]);
  return { edges, services: [] };
}

function buildAlert(service: string, name: string, at: number, lastsMs: number): Alert {
  return {
    fingerprint: `${name}/${service}`,
    externalId: null,
    source: "alertmanager",
    status: "resolved",
    labels: { alertname: name, service, team: service.split("-")[0] ?? "", severity: "warning" },
    annotations: {},
    name,
    service,
    severity: "warning",
    summary: `${name} on ${service}`,
    url: null,
    startsAt: new Date(at),
    endsAt: new Date(at + lastsMs),
  };
}

/** Alerts in order of start: half noise, half outages that climb from a service to its callers. */
function* generate(count: number): Generator<Alert> {
  const random = createRandom(7);
  const pick = (n: number) => Math.floor(random() * n);
  let at = start;
  let outage: { app: number; service: number } | null = null;
  for (let made = 0; made < count; made += 1) {
    at += (1_000 / alertsPerSecond) * 2 * random();
    if (outage === null && random() < 0.1)
      outage = { app: pick(applications), service: 1 + pick(servicesPerApplication - 1) };
    const app: number = outage === null ? pick(applications) : outage.app;
    const service: number = outage === null ? pick(servicesPerApplication) : outage.service;
    yield buildAlert(
      `app${app}-s${service}`,
      rules[pick(rules.length)] ?? "HighLatency",
      Math.floor(at),
      60_000,
    );
    if (outage !== null) outage = service === 0 ? null : { app, service: Math.floor((service - 1) / 2) };
  }
}

interface Run {
  /** Processor time, so that neighbours on the machine do not count. */
  readonly meanUs: number;
  readonly p99Us: number;
  readonly heapMb: number;
  readonly sizes: Readonly<Record<string, number>>;
  readonly incidents: number;
}

/** @param unmeasured - alerts that are taken in before those that count. */
function run(unmeasured: number, count: number): Run {
  const correlator = createCorrelator();
  correlator.observe([{ kind: "topology", topology: buildTopology() }], new Date(start));
  const aloneUs: number[] = [];
  let batch: Observation[] = [];
  let spentUs = 0;
  let taken = 0;
  const flush = (now: Date) => {
    const cpu = process.cpuUsage();
    correlator.observe(batch, now);
    const tookUs = process.cpuUsage(cpu).user;
    if (batch.length === 1) aloneUs.push(tookUs);
    else spentUs += tookUs;
    batch = [];
  };
  for (const alert of generate(unmeasured + count + single)) {
    batch.push({ kind: "alert", key: alertKey(alert), alert });
    taken += 1;
    if (taken === unmeasured) spentUs = 0;
    if (batch.length >= batchSize || taken > unmeasured + count) flush(alert.startsAt);
  }
  globalThis.gc?.();
  const heapMb = process.memoryUsage().heapUsed / 1_048_576;
  return {
    meanUs: spentUs / count,
    p99Us: percentile(aloneUs, 0.99),
    heapMb,
    sizes: correlator.sizes(),
    incidents: correlator.nextIncidentId() - 1,
  };
}

function print(measure: string, { meanUs, p99Us, heapMb, sizes, incidents }: Run): void {
  const peakMb = process.resourceUsage().maxRSS / 1_024;
  const dropped = Object.entries(sizes).flatMap(([part, size]) =>
    part.startsWith("dropped_") && size > 0 ? [`${part} ${size}`] : [],
  );
  const held = [`${sizes["sessions"]} live sessions`, `${sizes["types"]} types`, `${incidents} incidents`];
  report({
    measure,
    figure: `mean ${meanUs.toFixed(1)} us of processor time, p99 ${p99Us.toFixed(0)} us, heap ${heapMb.toFixed(0)} MB, process at most ${peakMb.toFixed(0)} MB; ${[...held, ...dropped].join(", ")}`,
    aim: "mean <= 50 us, p99 < 1 ms, < 300 MB",
    isMet: meanUs <= 50 && p99Us < 1_000 && peakMb < 300,
  });
}

/** In a process of its own, so that what one stream leaves behind is not counted with the next. */
function measureAlone(unmeasured: number, count: number): void {
  const own = [import.meta.filename, String(count), String(applications), String(unmeasured)];
  // As scripts/run.mjs starts the bot.
  const flags = [...process.execArgv, "--max-semi-space-size=8"];
  spawnSync(process.execPath, [...flags, ...own], { stdio: "inherit" });
}

const most = Number(process.argv[2] ?? 1_000_000);
const unmeasured = process.argv[4];
if (unmeasured !== undefined) {
  keepHeapSmall();
  if (unmeasured === "0") run(0, 10_000);
  const after = unmeasured === "0" ? "after a cold start" : "after an hour";
  print(`clustering of ${most} alerts ${after}`, run(Number(unmeasured), most));
} else {
  measureAlone(0, 10_000);
  for (const count of [10_000, 100_000, 1_000_000].filter((size) => size <= most))
    measureAlone(alertsPerSecond * 3_600, count);
}
