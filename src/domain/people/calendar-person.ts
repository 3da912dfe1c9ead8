/** Whom an entry of a calendar means: calendars name people in their own words. */
import type { Person } from "./person.ts";

export interface CalendarEntry {
  /** Untrusted text, as attendees. */
  readonly summary: string;
  /** Addresses and names, in the calendar's order. */
  readonly attendees: readonly string[];
}

/**
 * An attendee who is known comes before a name in the title; a title that names two people means nobody.
 * @param aliases - what the calendar calls people (an address, a nickname) to their ids; letters may differ in case.
 * @returns the id of a person, or null.
 */
export function personIn(
  { summary, attendees }: CalendarEntry,
  people: readonly Pick<Person, "id" | "name">[],
  aliases: Readonly<Record<string, string>>,
): string | null {
  const words = new Map<string, string>();
  for (const { id, name } of people) {
    words.set(fold(id), id);
    words.set(fold(name), id);
  }
  for (const [alias, id] of Object.entries(aliases)) words.set(fold(alias), id);
  for (const attendee of attendees) {
    const id = words.get(fold(attendee));
    if (id !== undefined) return id;
  }
  const title = ` ${fold(summary)} `;
  const named = new Set([...words].filter(([word]) => holds(title, word)).map(([, id]) => id));
  const [only, ...others] = named;
  return only === undefined || others.length > 0 ? null : only;
}

function fold(text: string): string {
  return text.normalize("NFKC").trim().toLowerCase();
}

/** As whole words: "ada" is not in "adapter". */
function holds(title: string, word: string): boolean {
  for (let at = title.indexOf(word); at !== -1; at = title.indexOf(word, at + 1)) {
    const [before = "", after = ""] = [title[at - 1], title[at + word.length]];
    if (!isLetter(before) && !isLetter(after)) return true;
  }
  return false;
}

function isLetter(char: string): boolean {
  return /[\p{L}\p{N}_]/u.test(char);
}
