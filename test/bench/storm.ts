/**
 * A storm of alerts from a process of its own, so that neither the bot nor what watches it slows the sender down.
 * Forked by cards.ts: takes a {@link StormOrder}, answers with a {@link StormResult}.
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface StormOrder {
  /** Where the bot takes Alertmanager's webhooks. */
  readonly url: string;
  readonly seconds: number;
  readonly alertsPerSecond: number;
  /** Pairs of services, a caller and what it calls; each breaks in its turn within the first half of the storm. */
  readonly pairs: number;
  readonly teams: number;
}

export interface StormResult {
  /** When the first alert of each pair was sent, ms since 1970, by pair. */
  readonly firstSentAt: readonly number[];
  readonly lastSentAt: number;
  readonly alerts: number;
  /** From request to answer, ms. */
  readonly answerMs: readonly number[];
  /** Requests that were not answered 2xx. */
  readonly refused: number;
}

const perDelivery = 10;
const rules = ["HighLatency", "HighErrorRate", "SaturatedQueue", "PodRestarts", "LowTraffic"] as const;

/** "p07-web" calls "p07-db". */
export function servicesOf(pair: number): readonly [string, string] {
  const name = `p${String(pair).padStart(2, "0")}`;
  return [`${name}-web`, `${name}-db`];
}

export function teamOf(pair: number, teams: number): string {
  return `team-${pair % teams}`;
}

async function play(order: StormOrder): Promise<StormResult> {
  const firstSentAt: number[] = [];
  const answerMs: number[] = [];
  const sending: Promise<void>[] = [];
  const everyMs = (1000 * perDelivery) / order.alertsPerSecond;
  const deliveries = Math.floor((order.seconds * 1000) / everyMs);
  const begin = Date.now();
  let refused = 0;
  let lastSentAt = begin;

  async function send(pair: number, turn: number): Promise<void> {
    const body = JSON.stringify(deliveryOf(pair, turn, order));
    const sentAt = Date.now();
    firstSentAt[pair] ??= sentAt;
    lastSentAt = sentAt;
    const response = await fetch(order.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(15_000),
    });
    await response.arrayBuffer();
    if (!response.ok) refused += 1;
    answerMs.push(Date.now() - sentAt);
  }

  let broken = 0;
  for (let turn = 0; turn < deliveries; turn += 1) {
    await sleep(Math.max(0, begin + turn * everyMs - Date.now()));
    const due = Math.min(order.pairs, 1 + Math.floor((turn / deliveries) * 2 * order.pairs));
    // A pair that breaks now speaks first; then all that are broken take turns.
    const pair = due > broken ? broken : turn % due;
    broken = Math.max(broken, pair + 1);
    sending.push(
      send(pair, turn).catch(() => {
        refused += 1;
      }),
    );
  }
  await Promise.all(sending);
  return { firstSentAt, lastSentAt, alerts: deliveries * perDelivery, answerMs, refused };
}

/** Every alert is new: nothing makes a card change more often. */
function deliveryOf(pair: number, turn: number, order: StormOrder) {
  const startsAt = new Date().toISOString();
  const alerts = Array.from({ length: perDelivery }, (_, index) => {
    const service = servicesOf(pair)[index % 2] ?? "";
    const rule = rules[(turn + index) % rules.length] ?? rules[0];
    return {
      status: "firing",
      labels: {
        alertname: rule,
        service,
        team: teamOf(pair, order.teams),
        severity: index % 5 === 0 ? "critical" : "warning",
        cluster: "north-1",
        instance: `10.1.${turn % 250}.${index}:9090`,
        pod: `${service}-${turn}-${index}`,
      },
      annotations: { summary: `${rule} on ${service}: far above what is usual at this time of day` },
      startsAt,
      endsAt: "0001-01-01T00:00:00Z",
      generatorURL: "http://prometheus.example.com:9090/graph",
      fingerprint: `${pair}-${turn}-${index}`,
    };
  });
  return {
    version: "4",
    groupKey: `{}:{pair="${pair}"}`,
    truncatedAlerts: 0,
    status: "firing",
    receiver: "tocsin",
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: "http://alertmanager.example.com:9093",
    alerts,
  };
}

// Forked by cards.ts, which sends nothing but orders.
process.once("message", (order) => {
  void play(order as StormOrder).then((result) => process.send?.(result, () => process.disconnect()));
});
