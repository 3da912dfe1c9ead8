import { hasDigit, isNoWord, isUserAndPassword } from "./checks.ts";
import type { SecretPattern } from "./pattern.ts";

/** "Authorization: ", in JSON, in lists of JSON and in quotes, too. */
const header = String.raw`\b(?:proxy-)?authorization["'\\]{0,4}\s{0,3}[:=]\s{0,3}\[?["'\\]{0,4}`;

/** Schemes that people name; whatever else precedes a credential goes with it. */
const scheme =
  "bearer|basic|digest|token|ssws|api-?key|negotiate|ntlm|hawk|oauth|geniekey|splunk|bot|shared-?key(?:lite)?|aws|aws4-hmac-sha256|aws4-ecdsa-p256-sha256|signature|mac|key|jwt|pat|apitoken|glpat|vapid|goog4-rsa-sha256|eg1-hmac-sha256";

/** What headers of HTTP hold: whoever has it is who sent it. */
export const headerPatterns: readonly SecretPattern[] = [
  {
    // Parameters in quotes, one of which is a signature or a password: all of the line.
    kind: "authorization",
    pattern: new RegExp(
      `${header}[A-Za-z][\\w-]{1,40}\\s{1,3}(?=\\w{1,40}\\s?=\\s?\\\\{0,8}["'])(?<secret>[^\\r\\n]{4,4000})`,
      "gi",
    ),
  },
  {
    kind: "authorization",
    pattern: new RegExp(
      `${header}(?:${scheme})\\s{1,3}(?<secret>[^\\s"'\\\\]{4,4000}(?:(?<=,)\\s{1,3}\\w{1,40}=[^\\s"'\\\\]{1,2000}){0,20})`,
      "gi",
    ),
  },
  {
    // Of a scheme that is not known, the word and the credential after it; or a credential alone.
    kind: "authorization",
    pattern: new RegExp(
      `${header}(?!(?:${scheme})\\s)(?<secret>[^\\s"'\\\\]{2,4000}(?:[ \\t]{1,3}(?=[^\\s"'\\\\]{0,200}[\\d=])[^\\s"'\\\\]{8,4000})?)`,
      "gi",
    ),
    isSecret: (secret) => secret.length > 3 && isNoWord(secret),
  },
  {
    kind: "bearer token",
    // "bearer expires_in=3599" is how such a token is described.
    pattern: /\bbearer\s{1,3}(?!expires|scope)(?<secret>[A-Za-z0-9._~+/=-]{8,4000})/gi,
    isSecret: hasDigit,
  },
  {
    kind: "basic credentials",
    pattern: /\bbasic\s{1,3}(?<secret>[A-Za-z0-9+/]{8,400}={0,2})/gi,
    isSecret: isUserAndPassword,
  },
  { kind: "Okta token", pattern: /\bssws\s{1,3}(?<secret>[A-Za-z0-9_-]{16,200})/gi },
  {
    kind: "cookie",
    pattern:
      /\b(?:set-)?cookie["'\\]{0,4}\s{0,3}[:=]\s{0,3}["'\\]{0,4}(?<secret>[^\s"'\\][^\r\n"'\\]{2,4000})/gi,
  },
  {
    kind: "session",
    pattern: /(?<![A-Za-z0-9])(?:PHPSESSID|ASPSESSIONID[A-Z]{0,12})\s?=\s?["']?(?<secret>[^\s"';&]{6,400})/gi,
  },
  {
    kind: "session",
    pattern:
      /(?<![A-Za-z0-9])(?:[A-Za-z0-9_.-]{0,40}(?:sess|session|[_.-]sid)|sid)["']?\s?=\s?["']?(?<secret>(?:s(?:%3A|:))?[A-Za-z0-9._~+/%-]{16,4000}={0,2})/gi,
    isSecret: (secret) =>
      [...secret.matchAll(/[A-Za-z0-9]{16,}/g)].some(([run]) => hasDigit(run) && /[A-Za-z]/.test(run)),
  },
];
