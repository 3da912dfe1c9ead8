/**
 * Whether the numbers of a sentence are right: each has to stand in one statement of a cited fact about what is named
 * beside it, of what the clause measures, on the same side of "from … to …", and going the same way.
 */
import { type Clause, namesAt } from "./clauses.ts";
import { directionsIn, isNegated } from "./direction.ts";
import { literal, withoutNames } from "./names.ts";
import { backs, type Quantity, quantitiesIn, withDigits } from "./quantity.ts";
import { isSameRole } from "./quantity-role.ts";
import { allWords, covers, directionsHeld, isAbout, type Source, type Statement } from "./statements.ts";
import { isLag } from "./timing-claim.ts";
import type { Told } from "./told.ts";

/** The first number that the evidence does not back, as a reason. */
export function numberProblem(told: Told): string | null {
  for (const clause of told.clauses) {
    const text = withDigits(withoutNames(clause.text, told.names));
    for (const claimed of quantitiesIn(text)) {
      if (isNegated(text, claimed.index)) return `denies "${claimed.text}"`;
      if (!isBacked(claimed, text, clause, told))
        return `says "${claimed.text}", which the cited evidence does not say of it`;
    }
    const pair = pairsIn(text).find((each) => !isPairHeld(each, clause, told));
    if (pair !== undefined) return `says "${pair.text}", which the cited evidence does not`;
    const versions = versionsIn(clause.text).find((each) => !areVersionsHeld(each, told.sources));
    if (versions !== undefined) return `says "${versions[0]}", which the cited evidence does not`;
  }
  return null;
}

/** True when a source about what stands beside the number has it, or it is the time between two things. */
export function isBacked(claimed: Quantity, text: string, clause: Clause, told: Told): boolean {
  const isHeldOf = (names: readonly string[] | null) =>
    told.sources.some(
      (source) =>
        isAbout(source, names, told.services) &&
        source.statements.some((each) => holds(source, each, claimed, text, clause, told)),
    );
  // What is said of a list is said of each in it.
  if ([namesAt(clause, claimed.index), ...clause.beside].every(isHeldOf)) return true;
  return isLag(claimed, text, clause, told) || isConfidence(claimed, text, clause, told);
}

// ---------- of what ----------

function holds(
  source: Source,
  statement: Statement,
  claimed: Quantity,
  text: string,
  clause: Clause,
  told: Told,
): boolean {
  if (likelihood.test(statement.text) && claimed.dimension === "share") return false;
  const context = allWords(source, statement);
  const side = sideOf(claimed, text);
  const asClaimed = { quantity: claimed, text };
  const given = statement.quantities.filter(
    (each) =>
      backs(each, claimed, context) && isSameRole({ quantity: each, text: statement.text }, asClaimed),
  );
  if (!given.some((each) => isSideRight(each, statement, side, text))) return false;
  if (source.kind === "count") return claimed.noun !== null || counting.test(text);
  if (!covers(source, statement, told.topicsOf(clause))) return false;
  return (
    goesAlong(directionsIn(text), directionsHeld(source, statement)) && isSameShare(claimed, text, context)
  );
}

const counting = /\b(?:alerts?|alerting|services?|callers?|incidents?|reopened|times)\b/i;

function goesAlong(stated: ReadonlySet<string>, held: ReadonlySet<string>): boolean {
  return stated.size === 0 || held.size === 0 || [...stated].some((direction) => held.has(direction));
}

const free = /\b(?:left|free|remain\w*|available|spare|unused|idle|headroom)\b/i;
const full =
  /\b(?:full|used|usage|utili[sz]\w*|occupied|taken|takes?|took|filled|fills?|busy|saturat\w*|consum\w*)\b/i;
const bad =
  /fail|error|broke|break|reject|(?<!\p{L})[45]xx|refus|timed? ?out|dropped|lost|loss|crash|unavailab|unsuccess/iu;
const good = /success|succeed|\bavailab|uptime|\banswer|\bserv(?:es|ed|ing)\b/i;
const asked = /request|response|\bcalls\b|traffic/i;

/** What is full is not what is left, and what is answered is not what fails. */
function isSameShare(claimed: Quantity, text: string, context: string): boolean {
  if (!["share", "bytes", null].includes(claimed.dimension)) return true;
  const isFree = free.test(context);
  if (free.test(text) && !isFree) return false;
  if (full.test(text) && isFree) return false;
  if (claimed.dimension !== "share") return true;
  if (bad.test(text)) return bad.test(context);
  if (good.test(text) && bad.test(context)) return false;
  return !asked.test(text) || [bad, good, asked].some((words) => words.test(context));
}

// ---------- how sure ----------

const likelihood = /\b(?:likely|probab\w+|confiden\w+)\b/i;
const blame =
  /\b(?:blam\w+|suspect\w*|suspicio\w+|confiden\w+|probab\w+|likel\w+|rank(?:s|ed|ing)?|sure|candidates?|culprit)\b/i;
const afterConfidence =
  /^\s*(?:$|\p{P}|(?:confiden\w+|probab\w+|likel\w+|suspicio\w+|sure|by|as|for|that|to|in)\b)/iu;

