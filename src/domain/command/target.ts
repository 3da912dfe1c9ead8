/** Which model in which environment a command is about. */
import type { ModelFacts } from "../policy.ts";
import type { RolloutKind } from "../rollout/plan.ts";
import { oneLine } from "../view.ts";
import { closest } from "./spelling.ts";

/** What someone said of a rollout they want. */
export interface TargetQuestion {
  readonly kind: RolloutKind;
  readonly model: string;
  /** Null takes the model's only environment. */
  readonly environment: string | null;
  readonly to: string | null;
}

export type TargetResult<Model extends ModelFacts> =
  | { readonly kind: "target"; readonly model: Model; readonly environment: string }
  | {
      readonly kind: "refuse";
      readonly reason: "unknown_model" | "environment";
      readonly problem: string;
      readonly remedy: string;
      /** Command lines that would work. */
      readonly suggestions: readonly string[];
    };

/** Finds the target, or says what there is to choose from. */
export function findTarget<Model extends ModelFacts>(
  models: readonly Model[],
  question: TargetQuestion,
): TargetResult<Model> {
  const model = models.find((candidate) => candidate.name === question.model);
  if (model === undefined) return unknownModel(models, question);
  const { environments } = model;
  const environment = question.environment ?? (environments.length === 1 ? environments[0] : undefined);
  if (environment !== undefined && environments.includes(environment)) {
    return { kind: "target", model, environment };
  }
  return {
    kind: "refuse",
    reason: "environment",
    problem:
      environment === undefined
        ? `${model.name} lives in ${environments.length} environments.`
        : `${model.name} has no environment "${oneLine(environment, 60)}".`,
    remedy: `Say which: --environment ${environments.join(" or --environment ")}.`,
    suggestions: environments.map((name) => `${lineOf(question, model.name)} --environment ${name}`),
  };
}

function unknownModel<Model extends ModelFacts>(
  models: readonly Model[],
  question: TargetQuestion,
): TargetResult<Model> {
  const names = models.map((candidate) => candidate.name);
  const near = closest(question.model, names);
  return {
    kind: "refuse",
    reason: "unknown_model",
    problem: `There is no model "${oneLine(question.model, 60)}".`,
    remedy: `${near === null ? "" : `Did you mean ${near}? `}Models are: ${names.join(", ")}.`,
    suggestions: near === null ? ["models"] : [lineOf(question, near)],
  };
}

function lineOf(question: TargetQuestion, model: string): string {
  const environment = question.environment === null ? [] : ["--environment", question.environment];
  const version = question.to === null ? [] : [question.to];
  const isKnown = question.model === model;
  return [question.kind, model, ...version, ...(isKnown ? [] : environment)].join(" ");
}
