/** What a sentence says led to what, when the times of what it names say that it cannot have. */
import type { Evidence } from "../explanation.ts";
import { timedIn } from "./timing-claim.ts";

const gap = String.raw`(?:\s+(?:the|an?|likely|probable|probably|possible|main|root|direct|immediate))*\s+`;
/** What stands before these came first. */
const forward = String.raw`led\s+to|leads?\s+to|leading\s+to|trigger(?:s|ed|ing)?|caus(?:es|ed|ing)|result(?:s|ed|ing)?\s+in|brought|brings?|made|makes|broke|breaks|(?:is|was|are|were)${gap}(?:causes?|triggers?|reasons?|sources?|origins?)\s+(?:of|for|behind)|(?:since\s+|only\s+|and\s+)?then`;
/** What stands before these came later. */
const backward = String.raw`because(?:\s+of)?|due\s+to|since|once|as\s+soon\s+as|(?:as\s+)?(?:an?\s+|the\s+)?(?:result|consequence|effect)\s+of|result(?:s|ed|ing)?\s+from|originat\w+\s+(?:in|from|with)|(?:started|began)\s+(?:with|in)`;
const relation = new RegExp(String.raw`\b(?:(?<forward>${forward})|(?<backward>${backward}))\b`, "giu");

/** The word by which a sentence puts the later before the earlier; null while nothing contradicts it. */
export function falseSequence(text: string, cited: readonly Evidence[]): string | null {
  const found = [...text.matchAll(relation)];
  const wrong = found.find((match, index) => {
    const end = match.index + match[0].length;
    const previous = found[index - 1];
    const left = text.slice(previous === undefined ? 0 : previous.index + previous[0].length, match.index);
    const right = text.slice(end, found[index + 1]?.index ?? text.length);
    const isLeading = /^[\s\p{P}]*$/u.test(left);
    const isPassive = /^\s*by\b/i.test(right);
    const isForward = (match.groups?.["forward"] !== undefined) !== isPassive;
    const [reference, ...rest] = right.split(/,\s/);
    const sides = isLeading
      ? { subject: rest.join(", "), other: reference ?? "" }
      : { subject: hasNames(left, cited) ? left : text.slice(0, match.index), other: right };
    // "Then, checkout became slow" stands at the head of a sentence and compares with nothing in it.
    if (isLeading && isForward) return false;
    const [earlier, later] = isForward ? [sides.subject, sides.other] : [sides.other, sides.subject];
    return isImpossible(earlier, later, cited);
  });
  return wrong?.[0] ?? null;
}

function hasNames(text: string, cited: readonly Evidence[]): boolean {
  return timedIn(text, cited).length > 0;
}

function isImpossible(earlier: string, later: string, cited: readonly Evidence[]): boolean {
  const timesIn = (text: string) => timedIn(text, cited).flatMap(({ at }) => at?.getTime() ?? []);
  const [first, second] = [timesIn(earlier), timesIn(later)];
  if (first.length === 0 || second.length === 0) return false;
  return !first.some((a) => second.some((b) => a <= b));
}