/** How sure the ranking is says how likely something is the cause, and nothing of what it does. */
function isConfidence(claimed: Quantity, text: string, clause: Clause, told: Told): boolean {
  if (claimed.dimension !== "share" || bad.test(text) || told.topicsOf(clause).length > 0) return false;
  const after = text.slice(claimed.index).replace(/^[\d.,]+\s*(?:%|percent)/iu, "");
  const isAside =
    /^\s*\)/.test(after) ||
    (/^\s*(?:with|at)?\s*$/i.test(text.slice(0, claimed.index)) && /^\W*$/.test(after));
  if (!blame.test(isAside ? told.text : text) || !afterConfidence.test(after)) return false;
  const names = namesAt(clause, claimed.index);
  return told.likelihoods
    .filter((each) => isAbout(each, names, told.services))
    .some(({ statements }) =>
      statements.some((each) =>
        each.quantities.some((given) => backs(given, { ...claimed, noun: null }, "")),
      ),
    );
}

// ---------- from and to ----------

type End = "before" | "after";
type Side = End | "difference";

interface Pair {
  readonly text: string;
  readonly before: Quantity;
  readonly after: Quantity;
}

const figure = String.raw`\d[\d.,]*(?:\s?(?:%|[\p{L}µ/][\p{L}/]*))?`;
const onward = new RegExp(
  String.raw`(?<![\d.:])(?<a>${figure})\s*(?:to|->|→|=>)\s*(?<b>${figure})(?![\d:])`,
  "giu",
);
const backward = new RegExp(String.raw`\bto\s+(?<b>${figure})\s+from\s+(?<a>${figure})(?![\d:])`, "giu");

/** Every "from 0.3 s to 2.3 s" and "to 2.3 s from 0.3 s"; the first takes over the unit of the second. */
function pairsIn(text: string): readonly Pair[] {
  return [...text.matchAll(onward), ...text.matchAll(backward)].flatMap((match) => {
    const [a, b] = [match.groups?.["a"] ?? "", match.groups?.["b"] ?? ""];
    const [after] = quantitiesIn(b);
    const [before] = quantitiesIn(a);
    if (before === undefined || after === undefined) return [];
    const { dimension, factor } = before.dimension === null ? after : before;
    return [
      {
        text: match[0],
        before: { ...before, dimension, factor, noun: null },
        after: { ...after, noun: null },
      },
    ];
  });
}

/** How many times as much as before, by every "from 1 to 2" and "2 times" in a text. */
export function ratiosIn(text: string): readonly number[] {
  const sizeOf = ({ value, factor }: Quantity) => value * factor;
  const pairs = pairsIn(text).map((pair) => sizeOf(pair.after) / sizeOf(pair.before));
  const told = quantitiesIn(text).filter(({ dimension }) => dimension === "multiple");
  return [...pairs, ...told.map(({ value }) => value)];
}

function isPairHeld(pair: Pair, clause: Clause, told: Told): boolean {
  const names = namesAt(clause, 0);
  return told.sources
    .filter((source) => isAbout(source, names, told.services))
    .some(({ statements }) =>
      statements.some(({ text }) =>
        pairsIn(text).some(
          (given) => backs(given.before, pair.before, text) && backs(given.after, pair.after, text),
        ),
      ),
    );
}

function sideOf({ index }: Quantity, text: string): Side | null {
  if (/\bfrom\s+(?:\p{L}+\s+)?$/iu.test(text.slice(0, index))) return "before";
  if (/\bby\s+(?:\p{L}+\s+)?$/iu.test(text.slice(0, index))) return "difference";
  return /(?:\b(?:to|reach(?:es|ed|ing)?)\s+|(?:->|→|=>)\s*)(?:\p{L}+\s+)?$/iu.test(text.slice(0, index))
    ? "after"
    : null;
}

/** Words by which a clause speaks of what was before. */
const former =
  /\b(?:was|were|been|before|previous\w*|prior|earlier|usual\w*|instead|than|compared|normal\w*|baseline|\d\s*(?:to|->|→))\b/i;

/** What was before is not what is now. */
function isSideRight(given: Quantity, { text }: Statement, side: Side | null, claim: string): boolean {
  if (side === "difference") return /\bby\s+\d/i.test(text);
  const pairs = pairsIn(text);
  const isIn = (part: End) => pairs.some((pair) => pair[part].value === given.value);
  if (pairs.length === 0 || (!isIn("before") && !isIn("after"))) return side !== "before";
  if (side !== null) return isIn(side);
  return isIn("after") || former.test(claim) || pairsIn(claim).length > 0;
}

const version = /\bfrom\s+(?<a>v?\d[\w.-]*[\w]|v\d)\s+to\s+(?<b>v?\d[\w.-]*[\w]|v\d)/giu;

/** "from v1.2 to v1.3", which are no quantities. */
function versionsIn(text: string): readonly RegExpExecArray[] {
  return [...text.matchAll(version)].filter(({ groups }) => /[a-z]|\d\.\d+\.\d/i.test(`${groups?.["a"]}`));
}

function areVersionsHeld({ groups }: RegExpExecArray, sources: readonly Source[]): boolean {
  const [a, b] = [literal(`${groups?.["a"]}`), literal(`${groups?.["b"]}`)];
  const held = new RegExp(`${a}\\s*(?:to|->|→|=>)\\s*${b}`, "iu");
  return sources.some(({ statements }) => statements.some(({ text }) => held.test(text)));
}
