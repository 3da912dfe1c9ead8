/**
 * Takes secrets out of text before it leaves for a model. Patterns err on the side of removing: a redacted word costs
 * a little clarity, a leaked key costs a night.
 * Formats of tokens are those their issuers document for secret scanning.
 * @see https://docs.github.com/en/code-security/secret-scanning/introduction/supported-secret-scanning-patterns
 */
import { type SecretPattern, secretPatterns } from "./redaction-patterns.ts";

export interface Redaction {
  readonly text: string;
  /** Kinds removed, in order of first removal, without repeats. */
  readonly kinds: readonly string[];
}

/** The text with every secret replaced by "[redacted KIND]". */
export function redact(text: string): Redaction {
  const kinds = new Set<string>();
  const clean = secretPatterns.reduce((rest, pattern) => removeAll(rest, pattern, kinds), text);
  return { text: clean, kinds: [...kinds] };
}

function removeAll(text: string, { kind, pattern, isSecret }: SecretPattern, kinds: Set<string>): string {
  return text.replace(pattern, (match: string, ...rest: readonly unknown[]) => {
    const secret = namedSecret(rest) ?? match;
    if (isMarker(secret) || isSecret?.(secret) === false) return match;
    kinds.add(kind);
    // The last place: in "pass=pass" the first is the name.
    const start = match.lastIndexOf(secret);
    return `${match.slice(0, start)}[redacted ${kind}]${match.slice(start + secret.length)}`;
  });
}

/** The group `secret` of a replace callback's arguments: the last one is the groups object when there are any. */
function namedSecret(rest: readonly unknown[]): string | undefined {
  const groups = rest.at(-1);
  if (typeof groups !== "object" || groups === null || !("secret" in groups)) return undefined;
  return typeof groups.secret === "string" ? groups.secret : undefined;
}

function isMarker(secret: string): boolean {
  return secret.startsWith("[redacted");
}
