/** What every page is made with, and what pages answer. */
import type { z } from "zod";
import type { Person } from "../../domain/people/person.ts";
import type { PolicyAction, PolicyResource } from "../../domain/policy.ts";
import type { Page } from "../../domain/view/page.ts";
import { oneLine, type View } from "../../domain/view.ts";
import type { ModelEntry, PageResult, Policy, SearchStore, Store } from "../../ports.ts";
import type { LookResult } from "../execute.ts";

/** What is set, without any secret. */
export interface Settings {
  /** Path of tocsin.yaml; null when there is none. */
  readonly file: string | null;
  /** tocsin.yaml with its defaults, as YAML. */
  readonly effective: string;
  readonly sources: readonly { readonly name: string; readonly proof: string }[];
  readonly channels: readonly { readonly to: string; readonly match: string }[];
  /** Where the policy comes from, its text in Cedar and its SHA-256. */
  readonly policy: { readonly origin: string; readonly text: string; readonly hash: string };
}

export interface PageContext {
  readonly store: Store;
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly models: readonly ModelEntry[];
  readonly settings: Settings;
  readonly now: Date;
  readonly person: Person;
  readonly query: Readonly<Record<string, string>>;
  /** What a command that only reads answers this person. */
  look(command: string, text: string): Promise<LookResult>;
  /** Services and teams of the last while, for filters to offer; ms. */
  names(sinceMs: number): ReturnType<SearchStore["names"]>;
  may(action: PolicyAction, resource: PolicyResource): boolean;
  /** The name of a person, or their id when the configuration no longer knows them. */
  nameOf(id: string): string;
}

export type MakePage = (context: PageContext, id: string) => Promise<PageResult>;

/** Rows of one page of a list. */
export const pageSize = 50;

export function shown(page: Page): PageResult {
  return { kind: "page", page };
}

export function missing(problem: string, remedy: string): PageResult {
  return { kind: "refuse", because: "missing", problem, remedy };
}

/** What a command refused, as a page. */
export function refusedBy(view: View, isDenied: boolean): PageResult {
  return {
    kind: "refuse",
    because: isDenied ? "denied" : "missing",
    problem: oneLine(view.title, 300),
    remedy: oneLine(view.summary, 2_000),
  };
}

/** What the address asks for; empty values count as not given. */
export function asked<Schema extends z.ZodObject>(
  schema: Schema,
  query: Readonly<Record<string, string>>,
): { readonly kind: "asked"; readonly value: z.output<Schema> } | Extract<PageResult, { kind: "refuse" }> {
  const given = Object.fromEntries(Object.entries(query).filter(([, value]) => value.trim() !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return { kind: "asked", value: parsed.data };
  const [issue] = parsed.error.issues;
  const name = String(issue?.path[0] ?? "address");
  return {
    kind: "refuse",
    because: "bad",
    problem: `${name} is "${oneLine(given[name] ?? "", 100)}": ${issue?.message ?? "not understood"}.`,
    remedy: "Clear the filter, or take a value that it offers.",
  };
}

/** Address of the page with what was asked for and where the next part begins; null when there is no next part. */
export function nextAddress(
  path: string,
  query: Readonly<Record<string, string>>,
  before: number | null,
): string | null {
  if (before === null) return null;
  const kept = Object.entries(query).filter(([name, value]) => name !== "before" && value !== "");
  const words = [...kept, ["before", String(before)]].map(
    ([name = "", value = ""]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return `${path}?${words.join("&")}`;
}

/** A page and one more were read: the rows to show, and where the next part begins. */
export function cutToPage<Row>(
  rows: readonly Row[],
  numberOf: (row: Row) => number,
): { readonly rows: readonly Row[]; readonly before: number | null } {
  const last = rows.length > pageSize ? rows[pageSize - 1] : undefined;
  return { rows: rows.slice(0, pageSize), before: last === undefined ? null : numberOf(last) };
}
