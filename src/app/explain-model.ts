import { checkDraft } from "../domain/explanation/check.ts";
import { questionTokens, upToHundred } from "../domain/explanation/tokens.ts";
import type { Claim, ExplanationQuestion } from "../domain/explanation.ts";
import type {
  Explainer,
  ExplainResult,
  Log,
  Metrics,
  Reserved,
  Store,
  TokenBudget,
  TokenReservation,
} from "../ports.ts";
import { countLeftOut } from "./left-out.ts";

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
    // Set aside before it is asked, so that replicas that ask at the same time keep the budget together.
    tokens: questionTokens(question),
    budget,
  };
  const reserved = await store.explanations.reserve(reservation);
  if (reserved.kind === "too_little") return none("budget", shortage(reserved, reservation));
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

/** "too little is left of this incident's budget: 11,000 of 20,000 tokens, and a question takes about 11,500" */
function shortage(
  { of, leftTokens }: Extract<Reserved, { kind: "too_little" }>,
  { tokens, budget }: TokenReservation,
): string {
  const whose = of === "day" ? "today's budget" : "this incident's budget";
  const all = of === "day" ? budget.perDay : budget.perIncident;
  if (leftTokens === 0) return `${whose} of ${counted(all)} tokens is spent`;
  const need = `a question takes about ${counted(upToHundred(tokens))}`;
  return `too little is left of ${whose}: ${counted(leftTokens)} of ${counted(all)} tokens, and ${need}`;
}

function counted(tokens: number): string {
  return tokens.toLocaleString("en-US");
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
