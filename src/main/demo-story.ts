/**
 * The storm that `npm run demo` plays: a small shop whose recommendation model was changed minutes before. The
 * deliveries are those that a real Alertmanager would send; they go through the bot's own HTTP door.
 */

export interface StoryAlert {
  readonly name: string;
  readonly service: string;
  readonly severity: "critical" | "high" | "warning" | "info";
  readonly summary: string;
  /** When it begins to fire, seconds into the story. */
  readonly at: number;
  /** Whether it ends when the model is rolled back. */
  readonly endsWithRollback: boolean;
}

export interface Story {
  readonly topology: {
    readonly edges: readonly (readonly [string, string])[];
    readonly services: readonly string[];
  };
  readonly changes: readonly {
    readonly id: string;
    readonly kind: string;
    readonly service: string;
    readonly title: string;
    readonly text: string;
    readonly minutesAgo: number;
  }[];
  /** Fires long before, and has nothing to do with it. */
  readonly noise: StoryAlert & { readonly minutesAgo: number };
  readonly alerts: readonly StoryAlert[];
}

export const story: Story = {
  topology: {
    edges: [
      ["web", "catalog"],
      ["web", "cart"],
      ["web", "search"],
      ["cart", "checkout"],
      ["checkout", "payments"],
      ["checkout", "stock"],
      ["catalog", "recommender-api"],
      ["cart", "recommender-api"],
      ["recommender-api", "feature-store"],
      ["payments", "ledger"],
    ],
    services: ["build-runner"],
  },
  changes: [
    {
      id: "demo-config-ledger",
      kind: "config",
      service: "ledger",
      title: "ledger: raise connection pool from 40 to 60",
      text: "pool.max 40 -> 60",
      minutesAgo: 52,
    },
    {
      id: "demo-deploy-search",
      kind: "deploy",
      service: "search",
      title: "search 3.8.1",
      text: "update synonyms; fix typo in the help page",
      minutesAgo: 34,
    },
  ],
  noise: {
    name: "DiskAlmostFull",
    service: "build-runner",
    severity: "warning",
    summary: "/var is 91 % full",
    at: 0,
    endsWithRollback: false,
    minutesAgo: 25,
  },
  alerts: [
    {
      name: "PredictionLatencyHigh",
      service: "recommender-api",
      severity: "critical",
      summary: "p99 of predictions is 2.4 s, limit 300 ms",
      at: 1,
      endsWithRollback: true,
    },
    {
      name: "PredictionErrorsHigh",
      service: "recommender-api",
      severity: "critical",
      summary: "18 % of predictions fail: feature vector has 41 columns, model expects 43",
      at: 2,
      endsWithRollback: true,
    },
    {
      name: "LatencyHigh",
      service: "catalog",
      severity: "high",
      summary: "p99 of GET /catalog is 3.1 s, limit 800 ms",
      at: 4,
      endsWithRollback: true,
    },
    {
      name: "ErrorRateHigh",
      service: "catalog",
      severity: "high",
      summary: "7 % of requests answer 502",
      at: 6,
      endsWithRollback: true,
    },
    {
      name: "LatencyHigh",
      service: "cart",
      severity: "high",
      summary: "p99 of POST /cart is 2.9 s, limit 1 s",
      at: 8,
      endsWithRollback: true,
    },
    {
      name: "BurnRateFast",
      service: "web",
      severity: "critical",
      summary: "the monthly error budget of the storefront is gone in 3 h at this rate",
      at: 11,
      endsWithRollback: true,
    },
    {
      name: "QueueGrowing",
      service: "checkout",
      severity: "warning",
      summary: "1,900 orders wait, 4 times the usual",
      at: 14,
      endsWithRollback: true,
    },
  ],
};

/** An Alertmanager delivery, version 4, of one alert. */
export function alertDelivery(
  alert: StoryAlert,
  times: { readonly startsAt: Date; readonly endsAt: Date | null },
): unknown {
  const labels = { alertname: alert.name, service: alert.service, severity: alert.severity, team: "shop" };
  const status = times.endsAt === null ? "firing" : "resolved";
  const annotations = { summary: alert.summary };
  return {
    version: "4",
    groupKey: `{}:{alertname="${alert.name}", service="${alert.service}"}`,
    truncatedAlerts: 0,
    status,
    receiver: "tocsin",
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: "http://localhost:9093",
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt: times.startsAt.toISOString(),
        endsAt: times.endsAt?.toISOString() ?? "0001-01-01T00:00:00Z",
        generatorURL: "",
      },
    ],
  };
}

/** The changes that came before, as a delivery of the source `changes`. */
export function changesDelivery(now: Date): unknown {
  return {
    changes: story.changes.map(({ minutesAgo, ...change }) => ({
      ...change,
      at: new Date(now.getTime() - minutesAgo * 60_000).toISOString(),
    })),
  };
}
