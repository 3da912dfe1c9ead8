/** A real Prometheus that has scraped an exporter of ours, over a folder that is thrown away. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { eventually, freePort, run } from "../e2e/process.ts";

const program = "/usr/bin/prometheus";

/** Why these tests cannot run here, or null. */
export function noPrometheus(): string | null {
  return existsSync(program) ? null : `not installed: ${program} (Debian package prometheus)`;
}

/** One series: its name with labels as in the text format, and a value for every moment; null leaves a gap. */
export interface ExportedSeries {
  readonly series: string;
  readonly valueAt: (ms: number) => number | null;
}

export interface ScrapedPrometheus {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts Prometheus and lets it scrape a past: the exporter gives every sample its own timestamp, which Prometheus
 * honours. Resolves when all of it can be queried.
 * @param past - from, to and step in ms; at most five days before now.
 */
export async function startScraped(options: {
  readonly series: readonly ExportedSeries[];
  readonly past: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number };
  /** Rule groups, YAML. */
  readonly rules: string;
  /** Contents of Prometheus' own web configuration, for passwords; none without. */
  readonly web?: string;
}): Promise<ScrapedPrometheus> {
  const exporter = await startExporter(expositionOf(options.series, options.past));
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-prometheus-"));
  const port = await freePort();
  writeFileSync(path.join(folder, "rules.yml"), options.rules);
  writeFileSync(path.join(folder, "prometheus.yml"), configOf(exporter.target));
  if (options.web !== undefined) writeFileSync(path.join(folder, "web.yml"), options.web);
  const prometheus = run(program, [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...(options.web === undefined ? [] : [`--web.config.file=${folder}/web.yml`]),
  ]);
  const stop = async () => {
    await prometheus.stop();
    await exporter.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await eventually("the scrape", 30_000, () => (exporter.scrapes() >= 2 ? true : null));
  } catch (error) {
    const output = prometheus.output();
    await stop();
    throw new Error(`prometheus did not scrape: ${output.slice(-2_000)}`, { cause: error });
  }
  return { url: `http://127.0.0.1:${port}`, stop };
}

function expositionOf(
  series: readonly ExportedSeries[],
  { fromMs, toMs, stepMs }: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
): string {
  const lines: string[] = [];
  for (let at = fromMs; at <= toMs; at += stepMs) {
    for (const { series: name, valueAt } of series) {
      const value = valueAt(at);
      if (value !== null) lines.push(`${name} ${value} ${at}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

async function startExporter(text: string) {
  let scrapes = 0;
  const server = createServer((_request, response) => {
    scrapes += 1;
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    target: `127.0.0.1:${port}`,
    scrapes: () => scrapes,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The window lets samples in that are older than what Prometheus measures of itself. */
function configOf(target: string): string {
  return `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
storage: { tsdb: { out_of_order_time_window: 120h } }
scrape_configs: [{ job_name: shop, honor_labels: true, honor_timestamps: true, static_configs: [{ targets: ["${target}"] }] }]
`;
}
