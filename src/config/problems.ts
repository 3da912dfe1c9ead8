/** What is wrong with a value in tocsin.yaml: which value it is, and what is expected instead. */
import type { z } from "zod";
import { redact } from "../domain/text/redaction.ts";

type Issue = z.core.$ZodRawIssue;

/** Texts that a schema gives itself come first; undefined leaves zod's own. */
export function problemOf(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `${said(issue)}; expected ${kindOf(issue.expected)}`;
    case "invalid_value":
      return `${said(issue)}; expected ${oneOf(issue.values.map(shown))}`;
    case "too_small":
      return `${measured(issue)}; must be ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `${measured(issue)}; must be ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}`;
    case "unrecognized_keys":
      return `Unrecognized key: ${issue.keys.map((key) => `"${key}"`).join(", ")}; correct or remove it`;
    case "invalid_union":
      return unionProblem(issue);
    default:
      return undefined;
  }
}

function unionProblem(issue: Extract<Issue, { code: "invalid_union" }>): string | undefined {
  const forms = issue.errors.map(([first]) => {
    if (first === undefined || first.path.length > 0) return null;
    if (first.code === "invalid_type") return kindOf(first.expected);
    return first.code === "invalid_value" ? oneOf(first.values.map(shown)) : null;
  });
  const known = forms.filter((form) => form !== null);
  if (known.length < issue.errors.length) return undefined;
  return `${said(issue)}; expected ${[...new Set(known)].join(" or ")}`;
}

/** A value where text is expected may be a secret that was not put into quotes; it is never repeated. */
function said(issue: Issue): string {
  const { input } = issue;
  if (input === undefined) return "is missing";
  const isTextExpected = issue.code === "invalid_type" && issue.expected === "string";
  return `is ${isTextExpected ? kindOfValue(input) : shown(input)}`;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(redact(value).text.slice(0, 60));
  const isPlain = typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";
  return isPlain ? String(value) : kindOfValue(value);
}

function measured({ input, origin }: Extract<Issue, { code: "too_small" | "too_big" }>): string {
  if (typeof input === "string") return `has ${input.length} characters`;
  if (Array.isArray(input)) return `has ${input.length} ${input.length === 1 ? "entry" : "entries"}`;
  return origin === "number" || origin === "int" ? `is ${String(input)}` : "is of the wrong size";
}

function oneOf(values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? "") : `one of ${values.join(", ")}`;
}

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a block of keys",
  record: "a block of keys",
};

function kindOf(expected: string): string {
  return kinds[expected] ?? expected;
}

function kindOfValue(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return kinds[typeof value] ?? typeof value;
}
