/** One kind of secret. The match, or the last place of its group named `secret` in it, is what is removed. */
export interface SecretPattern {
  /** Shown in the text in place of the secret. */
  readonly kind: string;
  /** Global; every quantifier bounded, so that hostile text costs linear time. */
  readonly pattern: RegExp;
  /** When given, a text without it holds none of the kind: a cheap look before a dear one. Not global. */
  readonly needs?: RegExp;
  /** When given, says whether what was found really is one. */
  readonly isSecret?: (secret: string, around: Surroundings) => boolean;
}

/** What stands next to what may be a secret; at most 100 characters each. */
export interface Surroundings {
  readonly before: string;
  readonly after: string;
}

/** Where a word may begin. */
export const border = "(?<![A-Za-z0-9_])";

/** A token that starts with a fixed prefix and stands as a word of its own. */
export function prefixed(kind: string, source: string, isSecret?: SecretPattern["isSecret"]): SecretPattern {
  const pattern = new RegExp(`${border}(?:${source})(?![A-Za-z0-9])`, "g");
  return { kind, pattern, ...(isSecret === undefined ? {} : { isSecret }) };
}
