/** Parts of addresses that several pages read. */
import { z } from "zod";
import type { Filter } from "../../domain/view/page.ts";

/** A number from an address: where the page before ended. */
export const beforeQuery = z
  .string()
  .regex(/^\d{1,9}$/, "expected a whole number")
  .transform(Number)
  .optional();

/** A moment from an address, as the browser wrote the beginning of a day of its own. */
export const momentQuery = z
  .string()
  .max(40)
  .refine((text) => !Number.isNaN(Date.parse(text)), "expected a day, 2026-11-29")
  .transform((text) => new Date(text))
  .optional();

export const wordQuery = z.string().trim().max(200, "longer than 200 characters").optional();

/** "From" and "to" as filters, with what the address says. */
export function dayFilters(query: Readonly<Record<string, string>>): readonly Filter[] {
  const day = (name: string, label: string): Filter => ({
    name,
    label,
    kind: "day",
    value: query[name] ?? "",
    options: [],
  });
  return [day("from", "From"), day("to", "Before")];
}

/** A choice whose first option narrows nothing. */
export function choice(
  name: string,
  label: string,
  value: string,
  options: readonly (readonly [value: string, label: string])[],
): Filter {
  return {
    ...{ name, label, kind: "choice", value },
    options: options.map(([each, text]) => ({ value: each, label: text })),
  };
}

/** A word to be typed, with some that are known. */
export function word(name: string, label: string, value: string, known: readonly string[]): Filter {
  return { name, label, kind: "text", value, options: known.map((each) => ({ value: each, label: each })) };
}
