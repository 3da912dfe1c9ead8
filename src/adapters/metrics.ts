import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Log, Metrics } from "../ports/observability.ts";

interface Declaration {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds; seconds unless the name says otherwise. */
  readonly buckets?: readonly number[];
}

const fast = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const slow = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120];
const sizes = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000];

/** Every metric of the bot. A name that is used and not declared here fails test/adapters/metrics.test.ts. */
export const declarations = {
  tocsin_deliveries_total: {
    kind: "counter",
    help: "Webhook requests by source and outcome; outcome is accepted, or the error of the refusal.",
    labels: ["source", "outcome"],
  },
  tocsin_dead_deliveries_total: {
    kind: "counter",
    help: "Deliveries kept because they could not be read whole; see tocsin doctor.",
    labels: ["source"],
  },
  tocsin_ingest_commit_seconds: {
    kind: "histogram",
    help: "Time to make a group of deliveries durable.",
    buckets: fast,
  },
  tocsin_ingest_group_deliveries: { kind: "histogram", help: "Deliveries in one commit.", buckets: sizes },
  tocsin_ingest_failures_total: { kind: "counter", help: "Commits of deliveries that failed." },
  tocsin_http_request_seconds: {
    kind: "histogram",
    help: "Time to answer an HTTP request.",
    labels: ["route", "status"],
    buckets: fast,
  },
  tocsin_triage_lag_seconds: {
    kind: "gauge",
    help: "Age of the oldest delivery that triage has not read; 0 when none waits. While the database is away it grows: as old as one may be by now. The same on every replica.",
  },
  tocsin_triage_leader: { kind: "gauge", help: "1 on the replica that leads triage." },
  tocsin_triage_alerts_total: { kind: "counter", help: "Alert reports that triage has taken." },
  tocsin_triage_batch_seconds: {
    kind: "histogram",
    help: "Time to triage one batch, its commit included.",
    buckets: fast,
  },
  tocsin_triage_failures_total: { kind: "counter", help: "Batches of triage that failed and were repeated." },
  tocsin_rulings_total: {
    kind: "counter",
    help: "Corrections of groupings by people that triage has carried out.",
  },
  tocsin_open_incidents: { kind: "gauge", help: "Incidents that are not resolved." },
  tocsin_muted_alerts: {
    kind: "gauge",
    help: "Firing alerts that are muted, by cause (silence, maintenance, inhibition).",
    labels: ["by"],
  },
  tocsin_mutes_total: {
    kind: "counter",
    help: "Alerts that became muted, by cause (silence, maintenance, inhibition).",
    labels: ["by"],
  },
  tocsin_flapping_alerts: { kind: "gauge", help: "Alerts that flap, and are held open." },
  tocsin_correlator_size: {
    kind: "gauge",
    help: "Entries in the bounded parts of the correlator.",
    labels: ["part"],
  },
  tocsin_triage_size: {
    kind: "gauge",
    help: "Entries in the bounded parts of what the leader of triage remembers of alerts and incidents.",
    labels: ["part"],
  },
  tocsin_left_out_total: {
    kind: "counter",
    help: "What judgement left out to keep within its limits, by limit; the documentation says what each of them means.",
    labels: ["limit"],
  },
  tocsin_reconcile_looks_total: {
    kind: "counter",
    help: "Looks at what model backends say is live, by outcome (same, record, wait, overtaken, away).",
    labels: ["outcome"],
  },
  tocsin_audit_checkpoints_total: {
    kind: "counter",
    help: "Attempts to sign a checkpoint of the audit log, by outcome (signed, current, broken, inconsistent, other_key).",
    labels: ["outcome"],
  },
  tocsin_audit_publications_total: {
    kind: "counter",
    help: "Checkpoints brought to a destination, by kind (file, git, http, channel) and outcome (published, failed).",
    labels: ["kind", "outcome"],
  },
  tocsin_escalations_total: {
    kind: "counter",
    help: "Steps of escalation that told somebody because nobody had acknowledged an incident, by rule.",
    labels: ["rule"],
  },
  tocsin_pages_total: {
    kind: "counter",
    help: "Attempts to tell a pager outside, by pager and outcome (told, failed).",
    labels: ["pager", "outcome"],
  },
  tocsin_posts_total: {
    kind: "counter",
    help: "Attempts to post or edit a message, by platform, kind (incident, rollout, entry, digest, silence_ending, silence_idle, checkpoint, rollout_note, changed_outside, trouble) and outcome.",
    labels: ["platform", "kind", "outcome"],
  },
  tocsin_post_seconds: {
    kind: "histogram",
    help: "Time of one attempt to post or edit a message.",
    labels: ["platform"],
    buckets: fast,
  },
  tocsin_rate_limit_waits_total: {
    kind: "counter",
    help: "Times the bot waited to keep a channel's pace.",
    labels: ["platform"],
  },
  tocsin_rate_limited_total: {
    kind: "counter",
    help: "Times a platform said that it was too much.",
    labels: ["platform", "scope"],
  },
  tocsin_explanations_total: {
    kind: "counter",
    help: "Explanations by who wrote them and how it ended.",
    labels: ["explainer", "outcome"],
  },
  tocsin_explainer_seconds: {
    kind: "histogram",
    help: "Time that a model takes for an explanation.",
    labels: ["explainer"],
    buckets: slow,
  },
  tocsin_explainer_tokens_total: {
    kind: "counter",
    help: "Tokens spent on explanations.",
    labels: ["explainer"],
  },
  tocsin_metric_questions_total: {
    kind: "counter",
    help: "Questions to Prometheus about incidents, by outcome: read, empty or unreadable.",
    labels: ["outcome"],
  },
  tocsin_metric_gather_seconds: {
    kind: "histogram",
    help: "Time to read the metrics of one incident.",
    buckets: slow,
  },
  tocsin_model_checks_total: {
    kind: "counter",
    help: "Windows of models that were judged, by outcome: found, quiet or not_enough.",
    labels: ["outcome"],
  },
  tocsin_watch_looks_total: {
    kind: "counter",
    help: "Looks at conditions of our own, by what was seen: bad, between, good, unknown or unreadable.",
    labels: ["outcome"],
  },
  tocsin_watch_raised: {
    kind: "gauge",
    help: "Conditions of our own that are raised, on the replica that looks.",
  },
  tocsin_commands_total: {
    kind: "counter",
    help: "Command requests by command and outcome.",
    labels: ["command", "outcome"],
  },
  tocsin_rollouts_total: {
    kind: "counter",
    help: "Rollouts by kind and final state.",
    labels: ["kind", "state"],
  },
  tocsin_chat_connected: {
    kind: "gauge",
    help: "1 while the connection to the platform stands.",
    labels: ["platform"],
  },
  tocsin_chat_troubles: {
    kind: "gauge",
    help: "Channels, threads and platforms that take no messages until a person acts; see tocsin doctor.",
    labels: ["platform"],
  },
  tocsin_chat_reconnects_total: {
    kind: "counter",
    help: "Connections to a platform that had to be made anew.",
    labels: ["platform"],
  },
  tocsin_chat_disconnects_total: {
    kind: "counter",
    help: "Connections to a platform that were lost.",
    labels: ["platform"],
  },
  tocsin_chat_calls_total: {
    kind: "counter",
    help: "Calls of a platform's API by method and outcome.",
    labels: ["platform", "method", "outcome"],
  },
  tocsin_chat_events_limited_total: {
    kind: "counter",
    help: "Events that a platform held back because there were too many.",
    labels: ["platform"],
  },
  tocsin_chat_ack_seconds: {
    kind: "histogram",
    help: "Time from an interaction to its acknowledgement.",
    labels: ["platform"],
    buckets: fast,
  },
  tocsin_chat_slow_acks_total: {
    kind: "counter",
    help: "Interactions acknowledged before they were stored, because storing took long.",
    labels: ["platform"],
  },
  tocsin_chat_failed_acks_total: {
    kind: "counter",
    help: "Interactions that could not be acknowledged.",
    labels: ["platform"],
  },
} as const satisfies Readonly<Record<string, Declaration>>;

