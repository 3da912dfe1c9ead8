/** Texts with placeholders that are filled from an operation: inputs of workflows, parameters of pipelines. */
import { z } from "zod";
import { oneLine } from "../view.ts";
import type { RetrainManifest } from "./retrain-manifest.ts";

/** What placeholders are filled from. */
export interface TemplateValues {
  readonly operationId: string;
  readonly kind: string;
  readonly model: string;
  readonly environment: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly manifest: RetrainManifest | null;
  /** Of the lock on the target. */
  readonly fence: number;
}

const plainNames = ["operationId", "kind", "model", "environment", "from", "version", "fence"] as const;
const manifestNames = ["commit", "data", "seed", "image", "parameters"] as const;
const parameterPrefix = "manifest.parameters.";

/** For messages. */
const knownPlaceholders = [
  ...plainNames.map((name) => `{${name}}`),
  ...manifestNames.map((name) => `{manifest.${name}}`),
  "{manifest.parameters.NAME}",
].join(", ");

/** The first placeholder that means nothing, or null. */
export function unknownPlaceholder(text: string): string | null {
  return namesIn(text).find((name) => !isKnown(name)) ?? null;
}

/** A text of the settings that may hold them. */
export const templateSchema = z
  .string()
  .max(1_000)
  .refine((text) => unknownPlaceholder(text) === null, {
    error: (issue) =>
      `holds {${unknownPlaceholder(String(issue.input)) ?? ""}}; expected one of ${knownPlaceholders}`,
  });

export type FilledText =
  | { readonly kind: "text"; readonly text: string }
  /** The text is this one placeholder, and there is no value: whatever takes it uses its default. */
  | { readonly kind: "nothing" }
  /** A longer text needs a value that is not there. */
  | { readonly kind: "missing"; readonly placeholder: string };

/** Puts the values in; each stands where its placeholder stood, whatever it holds. */
export function fillText(text: string, values: TemplateValues): FilledText {
  const missing = namesIn(text).find((name) => fieldOf(name, values) === null);
  if (missing !== undefined)
    return text === `{${missing}}` ? { kind: "nothing" } : { kind: "missing", placeholder: missing };
  return {
    kind: "text",
    text: text.replace(placeholder, (_whole, name: string) => fieldOf(name, values) ?? ""),
  };
}

export type FilledFields =
  | { readonly kind: "fields"; readonly fields: Readonly<Record<string, string>> }
  | { readonly kind: "missing"; readonly field: string; readonly placeholder: string };

/** The same for every field of a record; fields without a value are left out. */
export function fillFields(fields: Readonly<Record<string, string>>, values: TemplateValues): FilledFields {
  const filled: Record<string, string> = {};
  for (const [field, text] of Object.entries(fields)) {
    const one = fillText(text, values);
    if (one.kind === "missing") return { kind: "missing", field, placeholder: one.placeholder };
    if (one.kind === "text") filled[field] = one.text;
  }
  return { kind: "fields", fields: filled };
}

/**
 * True when a name or version is safe to stand as an argument: it begins with a letter or digit, so that no program
 * takes it for an option.
 */
export function isPlainValue(text: string): boolean {
  return /^[A-Za-z0-9][\w.:/+@=-]{0,199}$/.test(text);
}

/** A name or version of an operation that must not be passed on, since scripts may put it into a shell line; or null. */
export function oddValue(
  operation: Pick<TemplateValues, "model" | "environment" | "from" | "to" | "manifest">,
): { readonly problem: string; readonly remedy: string } | null {
  const { model, environment, from, to } = operation;
  const { commit = null, data = null, image = null } = operation.manifest ?? {};
  const values = [model, environment, from, to, commit, data, image];
  const odd = values.find((value) => value !== null && !isPlainValue(value));
  if (odd === undefined) return null;
  return {
    problem: `"${oneLine(String(odd), 60)}" cannot be passed on.`,
    remedy: "Names and versions begin with a letter or digit and hold letters, digits and _.:/+@=- only.",
  };
}

const placeholder = /\{([A-Za-z][\w.-]*)\}/g;

function namesIn(text: string): readonly string[] {
  return [...text.matchAll(placeholder)].map((match) => match[1] ?? "");
}

function isKnown(name: string): boolean {
  return (
    plainNames.some((known) => known === name) ||
    manifestNames.some((known) => `manifest.${known}` === name) ||
    (name.startsWith(parameterPrefix) && name.length > parameterPrefix.length)
  );
}

function fieldOf(name: string, values: TemplateValues): string | null {
  const { manifest } = values;
  if (name.startsWith(parameterPrefix)) {
    const parameters = manifest?.parameters ?? {};
    const parameter = name.slice(parameterPrefix.length);
    return Object.hasOwn(parameters, parameter) ? (parameters[parameter] ?? null) : null;
  }
  switch (name) {
    case "version":
      return values.to;
    case "from":
      return values.from;
    case "fence":
      return String(values.fence);
    case "operationId":
    case "kind":
    case "model":
    case "environment":
      return values[name];
    case "manifest.commit":
      return manifest?.commit ?? null;
    case "manifest.data":
      return manifest?.data ?? null;
    case "manifest.image":
      return manifest?.image ?? null;
    case "manifest.seed":
      return manifest?.seed?.toString() ?? null;
    case "manifest.parameters":
      return manifest === null ? null : JSON.stringify(manifest.parameters);
    default:
      return null;
  }
}
