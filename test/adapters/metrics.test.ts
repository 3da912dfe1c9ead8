import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { createMetrics, declarations } from "../../src/adapters/metrics.ts";
import { type Log, silentLog } from "../../src/ports/observability.ts";

const root = path.join(import.meta.dirname, "../..");
const kinds = { count: "counter", gauge: "gauge", observe: "histogram" } as const;
const table: Readonly<Record<string, { readonly kind: string; readonly labels?: readonly string[] }>> =
  declarations;

/** Every use with a literal name: what is called, the name, and the text of the call after it. */
function uses(): readonly {
  readonly file: string;
  readonly call: keyof typeof kinds;
  readonly name: string;
  readonly rest: string;
}[] {
  const files = ["src", "commands"].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => path.join(folder, file)),
  );
  return files.flatMap((file) => {
    const text = readFileSync(path.join(root, file), "utf8");
    return [...text.matchAll(/\.(count|gauge|observe)\(\s*"(tocsin_[a-z_]+)"([^;]*)/g)].map((match) => ({
      file,
      // The pattern has these three groups whenever it matches.
      call: match[1] as keyof typeof kinds,
      name: match[2] ?? "",
      rest: match[3] ?? "",
    }));
  });
}

test("every metric that is used is declared with that kind", () => {
  const wrong = uses().filter(({ call, name }) => table[name]?.kind !== kinds[call]);
  expect(wrong.map(({ file, call, name }) => `${file}: ${call} ${name}`)).toEqual([]);
  expect(uses().length).toBeGreaterThan(10);
});

test("every label that is used is declared", () => {
  const wrong = uses().flatMap(({ file, name, rest }) => {
    const labels = /\{([^{}]*)\}/.exec(rest)?.[1] ?? "";
    const used = labels.split(",").flatMap((part) => /^\s*([a-z_]+)\s*(?::|$)/.exec(part)?.[1] ?? []);
    return used
      .filter((label) => !(table[name]?.labels ?? []).includes(label))
      .map((label) => `${file}: ${name} has no label ${label}`);
  });
  expect(wrong).toEqual([]);
});

test("every declared metric says what it is, follows the naming rules, and is used", () => {
  const used = new Set(uses().map(({ name }) => name));
  for (const [name, { kind, help }] of Object.entries(declarations)) {
    expect(help).toMatch(/^[A-Z0-9].{10,}\.$/);
    expect(name.endsWith("_total")).toBe(kind === "counter");
    expect(used, `${name} is declared and never used`).toContain(name);
  }
});

test("the exposition is Prometheus text with our metrics and those of the process", async () => {
  const { metrics, exposition } = createMetrics(silentLog);
  metrics.count("tocsin_deliveries_total", { source: 'a"\n', outcome: "accepted" }, 2);
  metrics.gauge("tocsin_triage_lag_seconds", 1.5);
  metrics.observe("tocsin_http_request_seconds", 0.004, { route: "webhooks", status: "202" });
  const { contentType, body } = await exposition();
  expect(contentType).toContain("text/plain");
  expect(body).toContain('tocsin_deliveries_total{source="a\\"\\n",outcome="accepted"} 2');
  expect(body).toContain("tocsin_triage_lag_seconds 1.5");
  expect(body).toContain('tocsin_http_request_seconds_bucket{le="0.005",route="webhooks",status="202"} 1');
  expect(body).toContain("process_cpu_seconds_total");
});

test("a use that does not match its declaration is said once and stops nothing", () => {
  const said: unknown[] = [];
  const log: Log = { ...silentLog, error: (fields) => void said.push(fields["metric"]) };
  const { metrics } = createMetrics(log);
  for (let time = 0; time < 3; time += 1) {
    metrics.count("tocsin_unheard_of_total");
    metrics.gauge("tocsin_deliveries_total", 1);
    metrics.count("tocsin_commands_total", { nonsense: "x" });
  }
  expect(said).toEqual(["tocsin_unheard_of_total", "tocsin_deliveries_total", "tocsin_commands_total"]);
});
