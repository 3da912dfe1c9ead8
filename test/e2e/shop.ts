/** A shop in miniature: metrics that a real Prometheus scrapes, broken by which model version serves. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";

export interface Shop {
  /** host:port of /metrics. */
  readonly target: string;
  /** For tocsin.yaml: the model whose versions decide whether the shop works; 2 is the bad one. */
  readonly model: Readonly<Record<string, unknown>>;
  liveVersion(): string;
  /** How often the deploy command was run, and for which version. */
  deploys(): readonly string[];
  close(): Promise<void>;
}

/** Alerts when a service answers errors; the recommender first, its callers a little later. */
export const shopRules = `
groups:
  - name: shop
    interval: 1s
    rules:
      - alert: ErrorRateHigh
        expr: shop_error_ratio > 0.05
        labels: { severity: critical, team: shop }
        annotations: { summary: "{{ $labels.service }} answers errors: {{ $value | humanizePercentage }}" }
`;

const services = ["recommender-api", "catalog", "web"] as const;

export async function startShop(folder: string): Promise<Shop> {
  const state = path.join(folder, "live");
  const log = path.join(folder, "deploys");
  const script = path.join(folder, "model.mjs");
  writeFileSync(state, "1");
  writeFileSync(script, modelScript);
  const read = () => readFileSync(state, "utf8").trim();
  let badSince: number | null = null;
  const server = createServer((_request, response) => {
    badSince = read() === "2" ? (badSince ?? Date.now()) : null;
    const since = badSince === null ? -1 : (Date.now() - badSince) / 1000;
    // Each service breaks two seconds after the one it calls.
    const lines = services.map(
      (service, depth) =>
        `shop_error_ratio{service="${service}"} ${since >= depth * 2 && since >= 0 ? 0.31 : 0}`,
    );
    response.setHeader("content-type", "text/plain");
    response.end(`# TYPE shop_error_ratio gauge\n${lines.join("\n")}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const command = (...words: string[]) => [process.execPath, script, folder, ...words];
  return {
    target: `127.0.0.1:${port}`,
    model: {
      backend: "exec",
      environments: ["production"],
      owners: ["ml"],
      services: ["recommender-api"],
      settings: {
        live: command("live"),
        versions: command("versions"),
        deploy: command("deploy", "{version}", "{operationId}"),
        find: command("find", "{operationId}"),
      },
    },
    liveVersion: read,
    deploys: () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").filter(Boolean) : []),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Deploys take a second, so that a kill can fall into one. */
const modelScript = `
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
const [, , folder, verb, ...rest] = process.argv;
const file = (name) => folder + "/" + name;
if (verb === "live") console.log(readFileSync(file("live"), "utf8"));
if (verb === "versions") console.log(JSON.stringify([
  { version: "2", metrics: { auc: 0.93 }, description: "two new features" }, { version: "1", metrics: { auc: 0.91 }, description: "first" },
]));
if (verb === "find") {
  const [id] = rest;
  if (!existsSync(file("op-" + id))) console.log("absent");
  else console.log(readFileSync(file("op-" + id), "utf8"));
}
if (verb === "deploy") {
  const [version, id] = rest;
  appendFileSync(file("deploys"), version + " " + id + "\\n");
  writeFileSync(file("op-" + id), "running");
  console.log("shifting traffic to " + version);
  await sleep(1000);
  writeFileSync(file("live.new"), version);
  renameSync(file("live.new"), file("live"));
  writeFileSync(file("op-" + id), "succeeded");
  console.log(version + " serves");
}
`;
