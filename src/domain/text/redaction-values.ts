/**
 * Sources of patterns for names that say that a value is secret, and for where such a value ends: quoted ones run over
 * escaped quotes, bare ones to the next blank, unless a list, a query or JSON goes on with its next pair before that.
 */

/** Words after which a value is a secret. "tokens" is a count, not a token. */
export const secretName = `(?<![A-Za-z0-9])[A-Za-z0-9_.-]{0,40}(?:${[
  "pass(?:word|wd|phrase|code)",
  "[_-]pass",
  "pwd",
  "secret",
  "token(?!s)",
  "(?:api|app|application|access|private|account|auth|signing|encryption|shared|fernet|master|cipher|hmac|jwt|license|subscription|deploy)[_-]?key",
  "credentials?",
  "session[_-]?id",
].join("|")})(?:[_-][A-Za-z0-9_-]{0,20}|\\d{0,3})`;

/** Short words that are such a name only when they stand alone: "db.pass", but no "bypass". */
export const shortSecretName = "(?<![A-Za-z0-9])(?:[A-Za-z0-9_.-]{0,40}[_.-])?(?:psk|pass|pw)";

export const endOfName = `["'\\\\]{0,16}\\s{0,3}`;
export const assigned = `${endOfName}(?:=>|:=|[:=])\\s{0,3}`;

/**
 * A value in quotes. What is escaped n times opens and closes with the same backslashes; a quote inside has more of
 * them, so it ends nothing.
 */
export const quotedValue = String.raw`(?<open>\\{0,16})(?<quote>["'])(?<secret>(?:\k<open>\\\k<open>["'\\]|(?!\k<open>\k<quote>)[^\n]){1,4000})`;

const nextName = String.raw`[\w.%[\]-]{1,40}["']?\s?[=:]`;
const endOfPair = String.raw`\s|$|["'\\{[]`;

/** A value without quotes. */
export const bareValue = String.raw`(?<secret>[^\s"',;&\\](?:${[
  String.raw`[^\s"',;&\\]`,
  `["'](?=[A-Za-z0-9])`,
  `,(?!${endOfPair}|${nextName})`,
  // Names of connection strings have blanks in them: "Integrated Security".
  String.raw`;(?!${endOfPair}|(?:\w{1,30} ){0,2}${nextName})`,
  `&(?!&|${endOfPair}|${nextName})`,
  // A backslash that escapes nothing, and one that is escaped itself.
  String.raw`\\(?![nrtbfu"'\\/])`,
  String.raw`\\\\(?![nrtu"'\\])`,
].join("|")}){0,4000})`;