export interface MetricsRegistry {
  readonly metrics: Metrics;
  /** What `/metrics` answers, in the Prometheus text format. */
  exposition(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/**
 * Metrics by prom-client, with those of the process and of Node. A use that does not match its declaration is logged
 * once and otherwise ignored: a wrong label must never stop an alert.
 */
export function createMetrics(log: Log): MetricsRegistry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  const table: Readonly<Record<string, Declaration>> = declarations;
  for (const [name, { kind, help, labels = [], buckets = fast }] of Object.entries(table)) {
    const common = { name, help, labelNames: [...labels], registers: [register] };
    if (kind === "counter") counters.set(name, new Counter(common));
    else if (kind === "gauge") gauges.set(name, new Gauge(common));
    else histograms.set(name, new Histogram({ ...common, buckets: [...buckets] }));
  }
  const attempt = createAttempt(log);
  return {
    metrics: {
      count: (name, labels = {}, by = 1) =>
        attempt(name, counters.get(name), (counter) => counter.inc(labels, by)),
      gauge: (name, value, labels = {}) =>
        attempt(name, gauges.get(name), (gauge) => gauge.set(labels, value)),
      observe: (name, seconds, labels = {}) =>
        attempt(name, histograms.get(name), (histogram) => histogram.observe(labels, seconds)),
    },
    exposition: async () => ({ contentType: register.contentType, body: await register.metrics() }),
  };
}

function createAttempt(log: Log) {
  const told = new Set<string>();
  return <Metric>(name: string, metric: Metric | undefined, use: (metric: Metric) => void): void => {
    try {
      if (metric === undefined)
        throw new Error("it is not declared with this kind in src/adapters/metrics.ts");
      use(metric);
    } catch (error) {
      if (told.has(name) || told.size > 100) return;
      told.add(name);
      log.error({ metric: name, error: String(error) }, "metrics: a measurement was dropped");
    }
  };
}
