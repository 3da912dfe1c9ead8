/** Messages of a chat that people pinned to the history of an incident. */
import type { TimelineEntry } from "../incident.ts";

/** A message in the history, as its entry keeps it. */
export interface Pin {
  /** Names the message across platforms, "slack:C0123ABCD/1711111111.000100"; null for one that came without. */
  readonly message: string | null;
  /** Who wrote it. */
  readonly author: string;
  /** Where it is, http(s); null where that is not known. */
  readonly link: string | null;
}

type Entry = Pick<TimelineEntry, "id" | "kind" | "actor" | "data">;

/** The data of an entry that pins a message, and of one that takes a pin back. */
export function pinData(pin: Pin): Readonly<Record<string, unknown>> {
  return { pin };
}
export function unpinData(entry: Pick<TimelineEntry, "id">): Readonly<Record<string, unknown>> {
  return { unpins: entry.id };
}

/** The entry by which a message stands in the history; undefined when nobody pinned it, or it was taken back. */
export function standingPin<Kept extends Entry>(entries: readonly Kept[], message: string): Kept | undefined {
  return withoutTakenBack(entries).find((entry) => messageOf(entry) === message);
}

/** The history without pins that were taken back, and without the lines that say so. */
export function withoutTakenBack<Kept extends Entry>(entries: readonly Kept[]): readonly Kept[] {
  const gone = new Set(
    entries.flatMap(({ data }) => (typeof data["unpins"] === "number" ? [data["unpins"]] : [])),
  );
  return entries.filter(({ id, data }) => !gone.has(id) && data["unpins"] === undefined);
}

function messageOf({ kind, data }: Entry): unknown {
  const pin = data["pin"];
  return kind === "note" && typeof pin === "object" && pin !== null && "message" in pin ? pin.message : null;
}
