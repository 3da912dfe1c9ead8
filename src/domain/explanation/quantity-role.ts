/**
 * What a number is in its text, beside its unit: how long something lasted, what is usual, or the whole of which a part
 * is counted. "p99 latency 2.3 s for 5m" knows of no latency of five minutes.
 */
import type { Quantity } from "./quantity.ts";

const duration =
  /\b(?:for|during|within|since|last(?:s|ed|ing)?|(?:last|past))\s+(?:(?:more|less|longer)\s+than\s+|at\s+least\s+|about\s+|the\s+(?:last|past)\s+)*$/i;
const latency = /latenc|\bp\d\d|respon|duration/i;
const waiting = /\b(?:wait|hang|block|answer|respond)\w*\b/i;

const usual = /\b(?:usual(?:ly)?|normal(?:ly)?|typical(?:ly)?|baseline)\b(?:(?!\s\d[\d.]*\s)[^,;%]){0,40}$/i;
const thenUsual =
  /^[\d.,]+\s*(?:%|\p{L}+)?\s+(?:(?:is|as|are)\s+)?(?:the\s+)?(?:usual|normal|typical)(?:ly)?\b/iu;
const former =
  /\b(?:before|previous\w*|prior|earlier|usual\w*|instead|than|compared|from|normal\w*|baseline)\b/i;

/** "8 pods" of "3 of 8 pods". */
const whole = /\d\s+(?:\p{L}+\s+)?(?:out\s+)?of\s+(?:(?:the|its|all|their)\s+)?$/iu;
const afterOf = /\bof\s+(?:(?:the|its|all|their)\s+)?$/i;
const inAll = /\b(?:has|have|had|runs?|total|altogether)\b/i;
const troubled = /fail|error|broke|wait|affect|hit|slow|suffer|degrad|trouble/i;

interface Placed {
  readonly quantity: Quantity;
  readonly text: string;
}

/** True when the given number may be what the claimed one says it is. */
export function isSameRole(given: Placed, claimed: Placed): boolean {
  return isSameDuration(given, claimed) && isAsUsual(given, claimed) && isSamePart(given, claimed);
}

function before({ quantity, text }: Placed): string {
  return text.slice(0, quantity.index);
}

function isSameDuration(given: Placed, claimed: Placed): boolean {
  if (given.quantity.dimension !== "time") return true;
  const isGiven = duration.test(before(given));
  const isClaimed = duration.test(before(claimed));
  if (isGiven || !isClaimed) return isGiven === isClaimed;
  return !latency.test(given.text) || waiting.test(claimed.text);
}

function isAsUsual(given: Placed, claimed: Placed): boolean {
  const isUsual = (placed: Placed) =>
    usual.test(before(placed)) || thenUsual.test(placed.text.slice(placed.quantity.index));
  if (isUsual(claimed)) return isUsual(given) || /\bfrom\s+$/i.test(before(given));
  return !isUsual(given) || former.test(claimed.text);
}

function isSamePart(given: Placed, claimed: Placed): boolean {
  if (given.quantity.dimension !== null) return true;
  if (!whole.test(before(given))) return !whole.test(before(claimed));
  return afterOf.test(before(claimed)) || (inAll.test(claimed.text) && !troubled.test(claimed.text));
}
