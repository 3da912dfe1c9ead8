/**
 * A line of the history that the thread of its incident is told later. It says until when it is held back, so that
 * whoever leads by then tells it, and nobody tells it twice.
 */
import { z } from "zod";
import { type Severity, severities } from "../alert.ts";
import type { TimelineEntry } from "../incident.ts";
import { dueAfter, type Joins, lineEveryMs, noNews, type ThreadNews } from "./thread-news.ts";

/** Kinds of lines that are held back in a burst. */
export const heldKinds = ["joined", "severity_changed"] as const;
export type HeldKind = (typeof heldKinds)[number];

/** Lines of one incident that are held back, by their ids: one of a kind at most. */
export type HeldLines = Readonly<Partial<Record<HeldKind, number>>>;

type Data = TimelineEntry["data"];

/** What a line says of alerts that joined. */
export function joinsData({ keys, count }: Joins): Data {
  return { alerts: keys, count };
}

/** The same of a line that is held back, or was until now. */
export function heldJoins(joins: Joins, until: Date): Data {
  return { ...joinsData(joins), heldUntil: until.toISOString() };
}

/** What a line about the severity says while it is held back. */
export function heldSeverity(data: Data, { believed, severityToldAt }: ThreadNews): Data {
  return { ...data, believed, heldUntil: dueAfter(severityToldAt).toISOString() };
}

/** The kind of a line that is held back; null for every other. */
export function heldKindOf({ kind, data, isPosted }: Omit<TimelineEntry, "id">): HeldKind | null {
  if (isPosted || data["heldUntil"] === undefined) return null;
  return heldKinds.find((held) => held === kind) ?? null;
}

const lineSchema = z.object({
  alerts: z.array(z.string()).default([]),
  count: z.int().nonnegative().optional(),
  believed: z.enum(severities).nullable().default(null),
  heldUntil: z.iso.datetime().optional(),
});

/**
 * What the thread of an incident has still to be told, from its history alone.
 * @param lines - the newest line of each of {@link heldKinds} that the thread was told or is to be told.
 * @param severity - of the incident now.
 */
export function recallNews(
  lines: readonly TimelineEntry[],
  severity: Severity,
): { readonly news: ThreadNews; readonly held: HeldLines } {
  let [news, held]: [ThreadNews, HeldLines] = [noNews, {}];
  for (const line of lines) {
    const data = lineSchema.safeParse(line.data).data;
    if (data === undefined) continue;
    const toldAt = toldBefore(line, data.heldUntil);
    const kind = heldKindOf(line);
    if (line.kind === "joined") news = { ...news, joinsToldAt: toldAt };
    if (line.kind === "severity_changed") news = { ...news, severityToldAt: toldAt };
    // A severity that is what the thread takes it for again needs no word.
    if (kind === null || (kind === "severity_changed" && data.believed === severity)) continue;
    held = { ...held, [kind]: line.id };
    if (kind === "severity_changed") news = { ...news, believed: data.believed };
    else news = { ...news, untold: { keys: data.alerts, count: data.count ?? data.alerts.length } };
  }
  return { news, held };
}

/** When the thread was last told something of this kind. */
function toldBefore({ at, isPosted }: TimelineEntry, heldUntil: string | undefined): Date {
  if (heldUntil === undefined) return at;
  return isPosted ? new Date(heldUntil) : new Date(Date.parse(heldUntil) - lineEveryMs);
}
