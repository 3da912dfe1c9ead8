/** A sentence, taken apart, beside what it cites. */
import type { Evidence, ExplanationQuestion } from "../explanation.ts";
import { citedNames, metricNames, subjectNames } from "./cited.ts";
import { type Clause, readClauses } from "./clauses.ts";
import { directionsOf } from "./direction.ts";
import { partsOf } from "./evidence.ts";
import { withoutNames } from "./names.ts";
import { quantitiesIn } from "./quantity.ts";
import { type Source, servicesOf, sourcesOf, topicsIn } from "./statements.ts";

export interface Told {
  readonly text: string;
  readonly clauses: readonly Clause[];
  /** All that the cited evidence names. */
  readonly names: readonly string[];
  /** In lower case. */
  readonly services: ReadonlySet<string>;
  readonly sources: readonly Source[];
  /** How sure the ranking is of each cause, in percent. */
  readonly likelihoods: readonly Source[];
  readonly cited: readonly Evidence[];
  readonly startedAt: Date;
  /** What a clause measures; where it names neither that nor a subject, what the one before it measures. */
  topicsOf(clause: Clause): readonly string[];
}

export function readSentence(text: string, cited: readonly Evidence[], question: ExplanationQuestion): Told {
  const subjects = subjectNames(cited);
  const metrics = cited.flatMap(metricNames);
  const clauses = readClauses(text, subjects);
  const topics = new Map<Clause, readonly string[]>();
  let before: readonly string[] = [];
  for (const clause of clauses) {
    const own = topicsIn(withoutNames(clause.text, subjects), metrics);
    if (own.length > 0 || clause.phrases.length > 0) before = own;
    topics.set(clause, before);
  }
  return {
    text,
    clauses,
    names: citedNames(cited),
    services: servicesOf(cited, question),
    sources: sourcesOf(cited, question),
    likelihoods: likelihoodsOf(cited, question),
    cited,
    startedAt: question.incident.startedAt,
    topicsOf: (clause) => topics.get(clause) ?? [],
  };
}

/** Causes whose confidence a sentence may tell. */
const toldCauses = 5;

/** In steps of one percent, and of five. */
function likelihoodsOf(cited: readonly Evidence[], { causes }: ExplanationQuestion): readonly Source[] {
  return causes.slice(0, toldCauses).map(({ service, changeId, confidence }) => {
    const ofChange = cited
      .filter((fact) => partsOf(fact).changeId === changeId)
      .flatMap((fact) => citedNames([fact]));
    const names = [service, ...ofChange].filter((name) => name !== null);
    const text = [1, 5].map((step) => `${Math.round((confidence * 100) / step) * step} %`).join("; ");
    const statement = { text, context: text, quantities: quantitiesIn(text), directions: directionsOf("") };
    const nothing = { title: "", titleDirections: new Set<never>(), moments: [], fact: null };
    return { kind: "reason", names, statements: [statement], ...nothing };
  });
}
