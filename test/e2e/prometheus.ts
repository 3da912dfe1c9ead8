/** A real Prometheus and a real Alertmanager, from Debian's packages, over a folder that is thrown away. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { eventually, freePort, run } from "./process.ts";

const programs = {
  prometheus: "/usr/bin/prometheus",
  alertmanager: "/usr/bin/prometheus-alertmanager",
} as const;

/** Why these tests cannot run here, or null. */
export function prometheusMissing(): string | null {
  const missing = Object.values(programs).filter((program) => !existsSync(program));
  return missing.length === 0
    ? null
    : `not installed: ${missing.join(", ")} (Debian packages prometheus, prometheus-alertmanager)`;
}

export interface Monitoring {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  stop(): Promise<void>;
}

export interface MonitoringOptions {
  /** host:port that serves /metrics. */
  readonly target: string;
  /** Prometheus rule groups, YAML. */
  readonly rules: string;
  /** Where alerts go. */
  readonly webhookUrl: string;
  readonly bearer: string;
}

/** Starts both; scrapes and evaluates every second, notifies at once. */
export async function startMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-monitoring-"));
  const [prometheusPort, alertmanagerPort] = [await freePort(), await freePort()];
  writeFileSync(path.join(folder, "rules.yml"), options.rules);
  writeFileSync(path.join(folder, "bearer"), options.bearer, { mode: 0o600 });
  writeFileSync(path.join(folder, "prometheus.yml"), prometheusConfig(options.target, alertmanagerPort));
  writeFileSync(
    path.join(folder, "alertmanager.yml"),
    alertmanagerConfig(options.webhookUrl, path.join(folder, "bearer")),
  );
  const alertmanager = run(programs.alertmanager, [
    `--config.file=${folder}/alertmanager.yml`,
    `--storage.path=${folder}/alertmanager`,
    "--cluster.listen-address=",
    `--web.listen-address=127.0.0.1:${alertmanagerPort}`,
  ]);
  const prometheus = run(programs.prometheus, [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/prometheus`,
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
  ]);
  const urls = {
    prometheusUrl: `http://127.0.0.1:${prometheusPort}`,
    alertmanagerUrl: `http://127.0.0.1:${alertmanagerPort}`,
  };
  for (const url of Object.values(urls))
    await eventually(`${url} ready`, 30_000, async () => ((await fetch(`${url}/-/ready`)).ok ? true : null));
  return {
    ...urls,
    async stop() {
      await Promise.all([prometheus.stop(), alertmanager.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function prometheusConfig(target: string, alertmanagerPort: number): string {
  return `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
alerting:
  alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:${alertmanagerPort}"] }] }]
scrape_configs: [{ job_name: shop, static_configs: [{ targets: ["${target}"] }] }]
`;
}

function alertmanagerConfig(url: string, bearerFile: string): string {
  return `
route: { receiver: tocsin, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: tocsin
    webhook_configs:
      - url: ${url}
        send_resolved: true
        http_config: { authorization: { credentials_file: ${bearerFile} } }
`;
}
