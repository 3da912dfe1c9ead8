/**
 * How many alerts per second are taken from stored deliveries all the way into incidents, committed: parsing,
 * merging, clustering, one transaction per batch, on the embedded database with fsync on.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import alertmanager from "../../src/adapters/sources/alertmanager.ts";
import { startEmbedded } from "../../src/adapters/store/embedded.ts";
import { migrate } from "../../src/adapters/store/migrate.ts";
import { openStore } from "../../src/adapters/store/store.ts";
import { parseDelivery } from "../../src/app/parse-delivery.ts";
import { createTriage } from "../../src/app/triage.ts";
import { createCorrelator } from "../../src/domain/clustering.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { noMetrics, silentLog, systemClock } from "../../src/ports.ts";
import { report } from "./report.ts";

const perDelivery = 100;
const services = 400;

/** Deliveries of 100 alerts each, over 400 services in 40 groups of callers; alerts fire, repeat and end. */
function createDeliveries(alerts: number, from: Date) {
  return Array.from({ length: Math.ceil(alerts / perDelivery) }, (_, index) => {
    const startsAt = new Date(from.getTime() + index * 50);
    const list = Array.from({ length: perDelivery }, (_, offset) => {
      const number = index * perDelivery + offset;
      const service = `service-${(number * 7) % services}`;
      return {
        status: "firing",
        labels: {
          alertname: `Rule${number % 60}`,
          service,
          severity: "warning",
          instance: `10.0.${number % 250}.${Math.floor(number / services) % 250}:9100`,
          pod: `${service}-${number}`,
        },
        annotations: {
          summary: `rule ${number % 60} on ${service} is above its limit`,
          runbook_url: "https://runbooks.example.org/rule",
        },
        startsAt: startsAt.toISOString(),
        endsAt: "0001-01-01T00:00:00Z",
        generatorURL: "http://prometheus.example.org/graph",
      };
    });
    const body = {
      version: "4",
      status: "firing",
      receiver: "tocsin",
      groupKey: "{}",
      groupLabels: {},
      commonLabels: {},
      commonAnnotations: {},
      externalURL: "",
      alerts: list,
    };
    return {
      source: "alertmanager",
      headers: {},
      receivedAt: new Date(startsAt.getTime() + 20),
      body: Buffer.from(JSON.stringify(body)),
    };
  });
}

function topology() {
  const edges = Array.from({ length: services }, (_, index): [string, string] => [
    `service-${index - (index % 10)}`,
    `service-${index}`,
  ]).filter(([a, b]) => a !== b);
  return { edges, services: [] };
}

export async function benchTriage(alerts = 200_000): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-bench-"));
  const server = await startEmbedded({ dataDir: folder, log: silentLog });
  try {
    await migrate(server.url);
    const store = await openStore({ url: server.url });
    await store.incidents.saveTopology("bench", topology(), new Date());
    const deliveries = createDeliveries(alerts, new Date(Date.now() - 3_600_000));
    for (let at = 0; at < deliveries.length; at += 100)
      await store.deliveries.insert(deliveries.slice(at, at + 100));
    const last = (await store.deliveries.newest())?.id ?? 0;
    const cpu = process.cpuUsage();
    const startedAt = performance.now();
    const triage = createTriage({
      store,
      replica: "bench",
      routes: [{ to: "console:incidents", match: [] }],
      clock: systemClock,
      log: silentLog,
      metrics: noMetrics,
      timeoutMs: () => 24 * 3_600_000,
      createCorrelator: () => createCorrelator({ weights: shippedWeights }),
      parse: (delivery) =>
        parseDelivery(
          { name: "alertmanager", source: alertmanager, secrets: [], settings: undefined },
          delivery,
        ),
    });
    triage.start();
    for (;;) {
      await sleep(50);
      const lease = await store.leases.acquire("default", "bench", 9_000);
      if (lease !== null && lease.cursor >= last) break;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const used = process.cpuUsage(cpu);
    await triage.stop();
    const incidents = await store.incidents.list({ limit: 10_000 });
    await store.close();
    const cpuSeconds = (used.user + used.system) / 1e6;
    const rate = alerts / seconds;
    const ours = ((cpuSeconds * 1e6) / alerts).toFixed(0);
    report({
      measure: "alerts into incidents, sustained",
      figure: `${Math.round(rate).toLocaleString("en")}/s over ${alerts.toLocaleString("en")} (${seconds.toFixed(1)} s, ${incidents.length} incidents, ${ours} µs of our CPU per alert, ${Math.round(process.memoryUsage().rss / 1e6)} MB)`,
      aim: ">= 10,000/s",
      isMet: rate >= 10_000,
    });
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === import.meta.filename) await benchTriage(Number(process.argv[2] ?? 200_000));
