/** Whether what has the form of a secret is one. */
import type { Surroundings } from "./pattern.ts";

/** Values that only say that a secret is absent or in what state it is. */
const harmless =
  /^(?:null|none|nil|true|false|undefined|empty|required|missing|invalid|valid|expired|revoked|rotated|unset|\*+|x+|<[^>]*>|[|>][+-]?\d?)[.)\]]*$/i;

/** False for "none", "expired", "****" and other words that tell nothing. */
export function isTelling(value: string): boolean {
  return !harmless.test(value);
}

/** "pass: 12", "pass=3/4": how often something passed. */
export function isNoCount(value: string): boolean {
  return isTelling(value) && !/^\d{1,3}(?:[/%.,)]\d{0,3})*$/.test(value);
}

/** More than a word of prose: it has a capital, a digit or a sign in it. */
export function isNoWord(value: string): boolean {
  return isTelling(value) && !/^\p{Ll}+[.,;:!?]?$|^\p{Lo}+[.,;:!?。、]?$/u.test(value);
}

/** Not "42", "0.97" or "12%", which are measured rather than kept secret. */
export function isNoFigure(value: string): boolean {
  return isTelling(value) && !/^-?\d{1,5}(?:\.\d{0,4})?\s?(?:%|ms|s|m|h|d)?$/.test(value);
}

/** True when there is a digit in it. */
export function hasDigit(text: string): boolean {
  return /\d/.test(text);
}

/** Letters and digits mixed. */
export function isMixed(text: string): boolean {
  return /\d/.test(text) && /[A-Za-z]/.test(text);
}

/** Base64 of "user:password". */
export function isUserAndPassword(text: string): boolean {
  return Buffer.from(text, "base64").toString("latin1").includes(":");
}

/** Base64 of a key in PEM, and not of a certificate, which is public. */
export function isEncodedKey(text: string): boolean {
  return Buffer.from(text.slice(0, 120), "base64").toString("latin1").includes("PRIVATE KEY");
}

/** What is called by such a word is public: a commit, a digest, a trace. */
const calledById =
  /\b(?:commit|revision|sha(?:1|256|384|512)?|md5|digest|checksum|trace|span|request|correlation|transaction|build|run|image|container|block)(?:[_ -]?id)?["']?\s?[:=@]?\s?["']?$/i;

/** Letters and digits mixed, at 3.5 bits a character or more: random rather than a name. */
export function isHighEntropy(text: string, { before }: Surroundings): boolean {
  if (!isMixed(text) || isName(text)) return false;
  if (/^[0-9a-f]+$/i.test(text) && calledById.test(before)) return false;
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  const bits = [...counts.values()].reduce((sum, count) => {
    const share = count / text.length;
    return sum - share * Math.log2(share);
  }, 0);
  return bits >= 3.5;
}

/** "checkout-7d9f8b6c5d-x2k4q", "logs/2026/01/part-00012", "NodeDown2", or a UUID: what things are called. */
function isName(text: string): boolean {
  const parts = text.split(/[-_/]/);
  const isSmall = parts.length > 1 && parts.every((part) => /^[a-z0-9]{0,12}$|^[a-z]{0,24}$/.test(part));
  if (isSmall && parts.some((part) => /^[a-z]{3,}$/.test(part))) return true;
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return true;
  return text.split(/(?=[A-Z])/).every((part) => /^[A-Z]?[a-z]{2,}\d{0,3}$/.test(part));
}

/** "invalid token: signature mismatch" and names of cloud resources that hold the word "secret". */
export function isAssigned(value: string, { before, after }: Surroundings): boolean {
  if (!isTelling(value) || /\barn:[\w:-]{1,90}$/.test(before)) return false;
  const isSaid =
    /(?:token|secret|cred(?:ential)?s?| key):\s$/i.test(before) &&
    /^[a-z]{1,24}$/.test(value) &&
    /^\s[a-z({]/.test(after);
  return !isSaid;
}

/** A run of letters and digits as long as only random ones are: none in "sk-learn-pipeline-2026". */
export function hasRandomRun(text: string): boolean {
  return [...text.matchAll(/[A-Za-z0-9]{12,}/g)].some(([run]) => isMixed(run));
}

/** 13 to 19 digits as issuers give them out, with a right Luhn sum. Times in ms or ns begin with 1, cards do not. */
export function isCardNumber(text: string): boolean {
  const digits = [...text.replace(/\D/g, "")].map(Number);
  if (digits.length < 13 || digits.length > 19 || !/^\s*[2-6]/.test(text)) return false;
  if (new Set(digits).size < 2) return false;
  const sum = digits.reverse().reduce((total, digit, index) => {
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}

/**
 * An international bank account number: 15 to 34 characters with a right check sum.
 * @see https://www.iso.org/standard/81090.html (ISO 13616, with the sum of ISO 7064)
 */
export function isAccountNumber(text: string): boolean {
  const bare = text.replaceAll(" ", "");
  if (bare.length < 15 || bare.length > 34) return false;
  const digits = [...`${bare.slice(4)}${bare.slice(0, 4)}`].map((char) => parseInt(char, 36)).join("");
  return [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1;
}

/** "requirepass is not set": a sentence about the option instead of its value. */
export function isNoFiller(value: string): boolean {
  const filler =
    /^(?:is|was|were|are|not|has|must|should|and|or|in|on|to|for|of|set|unset|changed|option|directive|setting|differs?)[.,;:]?$/i;
  return isTelling(value) && !filler.test(value);
}
