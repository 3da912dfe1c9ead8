/**
 * Sources of patterns for names that say that a value is secret, and for where such a value ends: quoted ones run over
 * escaped quotes, bare ones to the next blank, unless a list, a query or JSON goes on with its next pair before that.
 */

/** Words after which a value is a secret. "tokens" is a count, not a token. */
const secretWords = [
  "pass(?:word|wd|[ _-]?phrase|code)",
  "[_-]pass",
  "pwd",
  "secret",
  "token(?!s)",
  "(?:api|app|application|access|private|account|auth|signing|encryption|shared|fernet|master|cipher|hmac|jwt|license|subscription|deploy|functions)[_-]?key",
  "(?:api|access|secret|private|encryption|signing) key",
  "(?:bind|root|admin|user|db|ldap)pw",
  "cred(?:ential)?s?",
  "session[_-]?id",
].join("|");

/** Ends of names that tell of a secret what may be known: "token_errors_total", "secret_name", "password_file". */
const toldOf =
  "(?:total|count|sum|size|depth|age|lag|ms|seconds|minutes|hours|days|ratio|rate|percent|limit|ttl|expiry|expires|expired|duration|latency|errors?|failures?|requests|names?|type|policy|version|status|state|file|path|dir|ur[il]|endpoint|arn|bucket|queue)";

/** A name with such a word in it and little behind it. Case does not matter. */
export const secretName = `(?<![A-Za-z0-9])[A-Za-z0-9_.-]{0,40}(?:${secretWords})(?:[_-][A-Za-z0-9_-]{0,20}|\\d{0,3})(?![A-Za-z0-9_-])(?<![_-]${toldOf})`;

/** The same as a value itself: "DB_PASSWORD", "/shop/db/password", "DbPassword". Nothing stands after the word. */
export const namedAsSecret = `[A-Za-z0-9_.:/-]{0,60}(?:${secretWords}|[_.-]pw)\\d{0,3}`;

/** Names of which there may be a list; "secrets" and "credentials" are lists of names rather than of values. */
export const listedName = `(?<![A-Za-z0-9])[A-Za-z0-9_.-]{0,40}(?:pass(?:word|wd|phrase|code)s?|(?:api|access|private|signing|encryption|auth)[_-]?keys?|token(?!s)|(?:access|auth|api|bearer|refresh)[_-]?tokens)`;

/** Short words that are such a name only when they stand alone: "db.pass", but no "bypass". */
export const shortSecretName = "(?<![A-Za-z0-9])(?:[A-Za-z0-9_.-]{0,40}[_.-])?(?:psk|pass|pw)";

/** "Password" in the languages most spoken where there are computers, "ñ" and the like also without their marks. */
export const foreignWords = [
  "passwort",
  "kennwort",
  "mot[ _-]?de[ _-]?passe",
  "contrase[ñn]a",
  "senha",
  "palavra[ _-]passe",
  "wachtwoord",
  "l[öo]senord",
  "adgangskode",
  "passord",
  "salasana",
  "has[łl]o",
  "heslo",
  "jelsz[óo]",
  "parola",
  "[şs]ifre",
  "mật khẩu",
  "kata[ _-]?sandi",
  "пароль",
  "κωδικός",
  "密[码碼]",
  "口令",
  "パスワード",
  "비밀번호",
  "암호",
  "รหัสผ่าน",
  "كلمة (?:المرور|السر)",
  "סיסמה",
  "पासवर्ड",
].join("|");

export const foreignName = `(?<![A-Za-z0-9])[A-Za-z0-9_.-]{0,40}(?:${foreignWords})\\d{0,3}`;

export const endOfName = `["'\\\\]{0,16}\\s{0,3}[ \\t]{0,30}`;
export const assigned = `${endOfName}(?:=>|:=|[:=](?!>))\\s{0,3}[ \\t]{0,30}`;

/**
 * A value in quotes. What is escaped n times opens and closes with the same backslashes; a quote inside has more of
 * them, so it ends nothing.
 */
export const quotedValue = String.raw`(?<open>\\{0,16})(?<quote>["'])(?<secret>(?:\k<open>\\\k<open>["'\\]|(?!\k<open>\k<quote>)[^\n]){1,4000})`;

const nextName = String.raw`[\w.%[\]-]{1,40}["']?\s?[=:]`;
const endOfPair = String.raw`\s|$|["'\\{[]`;
const entity = "(?:quot|apos|amp|lt|gt|nbsp|#x?[0-9a-f]{1,5});";

/** A value without quotes. */
export const bareValue = String.raw`(?<secret>(?:[^\s"',;&\\]|&(?!&|${entity}|${endOfPair}|${nextName}))(?:${[
  String.raw`[^\s"',;&\\]`,
  `["'](?=[A-Za-z0-9])`,
  `,(?!${endOfPair}|${nextName})`,
  // Names of connection strings have blanks in them: "Integrated Security".
  String.raw`;(?!${endOfPair}|(?:\w{1,30} ){0,2}${nextName})`,
  `&(?!&|${entity}|${endOfPair}|${nextName})`,
  // A backslash that escapes nothing, and one that is escaped itself.
  String.raw`\\(?![nrtbfu"'\\/])`,
  String.raw`\\\\(?![nrtu"'\\])`,
].join("|")}){0,4000})`;

/** What follows an option of a command: in quotes, or to the next blank. */
export const optionValue = String.raw`(?<secret>"[^"\n]{1,300}"?|'[^'\n]{1,300}'?|[^\s"'-][^\s"']{0,300})`;
