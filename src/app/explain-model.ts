import { checkDraft } from "../domain/explanation/check.ts";
import type { Claim, ExplanationQuestion } from "../domain/explanation.ts";
import type { Explainer, ExplainResult, Log, Metrics, Store, TokenBudget } from "../ports.ts";
import { countLeftOut } from "./left-out.ts";

/** Set aside before a question, so that replicas that ask at the same time keep the budget together. */
const reservedTokens = 12_000;

export type ModelAnswer =
  | {
      readonly kind: "text";
      readonly summary: readonly Claim[];
      readonly causes: readonly Claim[];
      readonly order: readonly number[] | null;
    }
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
  const reservation = {
    day: asked.at.toISOString().slice(0, 10),
    incidentId: question.incident.id,
    tokens: Math.min(reservedTokens, budget.perDay, budget.perIncident),
    budget,
  };
  const reserved = await store.explanations.reserve(reservation);
  if (reserved === "day_spent") return none("budget", `today's budget of ${budget.perDay} tokens is spent`);
  if (reserved === "incident_spent")
    return none("budget", `this incident's budget of ${budget.perIncident} tokens is spent`);
  const startedAt = performance.now();
  const result = await model.explain(question).catch((error: unknown): ExplainResult => {
    log.error({ error: error instanceof Error ? error.name : typeof error }, "explain: the explainer threw");
    return { kind: "unavailable", reason: "the model could not be asked", tokens: 0 };
  });
  metrics.observe("tocsin_explainer_seconds", (performance.now() - startedAt) / 1000, {
    explainer: model.name,
  });
  metrics.count("tocsin_explainer_tokens_total", { explainer: model.name }, result.tokens);
  await store.explanations.settle(reservation, result.tokens);
  countLeftOut(metrics).note("prompt_facts", result.untold ?? 0);
  await recordExchange(store, model.name, result, asked);
  if (result.kind === "unavailable") return none("unavailable", result.reason);
  const checked = checkDraft(result.draft, question);
  for (const { reason } of checked.dropped) log.info({ reason }, "explain: a claim was dropped");
  if (!checked.isEnough) return none("unbacked", "too little of the model's answer was backed by evidence");
  metrics.count("tocsin_explanations_total", { explainer: model.name, outcome: "written" });
  return { kind: "text", summary: checked.summary, causes: checked.causes, order: checked.order };

  function none(outcome: string, reason: string): ModelAnswer {
    metrics.count("tocsin_explanations_total", { explainer: model.name, outcome });
    log.warn({ reason }, "explain: the template's text stands");
    return { kind: "none", reason };
  }
}

/** Hashes and counts only: prompts hold what alerts said, and answers are kept as explanations. */
async function recordExchange(
  store: Store,
  explainer: string,
  { kind, tokens, exchange }: ExplainResult,
  { at, question }: { readonly at: Date; readonly question: ExplanationQuestion },
): Promise<void> {
  if (exchange === undefined) return;
  const { model, promptHash, answerHash } = exchange;
  await store.audit.append({
    at,
    actor: "tocsin",
    action: "explainer.asked",
    subject: `incident:${question.incident.id}`,
    outcome: kind === "drafted" ? "done" : "failed",
    data: { explainer, llmModel: model, promptHash, answerHash, tokens },
  });
}
