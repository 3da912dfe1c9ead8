import { hasDigit, isAssigned, isMixed, isNoCount, isNoFigure, isNoWord, isTelling } from "./checks.ts";
import type { SecretPattern } from "./pattern.ts";
import {
  assigned,
  bareValue,
  endOfName,
  foreignName,
  foreignWords,
  listedName,
  namedAsSecret,
  quotedValue,
  secretName,
  shortSecretName,
} from "./values.ts";

const quotes = `["'\\\\]{0,8}`;
const type = `(?:${quotes}type${quotes}\\s{0,3}[:=]\\s{0,3}[^{}\\n,]{1,40}[\\s,;]{1,40})?`;
const value = `${quotes}(?:parameter_?|default_?)?value${quotes}\\s{0,3}[:=]\\s{0,3}`;

/** A name and its value are two fields of one thing: environments in Kubernetes, parameters in clouds, XML. */
const namePair = `\\b(?:parameter_?)?(?:name|key|variable|option|property)${quotes}\\s{0,3}[:=]\\s{0,3}${quotes}${namedAsSecret}${quotes}[\\s,;]{1,80}${type}${value}`;

const blockOf = `${listedName}["']?\\s{0,3}:\\s{0,3}[|>][+-]?\\d?[ \\t]{0,20}`;

/** Secrets that stand beside their name, but not as "name = value". They come before those that do. */
const apart: readonly SecretPattern[] = [
  { kind: "secret", pattern: new RegExp(`${namePair}${quotedValue}`, "gi"), isSecret: isNoFigure },
  { kind: "secret", pattern: new RegExp(`${namePair}${bareValue}`, "gi"), isSecret: isNoFigure },
  {
    kind: "secret",
    pattern: new RegExp(
      `\\bvalue${quotes}\\s{0,3}:\\s{0,3}\\\\{0,4}"(?<secret>[^"\\n]{1,2000}?)\\\\{0,4}"\\s{0,3},\\s{0,20}${quotes}(?:name|key)${quotes}\\s{0,3}:\\s{0,3}${quotes}${namedAsSecret}["'\\\\]`,
      "gi",
    ),
    isSecret: isNoFigure,
  },
  {
    kind: "secret",
    pattern: new RegExp(
      `<(?:name|key)>\\s{0,3}${namedAsSecret}\\s{0,3}</(?:name|key)>\\s{0,40}<(?:value|string)>(?<secret>[^<]{1,2000})`,
      "gi",
    ),
    isSecret: isNoFigure,
  },
  {
    kind: "secret",
    pattern: new RegExp(
      `<(?:[\\w.-]{1,40}:)?${namedAsSecret}(?:\\s[^<>]{0,100})?>\\s{0,20}(?<secret>[^<\\s][^<]{0,2000})(?=</)`,
      "gi",
    ),
    isSecret: isTelling,
  },
  {
    kind: "secret",
    pattern: new RegExp(
      `<\\w{1,40}\\s[^<>]{0,80}?\\b(?:name|key|id)=["']${namedAsSecret}["'][^<>]{0,80}>\\s{0,3}(?<secret>[^<\\s]{4,2000})\\s{0,3}</`,
      "gi",
    ),
    isSecret: isTelling,
  },
  {
    // A block of YAML: the lines as deep as its first.
    kind: "secret",
    pattern: new RegExp(
      `${blockOf}\\r?\\n(?<deep>[ \\t]{1,40})(?<secret>\\S[^\\n]{0,2000}(?:\\n\\k<deep>[^\\n]{0,2000}){0,60})`,
      "gi",
    ),
  },
  // Where it was put on one line, its first word.
  { kind: "secret", pattern: new RegExp(`${blockOf}[ \\t](?<secret>\\S{1,2000})`, "gi") },
  {
    kind: "secret",
    pattern: new RegExp(`${listedName}${assigned}\\[\\s{0,10}(?<secret>\\\\{0,8}["'][^\\]]{1,2000})`, "gi"),
  },
  {
    kind: "secret",
    pattern: new RegExp(
      `${listedName}["']?\\s{0,3}:(?<secret>(?:\\s{1,40}-\\s{1,3}["']?[^\\s"':]{1,300}["']?(?=\\s|$)){1,50})`,
      "gi",
    ),
  },
  {
    kind: "secret",
    pattern: new RegExp(`${secretName}\\s{0,3}\\{\\s{0,20}(?:string_)?value${assigned}${quotedValue}`, "gi"),
    isSecret: isTelling,
  },
  {
    kind: "default of a secret",
    pattern: new RegExp(
      String.raw`\\{0,4}"[\w.-]{0,40}(?:password|passwd|secret|token|api_?key)[\w-]{0,20}\\{0,4}"\s{0,3}\{[^{}]{0,80}?\bdefault\s{0,3}=\s{0,3}${quotedValue}`,
      "gi",
    ),
    isSecret: isTelling,
  },
];

