/** Values on their way into and out of PostgreSQL. */
import { createHash } from "node:crypto";
import { type AnyColumn, type SQL, sql } from "drizzle-orm";

const earliest = new Date("0001-01-01T00:00:00.000Z");
const latest = new Date("9999-12-31T23:59:59.999Z");

/**
 * A moment as PostgreSQL reads it. What lies outside the years 1 to 9999 comes from broken senders and becomes the
 * nearest moment inside, so that one such alert cannot poison a batch.
 */
export function writeTime(at: Date): string {
  if (at < earliest) return earliest.toISOString();
  return (at > latest ? latest : at).toISOString();
}

/** As {@link writeTime}; null stays null. */
export function writeTimeOrNull(at: Date | null): string | null {
  return at === null ? null : writeTime(at);
}

/** Reads PostgreSQL's text "2026-01-31 09:00:00.123+00"; strictly, because Date takes year 1 for 2001 otherwise. */
export function readTime(text: string): Date {
  return new Date(text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));
}

/** Whether a number that a person typed can be a serial id at all; PostgreSQL fails on larger ones. */
export function isRowId(id: number): boolean {
  return Number.isInteger(id) && id > 0 && id <= 2_147_483_647;
}

/** Whether a column of whole numbers has one of these; one parameter, however many they are. */
export function inNumbers(column: AnyColumn, numbers: readonly number[]): SQL {
  return sql`${column} in (select jsonb_array_elements_text(${JSON.stringify(numbers)}::jsonb)::int)`;
}

/**
 * A text that PostgreSQL takes: NUL and lone surrogates, which it refuses together with the whole statement, become
 * U+FFFD.
 */
export function cleanText(text: string): string {
  const withoutNul = text.includes("\0") ? text.replaceAll("\0", "\uFFFD") : text;
  // Without the flag v or u a class of surrogates would also match the halves of whole pairs.
  return /\p{Surrogate}/u.test(withoutNul) ? withoutNul.replace(/\p{Surrogate}/gu, "\uFFFD") : withoutNul;
}

/**
 * The same for a JSON text that JSON.stringify made: there, both only occur as escapes. Pairs of backslashes are
 * stepped over, so that the text "\\u0000" itself is left alone.
 */
export function cleanJson(json: string): string {
  if (!json.includes("\\u")) return json;
  return json.replace(
    /\\(?:u(0000|[dD][89a-fA-F][0-9a-fA-F]{2})|[\s\S])/g,
    (whole, bad: string | undefined) => (bad === undefined ? whole : "\\ufffd"),
  );
}

/** Longest text that goes into an index, in UTF-16 units; a row of a B-tree must stay below 2,700 bytes. */
const maxIndexed = 600;

/**
 * A name from outside, short enough for an index. A longer one keeps its beginning and gets a hash of all of it, so
 * that equal stays equal and different stays different.
 */
export function indexable(name: string, max = maxIndexed): string {
  if (name.length <= max) return name;
  const hash = createHash("sha256").update(name).digest("hex");
  return `${cleanText(name.slice(0, max - 70))}…${hash}`;
}
