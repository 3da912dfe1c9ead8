import { createOpenAiExplainer } from "../adapters/explainers/openai.ts";
import { createTemplateExplainer } from "../adapters/explainers/template.ts";
import { createExplain, type Explain } from "../app/explain.ts";
import type { Config } from "../config.ts";
import { createKindOf } from "../domain/alert/evidence-kind.ts";
import { rankCauses } from "../domain/causes.ts";
import { questionLimits } from "../domain/explanation/tokens.ts";
import { namesIn } from "../domain/people/person.ts";
import type { Weights } from "../domain/weights.ts";
import type { Clock, Explainer, Finding, Log, Metrics, Store } from "../ports.ts";
import { openSecret } from "./secrets.ts";

export interface ExplainingParts {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Those that are champion now. */
  readonly weights: () => Weights;
}

/** Explanations with the explainers that the configuration names. */
export function createExplaining(parts: ExplainingParts): Explain {
  const { config } = parts;
  const kindOf = createKindOf(config.evidenceKinds);
  return createExplain({
    ...parts,
    explainers: { template: createTemplateExplainer(), openai: modelExplainer(parts) },
    rankCauses: (question) => rankCauses({ ...question, kindOf }, parts.weights()),
    nameOf: namesIn(config.people),
    budget: { perDay: config.explainer.tokensPerDay, perIncident: config.explainer.tokensPerIncident },
  });
}

function modelExplainer(parts: ExplainingParts): Explainer | null {
  const { config, log } = parts;
  if (config.openai === null || !asksModel(config)) return null;
  const apiKey = openSecret("OPENAI_API_KEY", config.openai.apiKey, parts);
  return createOpenAiExplainer({ ...config.openai, apiKey, timeoutMs: config.explainer.timeoutMs, log });
}

function asksModel({ openai, explainer }: Config): boolean {
  return openai !== null && explainer.use === "openai";
}

/** Budgets in which a long question has no room, however little was spent; none where no model is asked. */
export function budgetFindings(config: Config): readonly Finding[] {
  if (!asksModel(config)) return [];
  return (["tokensPerDay", "tokensPerIncident"] as const)
    .filter((key) => config.explainer[key] < questionLimits.most)
    .map((key) => ({
      status: "warning",
      subject: "explainer",
      text: `${key} is ${config.explainer[key]}, and a question takes up to ${questionLimits.most}: those that do not fit are not asked`,
      remedy: `set explainer.${key} in tocsin.yaml to ${questionLimits.most} or more`,
    }));
}
