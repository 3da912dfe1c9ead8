/**
 * Takes secrets out of text before it leaves for a model, a log or a card. Patterns err on the side of removing: a
 * redacted word costs a little clarity, a leaked key costs a night.
 * Formats of tokens are those their issuers document for secret scanning.
 * @see https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
 */
import { asRead, decoded, encodedWord } from "./redaction/disguises.ts";
import type { SecretPattern } from "./redaction/pattern.ts";
import { secretPatterns } from "./redaction/patterns.ts";

export interface Redaction {
  readonly text: string;
  /** Kinds removed, in order of first removal, without repeats. */
  readonly kinds: readonly string[];
}

/** Begins what is removed already, within the brackets of a list, too. */
const marker = /^[["'\\{(]{0,8}\[redacted(?: |$)/;
const maxAround = 100;
/** How often a text may be escaped: an address within an address within JSON. */
const maxLayers = 3;

/**
 * The text with every secret replaced by "[redacted KIND]". Where one is found only once the text is unescaped or
 * folded to plain letters, the text comes back in that form; without one it is as it was given.
 */
export function redact(text: string): Redaction {
  const kinds = new Set<string>();
  const clean = withoutEncoded(withoutDisguised(removeKnown(text, kinds), kinds), kinds);
  return { text: clean, kinds: [...kinds] };
}

/** The text with nothing in place of its secrets: for comparing words, which are shown when they match. */
export function withoutSecrets(text: string): string {
  const { text: clean, kinds } = redact(text);
  return kinds.length === 0 ? text : clean.replace(/\[redacted [^\]]{1,40}\]/g, " ");
}

function removeKnown(text: string, kinds: Set<string>): string {
  return secretPatterns.reduce((rest, pattern) => removeAll(rest, pattern, kinds), text);
}

function withoutDisguised(text: string, kinds: Set<string>): string {
  let clean = text;
  let read = text;
  for (let layer = 0; layer < maxLayers; layer += 1) {
    const next = asRead(read);
    if (next === read) break;
    const found = new Set<string>();
    read = removeKnown(next, found);
    if (found.size === 0) continue;
    clean = read;
    for (const kind of found) kinds.add(kind);
  }
  return clean;
}

/** Base64 that holds a secret goes whole. */
function withoutEncoded(text: string, kinds: Set<string>): string {
  return text.replace(encodedWord, (word) => {
    const inside = decoded(word);
    const found = new Set<string>();
    if (inside === null || removeKnown(inside, found) === inside) return word;
    kinds.add("encoded secret");
    return "[redacted encoded secret]";
  });
}

function removeAll(
  text: string,
  { kind, needs, pattern, isSecret }: SecretPattern,
  kinds: Set<string>,
): string {
  if (needs?.test(text) === false) return text;
  return text.replace(pattern, (match: string, ...rest: readonly unknown[]) => {
    const { secret = match, offset } = placeOf(rest);
    // The last place: in "pass=pass" the first is the name.
    const start = match.lastIndexOf(secret);
    const end = start + secret.length;
    const around = () => ({
      before: text.slice(Math.max(0, offset + start - maxAround), offset + start),
      after: text.slice(offset + end, offset + end + maxAround),
    });
    if (marker.test(secret) || isSecret?.(secret, around()) === false) return match;
    kinds.add(kind);
    return `${match.slice(0, start)}[redacted ${kind}]${match.slice(end)}`;
  });
}

/** What follows the match in the arguments of a replace callback: groups, the offset, the text, and named groups if any. */
function placeOf(rest: readonly unknown[]): { readonly secret?: string; readonly offset: number } {
  const offset = rest.findLast((argument) => typeof argument === "number") ?? 0;
  const groups = rest.at(-1);
  const hasSecret = typeof groups === "object" && groups !== null && "secret" in groups;
  return hasSecret && typeof groups.secret === "string" ? { secret: groups.secret, offset } : { offset };
}
