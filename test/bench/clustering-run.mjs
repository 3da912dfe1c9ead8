/**
 * One stream through the built correlator, for clustering.ts, which says what it is. JavaScript, so that neither time nor
 * memory of what only development needs is counted. Prints one line of JSON.
 *   node --expose-gc test/bench/clustering-run.mjs ALERTS APPLICATIONS ALERTS_BEFORE
 */
import { setImmediate as nextTurn } from "node:timers/promises";

const { alertKey } = await import("../../dist/src/domain/alert.js");
const { createCorrelator } = await import("../../dist/src/domain/clustering.js");
const { keepHeapSmall } = await import("../../dist/src/main/memory.js");

const [count = 0, applications = 0, before = 0] = process.argv.slice(2).map(Number);
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
];
const alertsPerSecond = 12;
const batchSize = 20;
/** Batches observed in a row, of which the time is taken once: asking for it costs as much as half an alert. */
const batchesInRow = 5;
/** Of the stream from a cold start, until V8 compiles hardly anything any more; then those that count, for each is short. */
const roundsBefore = 8;
const roundsMeasured = 10;
/** Observed one by one at the end of a stream. */
const single = 5_000;
const start = Date.parse("2026-03-01T00:00:00Z");

/** A small deterministic generator of numbers from 0 to 1 (mulberry32). */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A tree of callers in each application: service 0 is the front. */
function buildTopology() {
  const edges = [];
  for (let app = 0; app < applications; app += 1)
    for (let service = 1; service < servicesPerApplication; service += 1)
      edges.push([`app${app}-s${Math.floor((service - 1) / 2)}`, `app${app}-s${service}`]);
  return { edges, services: [] };
}

function buildAlert(service, name, at, lastsMs) {
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
function* generate(most) {
  const random = createRandom(7);
  const pick = (n) => Math.floor(random() * n);
  let at = start;
  let outage = null;
  for (let made = 0; made < most; made += 1) {
    at += (1_000 / alertsPerSecond) * 2 * random();
    if (outage === null && random() < 0.1)
      outage = { app: pick(applications), service: 1 + pick(servicesPerApplication - 1) };
    const app = outage === null ? pick(applications) : outage.app;
    const service = outage === null ? pick(servicesPerApplication) : outage.service;
    yield buildAlert(`app${app}-s${service}`, rules[pick(rules.length)], Math.floor(at), 60_000);
    if (outage !== null) outage = service === 0 ? null : { app, service: Math.floor((service - 1) / 2) };
  }
}

/** Processor time, so that neighbours on the machine do not count. */
async function measure(unmeasured, measured) {
  const correlator = createCorrelator();
  correlator.observe([{ kind: "topology", topology: buildTopology() }], new Date(start));
  const aloneUs = [];
  let batch = [];
  let batches = [];
  let spentUs = 0;
  let taken = 0;
  const observe = () => {
    const cpu = process.cpuUsage();
    for (const { observations, now } of batches) correlator.observe(observations, now);
    const tookUs = process.cpuUsage(cpu).user;
    batches = [];
    return tookUs;
  };
  for (const alert of generate(unmeasured + measured + single)) {
    batch.push({ kind: "alert", key: alertKey(alert), alert });
    taken += 1;
    const isAlone = taken > unmeasured + measured;
    if (batch.length < batchSize && !isAlone) continue;
    batches.push({ observations: batch, now: alert.startsAt });
    batch = [];
    if (isAlone) aloneUs.push(observe());
    if (taken % (batchesInRow * batchSize) !== 0) continue;
    const tookUs = observe();
    if (taken > unmeasured && !isAlone) spentUs += tookUs;
    // The bot waits for its database between batches; what is asked for after a collection runs then.
    await nextTurn();
  }
  return { meanUs: spentUs / measured, aloneUs, correlator };
}

/** Streams one after another; what an earlier one leaves behind is collected at the cost of a later one. */
async function measureRounds(unmeasured, measured, rounds) {
  let sumUs = 0;
  const aloneUs = [];
  let last;
  for (let round = 0; round < rounds; round += 1) {
    // Let go of first: two of them are never alive.
    last = undefined;
    last = await measure(unmeasured, measured);
    sumUs += last.meanUs;
    for (const us of last.aloneUs) aloneUs.push(us);
  }
  const { rss } = process.memoryUsage();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return {
    meanUs: sumUs / rounds,
    p99Us: aloneUs.sort((a, b) => a - b)[Math.floor(aloneUs.length * 0.99)],
    memory: { rss, heapUsed, arrayBuffers },
    sizes: last.correlator.sizes(),
    incidents: last.correlator.nextIncidentId() - 1,
  };
}

keepHeapSmall();
const emptyRss = process.memoryUsage().rss;
// From a cold start: what the bot does not know, not what Node has not compiled yet.
if (before === 0) await measureRounds(0, count, roundsBefore);
const measured = await measureRounds(before, count, before === 0 ? roundsMeasured : 1);
const maxRss = process.resourceUsage().maxRSS * 1_024;
console.log(JSON.stringify({ ...measured, memory: { ...measured.memory, emptyRss, maxRss } }));
