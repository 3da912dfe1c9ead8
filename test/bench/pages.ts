/**
 * How long the console's pages take with ten thousand incidents, from question to JSON, on an embedded server.
 *   node --import tsx test/bench/pages.ts [INCIDENTS] [LOOKS]
 */
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { pageToWire } from "../../src/adapters/chat/console/page-wire.ts";
import { createCedarPolicy } from "../../src/adapters/policy/cedar.ts";
import { startEmbedded } from "../../src/adapters/store/embedded.ts";
import { migrate } from "../../src/adapters/store/migrate.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createPages } from "../../src/app/pages.ts";
import { alertKey, fingerprint, severities } from "../../src/domain/alert.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import { silentLog, systemClock } from "../../src/ports/observability.ts";
import type { StoredAlert } from "../../src/ports.ts";
import { createWorld, people } from "../app/rollout-world.ts";
import { buildAlert, buildIncident } from "../domain/build.ts";
import { percentile, report } from "./report.ts";

/** A report reads a month and has no aim. */
const aimMs = 200;
const alertsEach = 6;
const services = Array.from({ length: 120 }, (_, index) => `service-${index}`);
const rules = ["HighErrorRate", "LatencyHigh", "DiskAlmostFull", "QueueGrowing", "CertificateExpires"];

const questions: readonly (readonly [name: string, address: string])[] = [
  ["incidents, not resolved", "/incidents"],
  ["incidents, all", "/incidents?state=all"],
  ["incidents, a page in the middle", "/incidents?state=all&before=5000"],
  ["incidents by service and severity", "/incidents?state=all&service=service-17&severity=critical"],
  ["incidents by team", "/incidents?state=all&team=team-3"],
  ["incidents by two common words", "/incidents?q=latency+high"],
  ["incidents by a rare word", "/incidents?q=pod-4711"],
  ["one incident", "/incidents/4711"],
  ["home", "/home"],
  ["noise of 30 days", "/noise"],
  ["audit log", "/audit"],
];

/** Runs and prints the figures. */
export async function benchPages(incidents = 10_000, looks = 40): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "tocsin-bench-"));
  await chmod(folder, 0o711);
  const server = await startEmbedded({ dataDir: path.join(folder, "data"), log: silentLog });
  try {
    await migrate(server.url);
    const store = await openStore({ url: server.url, maxConnections: 8 });
    await fill(store, incidents);
    const open = await openPages(store);
    for (const [name, address] of questions) {
      const took: number[] = [];
      for (let look = 0; look < looks; look += 1) {
        const startedAt = performance.now();
        await open(address);
        took.push(performance.now() - startedAt);
      }
      const p95 = percentile(took, 0.95);
      report({
        measure: `page of ${name}, ${incidents} incidents with ${incidents * alertsEach} alerts`,
        figure: `p50 ${percentile(took, 0.5).toFixed(0)} ms, p95 ${p95.toFixed(0)} ms of ${looks}`,
        ...(address === "/noise"
          ? { aim: null, isMet: null }
          : { aim: `p95 <= ${aimMs} ms`, isMet: p95 <= aimMs }),
      });
    }
    await store.close();
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function openPages(store: OpenStore): Promise<(address: string) => Promise<void>> {
  const read = (name: string) => readFileSync(new URL(`../../assets/${name}`, import.meta.url), "utf8");
  const policy = await createCedarPolicy({
    policy: read("policy.cedar"),
    schema: read("policy.cedarschema"),
    origin: "assets/policy.cedar",
  });
  const commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
  const world = createWorld({
    store,
    policy,
    models: [],
    commands,
    clock: { now: () => new Date(), pass: () => {} },
  });
  const settings = {
    file: null,
    effective: "",
    sources: [],
    channels: [],
    policy: { origin: "", text: "", hash: "" },
  };
  const pages = createPages({
    ...{ store, policy, people, settings, models: [], clock: systemClock },
    look: (asked) => world.execute.look(asked),
  });
  return async (address) => {
    const [where = "", query = ""] = address.split("?", 2);
    const result = await pages.open({
      account: { platform: "console", id: "lead", name: "lead" },
      path: where.slice(1).split("/"),
      query: Object.fromEntries(new URLSearchParams(query)),
      now: new Date(),
    });
    if (result.kind !== "page") throw new Error(`pages bench: ${address}: ${result.problem}`);
    JSON.stringify(pageToWire(result.page, () => where));
  };
}

/** Incidents of a year, the last few not over, each with alerts; taken in as jobs would. */
async function fill(store: OpenStore, count: number): Promise<void> {
  const everyMs = (365 * 24 * 3_600_000) / count;
  const chunk = 500;
  for (let from = 1; from <= count; from += chunk) {
    const ids = Array.from({ length: Math.min(chunk, count - from + 1) }, (_, index) => from + index);
    await store.incidents.save(ids.map((id) => incidentOf(id, count, everyMs)));
    await store.incidents.saveAlerts(ids.flatMap((id) => alertsOf(id, count, everyMs)));
    await Promise.all(ids.map((id) => store.search.takeIn(id)));
    await store.incidents.addTimeline(
      ids.map((id) => ({
        ...{ incidentId: id, at: new Date(), kind: "note", actor: "lead", data: {}, isPosted: true },
        text: `looked at ${services[id % services.length]}, nothing new`,
      })),
    );
  }
}

function incidentOf(id: number, count: number, everyMs: number) {
  const startedAt = new Date(Date.now() - (count - id) * everyMs);
  const isOver = id <= count - 40;
  return buildIncident({
    id,
    title: `${rules[id % rules.length]} on ${services[id % services.length]}`,
    services: [services[id % services.length] ?? "service"],
    severity: severities[id % severities.length] ?? "info",
    state: isOver ? "resolved" : "open",
    startedAt,
    openedAt: startedAt,
    resolvedAt: isOver ? new Date(startedAt.getTime() + 3_600_000) : null,
    resolvedBy: isOver ? "tocsin" : null,
    alertCount: alertsEach,
    firingCount: isOver ? 0 : alertsEach,
  });
}

function alertsOf(id: number, count: number, everyMs: number): readonly StoredAlert[] {
  const startsAt = new Date(Date.now() - (count - id) * everyMs);
  const isOver = id <= count - 40;
  return Array.from({ length: alertsEach }, (_, index): StoredAlert => {
    const name = rules[(id + index) % rules.length] ?? "Rule";
    const service = services[(id + index) % services.length] ?? "service";
    const labels = { alertname: name, service, team: `team-${id % 20}`, pod: `pod-${id}-${index}` };
    const alert = buildAlert({
      ...{ name, service, labels, startsAt, fingerprint: fingerprint(labels) },
      status: isOver ? "resolved" : "firing",
      endsAt: isOver ? new Date(startsAt.getTime() + 3_000_000) : null,
      summary: `${name} is above its limit on ${service}`,
    });
    return {
      key: alertKey(alert),
      alert,
      seenAt: startsAt,
      seenCount: 1,
      endedBy: isOver ? "source" : null,
      incidentId: id,
      reasons: [],
      mutedBy: null,
    };
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [incidents, looks] = process.argv.slice(2).map(Number);
  await benchPages(incidents, looks);
}
