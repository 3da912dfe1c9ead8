import type { Claim, ExplanationQuestion } from "../domain/explanation.ts";
import { checkDraft } from "../domain/explanation-check.ts";
import type { Explainer, Log, Metrics, Store } from "../ports.ts";

/** Tokens that explanations may cost. Days are of UTC. */
export interface TokenBudget {
  readonly perDay: number;
  readonly perIncident: number;
}

/** Set aside before a question, so that replicas that ask at the same time keep the budget together. */
const reservedTokens = 12_000;

export type ModelAnswer =
  | { readonly kind: "text"; readonly summary: readonly Claim[]; readonly causes: readonly Claim[] }
  /** `reason` is one plain line for the card. */
  | { readonly kind: "none"; readonly reason: string };

/** Asks the model within the budget, counts what it cost, and keeps what the evidence backs. Never rejects for the model's sake. */
export async function askModel(asked: {
  readonly model: Explainer;
  readonly question: ExplanationQuestion;
  readonly budget: TokenBudget;
  readonly store: Store;
  readonly at: Date;
  readonly log: Log;
  readonly metrics: Metrics;
}): Promise<ModelAnswer> {
  const { model, question, budget, store, log, metrics } = asked;
  const day = asked.at.toISOString().slice(0, 10);
  const incidentId = question.incident.id;
  const reserved = Math.min(reservedTokens, budget.perDay, budget.perIncident);
  const exhausted = await overBudget();
  if (exhausted !== null) return none("budget", exhausted);
  await store.explanations.spend(day, incidentId, reserved);
  const startedAt = performance.now();
  const result = await model.explain(question).catch((error: unknown) => {
    log.error({ error: error instanceof Error ? error.name : typeof error }, "explain: the explainer threw");
    return { kind: "unavailable", reason: "the model could not be asked", tokens: 0 } as const;
  });
  metrics.observe("tocsin_explainer_seconds", (performance.now() - startedAt) / 1000, {
    explainer: model.name,
  });
  metrics.count("tocsin_explainer_tokens_total", { explainer: model.name }, result.tokens);
  await store.explanations.spend(day, incidentId, result.tokens - reserved);
  if (result.kind === "unavailable") return none("unavailable", result.reason);
  const checked = checkDraft(result.draft, question);
  for (const { reason } of checked.dropped) log.info({ reason }, "explain: a claim was dropped");
  if (!checked.isEnough) return none("unbacked", "too little of the model's answer was backed by evidence");
  metrics.count("tocsin_explanations_total", { explainer: model.name, outcome: "written" });
  return { kind: "text", summary: checked.summary, causes: checked.causes };

  async function overBudget(): Promise<string | null> {
    const spent = await store.explanations.spent(day, incidentId);
    if (spent.today + reserved > budget.perDay) return `today's budget of ${budget.perDay} tokens is spent`;
    if (spent.incident + reserved > budget.perIncident)
      return `this incident's budget of ${budget.perIncident} tokens is spent`;
    return null;
  }

  function none(outcome: string, reason: string): ModelAnswer {
    metrics.count("tocsin_explanations_total", { explainer: model.name, outcome });
    log.warn({ reason }, "explain: the template's text stands");
    return { kind: "none", reason };
  }
}
