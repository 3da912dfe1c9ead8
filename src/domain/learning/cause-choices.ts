/**
 * Incidents whose cause is known as choices among the very answers that the ranking weighs, their scores taken apart
 * into what weights multiply and what they do not.
 */
import { type Contest, contestOf, farCalls, linkOf } from "../causes/contest.ts";
import type { Feature } from "../causes/service-evidence.ts";
import type { Weights } from "../weights.ts";
import type { Values } from "./climb.ts";
import { noChange } from "./feedback.ts";
import { type LabelledCause, rightChanges } from "./labels.ts";

/** A term of a score. */
interface Part {
  /** Units by the name of the weight; see {@link namedWeights}. */
  readonly units: Values;
  /** What no weight multiplies, as votes. */
  readonly fixed: number;
}

interface Candidate {
  readonly service: string | null;
  readonly changeId: string | null;
  /** Places of the parts that its score is the sum of. */
  readonly parts: readonly number[];
}

/** One question as the ranking weighs it. Services and changes are parts, since each is in many pairs. */
export interface Choice {
  readonly parts: readonly Part[];
  readonly candidates: readonly Candidate[];
  /** By place, whether a candidate is right. */
  readonly areRight: readonly boolean[];
  /** Scores are multiplied by this. */
  readonly sharpness: number;
}

/** The weights that choices speak of: "service:first", "change:recent", and those without a feature under their own name. */
export function namedWeights({ service, change, ...rest }: Weights["causes"]): Record<string, number> {
  const { noChange: none, elsewhere, changed, changeDistance } = rest;
  return {
    ...prefixed("service", service),
    ...prefixed("change", change),
    ...{ noChange: none, elsewhere, changed, changeDistance },
  };
}

function prefixed(prefix: string, values: Values): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}:${name}`, value]));
}

/** A labelled incident as a choice; null when nothing that is known of it can be an answer. */
export function choiceOf(row: LabelledCause, weights: Weights): Choice | null {
  const changes = rightChanges(row);
  // What was right has to be among the candidates, or it could not be learned.
  const contest = contestOf(row.question, weights, { service: row.service, changes });
  const isOfPairs = contest.services.length > 0;
  const { parts, candidates } = isOfPairs ? pairsOf(contest, weights) : changesOf(contest, weights);
  const areRight = rightOf(row, changes, candidates);
  if (!areRight.includes(true)) return null;
  return { parts, candidates, areRight, sharpness: isOfPairs ? weights.causes.sharpness : 1 };
}

/** Every service with every change and with none, and the answer that it is something else. */
function pairsOf({ services, changes, graph }: Contest, { causes }: Weights) {
  const none = services.length + changes.length;
  const [elsewhere, links] = [none + 1, none + 2];
  const parts = [
    ...services.map((service) => partOf("service", service, service.features, causes.service)),
    ...changes.map((change) => partOf("change", change, change.evidence.features, causes.change)),
    unitOf("noChange", 1),
    unitOf("elsewhere", 1),
    unitOf("changed", 1),
    ...Array.from({ length: farCalls }, (_, index) => unitOf("changeDistance", index + 1)),
  ];
  const pairs = services.flatMap(({ service }, place): Candidate[] => [
    { service, changeId: null, parts: [place, none] },
    ...changes.map(({ evidence }, index) => {
      const { name, value } = linkOf(service, evidence, graph);
      const link = links + (name === "changed" ? 0 : value);
      return { service, changeId: evidence.change.id, parts: [place, services.length + index, link] };
    }),
  ]);
  const nothing: Candidate = { service: null, changeId: null, parts: [elsewhere, none] };
  return { parts, candidates: [...pairs, nothing] };
}

/** Where no alert names a service: the changes, and none of them. */
function changesOf({ changes }: Contest, { causes }: Weights) {
  const parts = [
    ...changes.map((change) => partOf("change", change, change.evidence.features, causes.change)),
    unitOf("noChange", 1),
  ];
  const candidates = changes.map(
    ({ evidence }, place): Candidate => ({
      service: evidence.service,
      changeId: evidence.change.id,
      parts: [place],
    }),
  );
  const nothing: Candidate = { service: null, changeId: null, parts: [changes.length] };
  return { parts, candidates: [...candidates, nothing] };
}

function unitOf(name: string, units: number): Part {
  return { units: { [name]: units }, fixed: 0 };
}

function partOf(
  prefix: "service" | "change",
  { score }: { readonly score: number },
  features: readonly Feature[],
  perUnit: Values,
): Part {
  const weighed = features.reduce((sum, { name, value }) => sum + value * (perUnit[name] ?? 0), 0);
  const units = Object.fromEntries(features.map(({ name, value }) => [name, value]));
  return { units: prefixed(prefix, units), fixed: score - weighed };
}

/**
 * Which candidates are right: all that agree with what is known. A service that nothing speaks of cannot be named; then
 * the answer that names nothing is right, unless the change is known.
 */
function rightOf(
  { service, changeId }: LabelledCause,
  changes: ReadonlySet<string>,
  candidates: readonly Candidate[],
): readonly boolean[] {
  const isChangeThere = candidates.some((candidate) => changes.has(candidate.changeId ?? ""));
  const isChange = (candidate: Candidate) => {
    if (changeId === noChange) return candidate.changeId === null;
    return !isChangeThere || changes.has(candidate.changeId ?? "");
  };
  if (service === null)
    return candidates.map((candidate) => (changeId === noChange || isChangeThere) && isChange(candidate));
  const isThere = candidates.some((candidate) => candidate.service === service);
  if (isThere) return candidates.map((candidate) => candidate.service === service && isChange(candidate));
  return candidates.map((candidate) =>
    isChangeThere ? isChange(candidate) : candidate.service === null && candidate.changeId === null,
  );
}
