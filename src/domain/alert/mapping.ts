/**
 * Paths into foreign JSON, as written under `settings` of a generic source in tocsin.yaml:
 * `data.monitor.name`, `results.0.host`, `tags[1]`, `$` for the whole, and `"text"` in double quotes for itself.
 */
import { isRecord, own, shown } from "./intake.ts";

export type PathResult =
  | { readonly kind: "found"; readonly value: unknown }
  /** `where` is the longest part of the path that exists, `there` what was found at it. */
  | { readonly kind: "absent"; readonly problem: string };

const maxSteps = 20;

/** What is wrong with a path, or null. */
export function pathProblem(path: string): string | null {
  if (/^".*"$/s.test(path) || path === "$") return null;
  const steps = stepsOf(path);
  if (steps.length > maxSteps) return `"${path}" has more than ${maxSteps} steps`;
  return steps.every((step) => step !== "")
    ? null
    : `"${path}" is not a path; write names with dots between, such as data.monitor.name, or a text in double quotes inside the YAML string`;
}

/** Follows a path. Own properties only, so that no path reaches into the language. */
export function follow(value: unknown, path: string): PathResult {
  if (/^".*"$/s.test(path)) return { kind: "found", value: path.slice(1, -1) };
  if (path === "$") return { kind: "found", value };
  let current = value;
  const done: string[] = [];
  for (const step of stepsOf(path)) {
    const next = stepInto(current, step);
    if (next === undefined) return { kind: "absent", problem: absence(path, step, done, current) };
    current = next;
    done.push(step);
  }
  return { kind: "found", value: current };
}

function stepsOf(path: string): readonly string[] {
  return path
    .replace(/^\$\.?/, "")
    .replace(/\[(\d+)\]/g, ".$1")
    .replace(/^\./, "")
    .split(".");
}

function stepInto(value: unknown, step: string): unknown {
  if (Array.isArray(value)) return /^\d{1,9}$/.test(step) ? value[Number(step)] : undefined;
  return isRecord(value) ? own(value, step) : undefined;
}

function absence(path: string, step: string, done: readonly string[], at: unknown): string {
  const where = done.length === 0 ? "the body" : `"${done.join(".")}"`;
  return `"${path}": there is no "${step}" in ${where}, which ${describe(at)}`;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `is a list of ${value.length}`;
  if (!isRecord(value)) return `is ${shown(value)}`;
  const names = Object.keys(value);
  const list = names.slice(0, 12).map((name) => shown(name).slice(1, -1));
  return names.length === 0 ? "is empty" : `has ${list.join(", ")}${names.length > list.length ? ", …" : ""}`;
}
