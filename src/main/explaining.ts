import { createOpenAiExplainer } from "../adapters/explainers/openai.ts";
import { createTemplateExplainer } from "../adapters/explainers/template.ts";
import { createExplain, type Explain } from "../app/explain.ts";
import type { Config } from "../config.ts";
import { createKindOf } from "../domain/alert/evidence-kind.ts";
import { rankCauses } from "../domain/causes.ts";
import { namesIn } from "../domain/people/person.ts";
import type { Weights } from "../domain/weights.ts";
import type { Clock, Explainer, Log, Metrics, Store } from "../ports.ts";
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
  if (config.openai === null || config.explainer.use === "template") return null;
  const apiKey = openSecret("OPENAI_API_KEY", config.openai.apiKey, parts);
  return createOpenAiExplainer({ ...config.openai, apiKey, timeoutMs: config.explainer.timeoutMs, log });
}
