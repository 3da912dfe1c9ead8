/**
 * Whether something is down or has failed: an alert or a metric of that very thing has to say so. Latency says of nothing
 * that it is down, and that a version went live says neither that the rollout failed nor that the service did.
 */
import { type Clause, namesOf, type Phrase } from "./clauses.ts";
import { isNegated } from "./direction.ts";
import { withoutNames } from "./names.ts";
import { allWords, isAbout } from "./statements.ts";
import type { Told } from "./told.ts";

interface State {
  readonly claimed: RegExp;
  /** In the words of an alert, a metric or a change. */
  readonly held: RegExp;
  /**
   * What else may stand for it. measure: what went down is a metric, of which other rules judge. alert: any alert, since
   * that something is failing may say no more than that. Null: nothing.
   */
  readonly or: "measure" | "alert" | null;
}

const auxiliary = String.raw`(?:(?:is|are|was|were|be|been|being|has|have|had|stays?|remains?|goes|went|gone|still|now|also|then|again|already|both|may|might|probably|likely)\s+)`;
const dead =
  /(?<!slow(?:s|ed)?\s|scaled\s)\bdown\b(?!\s+(?:to|from|by))|unavailab|unreachab|offline|outage|\bdead\b|absent|crash|\boom|\bno\s+(?:healthy|ready|live)|not\s+(?:respond|ready|reachab|healthy|answer)|probe|heartbeat|\b0\s+of\s+\d|refus|disconnect|\b100\s?%/i;
const troubled =
  /fail|error|broke|down|degrad|crash|abort|roll(?:ed)?[\s-]?back|unsuccess|(?<!\p{L})[45]xx|timed? ?out|reject|refus|unavailab|stuck/iu;

const states: readonly State[] = [
  {
    claimed: new RegExp(
      String.raw`(?:\b${auxiliary}+|(?<=\s{2}|^\s*))down\b(?!\s+(?:to|from|by|\d))|\b(?:do|does|did|is|are)\s+not\s+(?:respond|answer|work)(?:ing)?\b(?!\s+in\b)|\bno\s+longer\s+(?:answers?|responds?|works?)\b`,
      "giu",
    ),
    held: dead,
    or: "measure",
  },
  {
    claimed: new RegExp(
      String.raw`\b${auxiliary}*(?:fail(?:s|ed|ing)|(?<=\s)broken|degraded|affected|in\s+trouble|(?:has|have|shows?)\s+(?:problems?|troubles?|issues?))\b`,
      "giu",
    ),
    held: troubled,
    or: "alert",
  },
  {
    claimed:
      /\bfail(?:s|ed|ing)?\s+(?:\p{L}+\s+){0,3}?(?:requests|calls|responses)\b|(?<=\b(?:requests|calls|responses)\s+(?:\p{L}+\s+){0,4})fail(?:s|ed|ing)?\b/giu,
    held: troubled,
    or: null,
  },
];
/** Kinds of facts that tell of no trouble. */
const calm = new Set(["change", "rollout", "topology", "callers"]);

/** A state that nothing cited tells of, as a reason. */
export function stateProblem(told: Told): string | null {
  for (const clause of told.clauses) {
    const text = withoutNames(clause.text, told.names);
    for (const state of states)
      for (const { 0: word, index } of text.matchAll(state.claimed))
        if (!isNegated(text, index) && !isSaid(state, { text, index }, clause, told))
          return `says "${word}", of which no cited alert tells`;
  }
  return null;
}

interface Place {
  readonly text: string;
  readonly index: number;
}

function isSaid(state: State, place: Place, clause: Clause, told: Told): boolean {
  if (state.or === "measure" && told.topicsOf(clause).length > 0) return true;
  const names = state.or === null ? namesOf(clause) : subjectOf(place, clause);
  const near = told.sources.filter(
    (source) => source.kind === "fact" && isAbout(source, names, told.services),
  );
  if (state.or === "alert" && near.some(({ fact }) => !calm.has(fact?.kind ?? "topology"))) return true;
  return near.some((source) => state.held.test(allWords(source, null)));
}

/** What a state is said of: the names right before it, or else any in its clause. */
function subjectOf({ text, index }: Place, clause: Clause): readonly string[] | null {
  const isRightBefore = ({ to }: Phrase) => to <= index && text.slice(to, index).trim() === "";
  return clause.phrases.find(isRightBefore)?.names ?? namesOf(clause);
}
