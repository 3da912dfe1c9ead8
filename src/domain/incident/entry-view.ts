/** A line of an incident's history, as its thread shows it. */
import { z } from "zod";
import { withMoments } from "../explanation/moments.ts";
import type { Incident, TimelineEntry, TimelineKind } from "../incident.ts";
import { verdictActions } from "../learning/feedback-view.ts";
import { mention, moment, oneLine, plain, type Text, type Tone, type View, type ViewBlock } from "../view.ts";

const entryTone: Partial<Record<TimelineKind, Tone>> = {
  resolved: "good",
  reopened: "bad",
  acknowledged: "neutral",
  severity_changed: "warning",
  escalated: "warning",
};

/** A picture under a line: what it shows is in the line's own words and in `alt` too. */
export interface EntryChart {
  readonly png: Uint8Array;
  readonly alt: string;
  readonly filename: string;
}

/** One line of an incident's history, for its thread. */
export function entryView(
  entry: TimelineEntry,
  nameOf: (person: string) => string,
  beside: { readonly chart?: EntryChart | null; readonly incident?: Pick<Incident, "openedAt"> } = {},
): View {
  const { chart = null, incident } = beside;
  const title = oneLine(entry.text, 1000);
  const line = incident === undefined ? [plain(title)] : withMoments(title, incident);
  const name = nameOf(entry.actor);
  const who = entry.actor === "tocsin" || saysWho(title, name) ? "" : ` · ${name}`;
  return {
    kind: "entry",
    title,
    tone: entryTone[entry.kind] ?? "neutral",
    summary: `incident ${entry.incidentId}: ${title}${who}`,
    blocks: [
      { kind: "text", text: [...line, plain(who), ...callsIn(entry)] },
      ...(chart === null ? [] : [{ kind: "image", ...chart } satisfies ViewBlock]),
      { kind: "note", text: [moment(entry.at)] },
    ],
    actions: entry.kind === "explained" ? verdictActions(entry.incidentId, suspectIn(entry.data)) : [],
    ...(isBroadcast(entry) ? { isBroadcast: true } : {}),
  };
}

/** "acknowledged by Ada", "given to Bo by Ada: …", "Ada: the vendor says …", "Ada splits off 2 alerts" */
function saysWho(line: string, name: string): boolean {
  return (
    line.endsWith(` by ${name}`) ||
    line.includes(` by ${name}: `) ||
    line.startsWith(`${name}: `) ||
    line.startsWith(`${name} `)
  );
}

/** It got worse, something else is suspected, or it is over: whoever does not follow the thread should hear of it. */
function isBroadcast({ kind, data }: TimelineEntry): boolean {
  if (kind === "resolved") return true;
  if (kind === "severity_changed") return data["direction"] === "up";
  return kind === "explained" && data["isNewCause"] === true;
}

/** Whom an escalation calls, or an assignment: as the bot wrote it down from tocsin.yaml and from links that people confirmed. */
function callsIn({ kind, data }: TimelineEntry): Text {
  const isCall = kind === "escalated" || kind === "assigned";
  const calls = isCall ? z.array(callSchema).safeParse(data["calls"]) : null;
  if (calls?.success !== true) return [];
  return calls.data.flatMap((call) => [plain(" "), mention(call.name, call.mention)]);
}

const callSchema = z.object({
  name: z.string(),
  mention: z.object({ kind: z.enum(["person", "group"]), accounts: z.record(z.string(), z.string()) }),
});

/** What a line of the history says was suspected; undefined when it does not say. */
function suspectIn({ service = null, changeId = null }: TimelineEntry["data"]) {
  const isText = (value: unknown): value is string | null => value === null || typeof value === "string";
  return isText(service) && isText(changeId) ? { service, changeId } : undefined;
}