/** Names that say that what is assigned to them is secret. */
const assignedNames: readonly SecretPattern[] = [
  {
    // Queues have routing keys too, which read as words.
    kind: "PagerDuty key",
    pattern: new RegExp(
      `(?:routing|integration|service)[_-]?key${assigned}["'\\\\]{0,16}(?<secret>[A-Za-z0-9+_-]{20,64})`,
      "gi",
    ),
    isSecret: hasDigit,
  },
  {
    kind: "secret",
    pattern:
      /(?<![A-Za-z0-9])[A-Z][A-Z0-9_]{0,40}_(?:ACCESS|AUTH|CREDS?|SIGNING|SALT|PEPPER)=["']?(?<secret>[A-Za-z0-9+/_=-]{20,400})/g,
    isSecret: isMixed,
  },
  {
    kind: "secret",
    pattern: /(?<![\w.-])_auth\s{0,3}=\s{0,3}["']?(?<secret>[^\s"']{4,4000})/gi,
    isSecret: isTelling,
  },
  {
    kind: "secret",
    pattern: new RegExp(`${secretName}${assigned}${quotedValue}`, "gi"),
    isSecret: isAssigned,
  },
  { kind: "secret", pattern: new RegExp(`${secretName}${assigned}${bareValue}`, "gi"), isSecret: isAssigned },
  {
    kind: "secret",
    pattern: new RegExp(`${shortSecretName}${assigned}${quotedValue}`, "gi"),
    isSecret: isTelling,
  },
  {
    // After a colon only what is no plain word: "second pass: merging".
    kind: "secret",
    pattern: new RegExp(
      `${shortSecretName}${endOfName}(?:=\\s{0,3}|:\\s{0,3}(?=\\S{0,100}\\d))${bareValue}`,
      "gi",
    ),
    isSecret: isNoCount,
  },
  {
    // A table, an arrow: prose has them too, so only what has a digit.
    kind: "secret",
    pattern: new RegExp(
      `${secretName}["'\`]?(?:\\s{0,3}\\|\\s{0,3}|\\s{1,3}(?:->|→)\\s{1,3})["'\`]?(?<secret>[^\\s|"'\`]{4,300})`,
      "gi",
    ),
    isSecret: (secret) => hasDigit(secret) && isNoFigure(secret),
  },
  {
    kind: "secret",
    pattern: new RegExp(
      String.raw`\b(?:password|passphrase|secret|token|api key)\s{1,3}(?:is|was)\s{1,3}["']?${bareValue}`,
      "gi",
    ),
    isSecret: (secret) => secret.length > 2 && hasDigit(secret),
  },
];

const foreignNames: readonly SecretPattern[] = [
  {
    kind: "secret",
    pattern: new RegExp(`${foreignName}${assigned}${quotedValue}`, "gi"),
    isSecret: isTelling,
  },
  {
    kind: "secret",
    pattern: new RegExp(`${foreignName}${endOfName}=\\s{0,3}${bareValue}`, "gi"),
    isSecret: isTelling,
  },
  {
    // After a colon as in prose: "Passwort: abgelaufen".
    kind: "secret",
    pattern: new RegExp(`${foreignName}${assigned}${bareValue}`, "gi"),
    isSecret: isNoWord,
  },
];

const anyName = /pass|pwd|secret|token|key|credential|session|psk|pw|auth|access|cred|signing|salt|pepper/i;
const anyForeignName = new RegExp(foreignWords, "i");

/** Secrets that something calls one, in the order in which they are removed. */
export const namePatterns: readonly SecretPattern[] = [
  ...[...apart, ...assignedNames].map((pattern) => ({ ...pattern, needs: anyName })),
  ...foreignNames.map((pattern) => ({ ...pattern, needs: anyForeignName })),
];
