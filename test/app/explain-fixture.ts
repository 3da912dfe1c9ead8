/** An incident in a real store, as triage leaves it, and an explainer of it under a clock that tests move. */
import postgres from "postgres";
import { createTemplateExplainer } from "../../src/adapters/explainers/template.ts";
import { createExplain, type ExplainOptions } from "../../src/app/explain.ts";
import type { Cause, CauseQuestion } from "../../src/domain/clustering/correlation.ts";
import type { Incident } from "../../src/domain/incident.ts";
import { type Explainer, noMetrics, type Store, silentLog } from "../../src/ports.ts";
import { aStoredAlert } from "../adapters/store/fixture.ts";
import { at, buildAlert, buildIncident } from "../domain/build.ts";
import { buildCause, buildChange } from "../fixtures/explanation-question.ts";

export const channel = { platform: "slack", channel: "C1" } as const;

/** Two alerts, two changes, a topology and a card in one channel. */
export async function storeIncident(store: Store, given: Partial<Incident> = {}): Promise<Incident> {
  const incident = buildIncident({
    services: ["checkout", "storefront"],
    alertCount: 2,
    firingCount: 2,
    ...given,
  });
  const labels = { incident: String(incident.id) };
  await store.incidents.save([incident]);
  await store.incidents.saveAlerts(
    [
      buildAlert({
        name: "HighLatency",
        summary: "p99 latency 2.3 s",
        severity: "high",
        labels: { ...labels, n: "1" },
      }),
      buildAlert({
        service: "storefront",
        summary: "5xx ratio 12.5 %",
        severity: "critical",
        startsAt: at(1),
        labels: { ...labels, n: "2" },
      }),
    ].map((alert) => aStoredAlert(alert, { incidentId: incident.id })),
  );
  await store.incidents.saveChanges([
    buildChange(),
    buildChange({
      id: "d-1",
      kind: "deploy",
      service: "storefront",
      title: "v2.3.1",
      at: at(-60),
      rolloutId: null,
    }),
    buildChange({
      id: "old",
      kind: "deploy",
      service: "checkout",
      title: "old",
      at: at(-121),
      rolloutId: null,
    }),
  ]);
  await store.incidents.saveTopology(
    "test",
    {
      edges: [
        ["storefront", "checkout"],
        ["checkout", "fraud-scorer"],
      ],
      services: [],
    },
    at(0),
  );
  await store.posts.want(
    [
      {
        ...channel,
        kind: "incident",
        subject: incident.id,
        desiredRevision: incident.revision,
        threadOf: null,
      },
    ],
    at(0),
  );
  return incident;
}

export interface Bench {
  readonly explain: (incidentId: number) => Promise<void>;
  readonly explainFirst: (incidentId: number) => Promise<void>;
  /** What the ranking was last given. */
  readonly asked: () => CauseQuestion | null;
  /** What the ranking answers from now on. */
  rank(causes: readonly Cause[]): void;
  /** Moves the clock. */
  goTo(time: Date): void;
}

export function createBench(
  store: Store,
  openai: Explainer | null,
  more: Partial<ExplainOptions> = {},
): Bench {
  let now = at(2);
  let causes: readonly Cause[] = [buildCause()];
  let asked: CauseQuestion | null = null;
  const { explain, explainFirst } = createExplain({
    store,
    explainers: { template: createTemplateExplainer(), openai },
    rankCauses: (question) => {
      asked = question;
      return causes;
    },
    budget: { perDay: 200_000, perIncident: 20_000 },
    clock: { now: () => now },
    log: silentLog,
    metrics: noMetrics,
    ...more,
  });
  return {
    explain,
    explainFirst,
    asked: () => asked,
    rank(next) {
      causes = next;
    },
    goTo(time) {
      now = time;
    },
  };
}

/** The stored explanation; throws when there is none. */
export async function storedExplanation(store: Store, incidentId: number) {
  const explanation = await store.explanations.find(incidentId);
  if (explanation === null) throw new Error(`incident ${incidentId} has no explanation`);
  return explanation;
}

/** Tokens spent on explanations, by day and incident: "2026-03-01 1" is 900. */
export async function spentTokens(url: string): Promise<Readonly<Record<string, number>>> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const rows = await sql<{ day: string; incident_id: number; tokens: number }[]>`select * from token_spend`;
    return Object.fromEntries(rows.map((row) => [`${row.day} ${row.incident_id}`, row.tokens]));
  } finally {
    await sql.end({ timeout: 1 });
  }
}
