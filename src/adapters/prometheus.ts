/** Metrics and rules from Prometheus, or a server with the same HTTP API. */
import { z } from "zod";
import type { MetricSeries } from "../domain/metrics/series.ts";
import { duration, oneLine } from "../domain/view.ts";
import type { AlertRule, MetricSource, RulesAnswer, Unreadable } from "../ports/metric-source.ts";
import type { Clock, Finding } from "../ports.ts";
import { createPrometheusHttp, type PrometheusAddress, type PrometheusHttp } from "./prometheus/http.ts";

export interface PrometheusOptions extends PrometheusAddress {
  readonly clock: Clock;
  /** For one question; default 2 s. */
  readonly timeoutMs?: number;
  /** Series kept of one answer; default 200. */
  readonly maxSeries?: number;
}

const labels = z.record(z.string(), z.string());
/** Seconds and text, as Prometheus sends samples; native histograms have none and are left out. */
const sample = z.tuple([z.number(), z.string()]);
const matrix = z.object({
  resultType: z.literal("matrix"),
  result: z.array(z.object({ metric: labels, values: z.array(sample).default([]) })),
});
const ruleGroups = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.looseObject({
          type: z.string(),
          name: z.string(),
          query: z.string(),
          duration: z.number().default(0),
          labels: labels.default({}),
        }),
      ),
    }),
  ),
});
const buildInfo = z.object({ version: z.string() });
const scalar = z.object({ resultType: z.literal("scalar"), result: sample });

const doctorTimeoutMs = 5_000;
const maxClockSkewMs = 5_000;
const maxRules = 20;

/**
 * Creates the source; nothing is asked before the first question.
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export function createPrometheus(options: PrometheusOptions): MetricSource {
  const http = createPrometheusHttp(options);
  const timeoutMs = options.timeoutMs ?? 2_000;
  const maxSeries = options.maxSeries ?? 200;
  return {
    async range(query, window, signal) {
      const answer = await http.ask({
        path: "api/v1/query_range",
        method: "POST",
        parameters: [
          ["query", query],
          ["start", String(window.fromMs / 1000)],
          ["end", String(window.toMs / 1000)],
          ["step", String(window.stepMs / 1000)],
          ["timeout", `${timeoutMs}ms`],
          // Servers that know it send no more; the others are bounded by the size of their answer.
          ["limit", String(maxSeries + 1)],
        ],
        schema: matrix,
        timeoutMs,
        signal,
      });
      if (answer.kind === "unreadable") return answer;
      const { result } = answer.data;
      return {
        kind: "series",
        series: result.slice(0, maxSeries).map(seriesOf),
        leftOut: Math.max(0, result.length - maxSeries),
      };
    },
    rules: (names, signal) => findRules(http, names, { timeoutMs, signal }),
    check: () => check(http, options.clock),
  };
}

function seriesOf({ metric, values }: z.output<typeof matrix>["result"][number]): MetricSeries {
  const points = values.map(([seconds, text]): [number, number] => [
    Math.round(seconds * 1000),
    Number(text),
  ]);
  const endsInfinite = /Inf$/.test(values.at(-1)?.[1] ?? "");
  // "NaN" and "+Inf" are no values that could be compared: nothing was divided by nothing.
  const finite = points.filter(([, value]) => Number.isFinite(value));
  return { labels: metric, points: finite, ...(endsInfinite ? { endsInfinite } : {}) };
}

async function findRules(
  http: PrometheusHttp,
  names: readonly string[],
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<RulesAnswer> {
  const answer = await http.ask({
    path: "api/v1/rules",
    method: "GET",
    // Older servers know neither of the last two and send everything.
    parameters: [
      ["type", "alert"],
      ["exclude_alerts", "true"],
      ...names.slice(0, maxRules).map((name) => ["rule_name[]", name] as const),
    ],
    schema: ruleGroups,
    ...limits,
  });
  if (answer.kind === "unreadable") return answer;
  const rules = alertingRules(answer.data).filter((rule) => names.includes(rule.name));
  return { kind: "rules", rules };
}

function alertingRules({ groups }: z.output<typeof ruleGroups>): readonly AlertRule[] {
  return groups.flatMap((group) =>
    group.rules
      .filter((rule) => rule.type === "alerting")
      .map((rule) => ({
        name: rule.name,
        query: rule.query,
        labels: rule.labels,
        holdMs: rule.duration * 1000,
      })),
  );
}

async function check(http: PrometheusHttp, clock: Clock): Promise<readonly Finding[]> {
  const limits = { timeoutMs: doctorTimeoutMs, signal: AbortSignal.timeout(4 * doctorTimeoutMs) };
  const sentAt = clock.now().getTime();
  const time = await http.ask({
    path: "api/v1/query",
    method: "POST",
    parameters: [["query", "time()"]],
    schema: scalar,
    ...limits,
  });
  if (time.kind === "unreadable") return [unreachable(time)];
  const middle = (sentAt + clock.now().getTime()) / 2;
  const [build, rules] = await Promise.all([
    http.ask({
      path: "api/v1/status/buildinfo",
      method: "GET",
      parameters: [],
      schema: buildInfo,
      ...limits,
    }),
    http.ask({
      path: "api/v1/rules",
      method: "GET",
      parameters: [["type", "alert"]],
      schema: ruleGroups,
      ...limits,
    }),
  ]);
  const version =
    build.kind === "data" ? `version ${oneLine(build.data.version, 60)}` : "it does not tell its version";
  return [
    { status: "ok", subject: "prometheus", text: `reachable, ${version}` },
    clockFinding(time.data.result[0] * 1000 - middle),
    rulesFinding(rules.kind === "data" ? alertingRules(rules.data).length : rules),
  ];
}

function unreachable({ because }: Unreadable): Finding {
  return {
    status: "failure",
    subject: "prometheus",
    text: `cannot be read: ${because}`,
    remedy:
      "check PROMETHEUS_URL and prometheus: in tocsin.yaml; until then incidents have no evidence from metrics",
  };
}

function clockFinding(skewMs: number): Finding {
  const subject = "prometheus clock";
  if (Math.abs(skewMs) <= maxClockSkewMs) return { status: "ok", subject, text: "agrees with ours" };
  return {
    status: "warning",
    subject,
    text: `is ${duration(Math.abs(skewMs))} ${skewMs > 0 ? "ahead of" : "behind"} ours`,
    remedy: "synchronise both machines (NTP): changes are looked for around the start of an alert",
  };
}

function rulesFinding(found: number | Unreadable): Finding {
  const subject = "prometheus rules";
  if (typeof found === "number" && found > 0)
    return { status: "ok", subject, text: `${found} alerting ${found === 1 ? "rule" : "rules"}` };
  return {
    status: "warning",
    subject,
    text: typeof found === "number" ? "there are no alerting rules" : `cannot be read: ${found.because}`,
    remedy: "what an alert watches is read from its rule; without rules only prometheus.queries are asked",
  };
}
