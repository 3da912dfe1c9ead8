/**
 * Whether what a sentence blames may be blamed: something that a cited fact is about, or what its alert measures. Any
 * other word of a quotation, such as who owns a service, is a cause only where the quotation itself says so.
 */
import type { Evidence } from "../explanation.ts";
import { isChange, trusted } from "./cited.ts";
import { partsOf } from "./evidence.ts";
import { withoutNames } from "./names.ts";
import { quantitiesIn } from "./quantity.ts";
import { strangerIn } from "./words.ts";

/** What is blamed stands before these, and after them where "by" follows. */
const forward = String.raw`caus(?:es|ed|ing)|br(?:oke|eaks|oken)|led\s+to|leads\s+to|trigger(?:s|ed)|slow(?:s|ed)(?:\s+down)?|made|makes|brought|hit|hurt|hurts|affect(?:s|ed)|degrad(?:es|ed)|result(?:s|ed)\s+in|contribut(?:es|ed)\s+to|did\s+(?:it|this|that)|changed|as\s+(?:its|the|an?)\s+(?:\p{L}+\s+)?(?:cause|trigger|reason|source|origin)|(?:is|was|are|were)\s+(?:\p{L}+\s+){0,4}(?:causes?|triggers?|reasons?|sources?|origins?|blamed?|suspect|suspected|behind)`;
/** What is blamed stands after these. */
const backward = String.raw`because(?:\s+of)?|due\s+to|owing\s+to|thanks\s+to|through|(?:attributable|related)\s+to|(?:came|comes|coming|result(?:s|ed|ing)?|originat(?:es|ed|ing))\s+(?:from|in|with)|(?:result|consequence|effect)\s+of|(?:causes?|triggers?|reasons?|sources?|origins?|suspects?)(?:\s+(?:of|for)\s+[^,;:]*?)?\s+(?:is|was|are|were)|blames?|suspects`;
const relation = new RegExp(String.raw`\b(?:(?<backward>${backward})|(?<forward>${forward}))\b`, "giu");
/** What is blamed goes on over "and". */
const end =
  /[;:]\s|\b(?:but|while|whereas|although|though|which|whose|who|so|then)\b|\b(?:because|due\s+to|owing\s+to)\b/iu;
const start = new RegExp(`${end.source}|,\\s`, "iu");

/** A word that is blamed and is nothing that the evidence could blame, as a reason; null when there is none. */
export function blameProblem(
  text: string,
  cited: readonly Evidence[],
  names: readonly string[],
): string | null {
  const { ours, blamable, told } = blamableBy(cited);
  for (const { phrase, isClause } of blamedIn(text)) {
    const said = isClause && ofState.test(phrase) ? `${blamable} \n ${told}` : blamable;
    const stranger = strangerIn(withoutNames(phrase, names), ours, said);
    if (stranger !== null)
      return `blames "${stranger.slice(0, 60)}", which is nothing that the cited evidence is about`;
  }
  return null;
}

/** What something came from. */
interface Blamed {
  readonly phrase: string;
  /** After "because", and not "because of". */
  readonly isClause: boolean;
}

function blamedIn(text: string): readonly Blamed[] {
  return [...text.matchAll(relation)].map((match) => {
    const after = text.slice(match.index + match[0].length);
    const isAfter = match.groups?.["backward"] !== undefined || /^\s*by\b/i.test(after);
    const phrase = isAfter ? after.split(end)[0] : text.slice(0, match.index).split(start).at(-1);
    return { phrase: phrase ?? "", isClause: /^because$/i.test(match[0]) };
  });
}

/** "Because its connection pool is exhausted" repeats a state that an alert tells of. */
const ofState = /^[^,]*\b(?:is|are|was|were)\b/i;
const joined = /\p{L}+-[\p{L}-]+/gu;

interface Blamable {
  readonly ours: string;
  /** Our own words and names, changes in the words of others, and of alerts what they measure and what they blame. */
  readonly blamable: string;
  /** All plain words of alerts; names, which hyphens join, are none. */
  readonly told: string;
}

function blamableBy(cited: readonly Evidence[]): Blamable {
  const ours = trusted(cited.map((fact) => partsOf(fact).fact)).join(" \n ");
  const quotes = cited.flatMap((fact) => {
    const [quote = ""] = trusted([partsOf(fact).quote]);
    return isChange(fact) ? [quote] : [...measuredIn(quote), ...blamedIn(quote).map(({ phrase }) => phrase)];
  });
  const told = trusted(cited.map((fact) => partsOf(fact).quote)).join(" \n ");
  return { ours, blamable: [ours, ...quotes].join(" \n "), told: told.replace(joined, " ") };
}

const justBefore = /(?:[\p{L}\d]+\s+){0,3}$/u;

/** The words beside each number that has a unit or counts something. */
function measuredIn(quote: string): readonly string[] {
  return quantitiesIn(quote)
    .filter(({ dimension, noun }) => dimension !== null || noun !== null)
    .flatMap(({ index, beside }) => [justBefore.exec(quote.slice(0, index))?.[0] ?? "", beside])
    .map((words) => words.replace(joined, " "));
}
