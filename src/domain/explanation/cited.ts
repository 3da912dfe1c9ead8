/** What a sentence may call the facts that it cites, and their texts as far as a model was let see them. */
import type { Evidence } from "../explanation.ts";
import { partsOf } from "./evidence.ts";
import { readsLikeInstructions, withheld } from "./instructions.ts";

/**
 * A fact as a model is let see it: of what we say in it, those words of others are withheld that read like instructions.
 * Whole facts and quotations that do are withheld by {@link trusted} and by the prompt.
 */
export function asSeen(fact: Evidence): Evidence {
  const { fact: what, entities } = partsOf(fact);
  const { ending } = fact.data;
  const others = [...entities, ...(typeof ending === "string" ? [ending] : [])];
  const orders = others.filter((words) => words !== "" && readsLikeInstructions(words));
  if (orders.length === 0) return fact;
  const seen = orders.reduce((rest, words) => rest.replaceAll(words, withheld), what);
  return { ...fact, data: { ...fact.data, fact: seen } };
}

/** Names that the cited evidence gives; those that read like instructions are none. */
export function citedNames(cited: readonly Evidence[]): readonly string[] {
  return cited.flatMap((fact) => partsOf(fact).entities).filter((name) => !readsLikeInstructions(name));
}

/** What a sentence may call a fact by: its entities, or "deploy". */
export function namesOfFact(fact: Evidence): readonly string[] {
  const kind = fact.data["changeKind"];
  return [...citedNames([fact]), ...(typeof kind === "string" ? [kind] : [])];
}

/** What a metric is called: "p95", "error ratio"; empty for facts of another kind. */
export function metricNames(fact: Evidence): readonly string[] {
  if (fact.kind !== "metric") return [];
  const { service } = partsOf(fact);
  return citedNames([fact]).filter((name) => name !== service);
}

/** Whom or what a sentence can be about: services, alerts and changes, but no metrics, which are what is said of them. */
export function subjectNames(cited: readonly Evidence[]): readonly string[] {
  const metrics = new Set(cited.flatMap(metricNames));
  return [...new Set(citedNames(cited))].filter((name) => !metrics.has(name));
}

export function isChange({ kind }: Evidence): boolean {
  return kind === "change" || kind === "rollout";
}

export function textsOf(fact: Evidence): readonly string[] {
  const { fact: what, quote } = partsOf(fact);
  return trusted([what, quote]);
}

/** Texts that a model was allowed to see. */
export function trusted(texts: readonly string[]): readonly string[] {
  return texts.filter((text) => text !== "" && !readsLikeInstructions(text));
}
