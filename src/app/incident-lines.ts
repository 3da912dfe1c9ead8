/** What is written of incidents that alerts moved, and how much of it their threads hear. */
import { z } from "zod";
import { severities } from "../domain/alert.ts";
import {
  type HeldKind,
  type HeldLines,
  heldJoins,
  heldKindOf,
  heldSeverity,
  joinsData,
  recallNews,
} from "../domain/incident/held-line.ts";
import {
  addJoins,
  dueAfter,
  isSeverityOverdue,
  type Joins,
  noNews,
  severityTold,
  type ThreadNews,
  tellJoins,
  tellSeverity,
} from "../domain/incident/thread-news.ts";
import type { Incident, IncidentEvent, TimelineEntry } from "../domain/incident.ts";
import type { NewTimelineEntry, TimelineRevision } from "../ports.ts";
import { nameOf, type TriageMemory } from "./triage/memory.ts";
import { append, type Movement } from "./triage/movement.ts";

/** What telling threads needs of the one who leads. The history says the same, for whoever leads next. */
export interface LineKeeper {
  readonly memory: TriageMemory;
  /** What the threads of incidents have still to be told. */
  readonly news: Map<number, ThreadNews>;
  /** By incident, lines of its history that are held back. */
  readonly heldLines: Map<number, HeldLines>;
}

export interface Moved {
  readonly incident: Incident;
  readonly events: readonly IncidentEvent[];
  readonly isNew: boolean;
  /** It was muted before, so that no card was to be seen. */
  readonly wasMuted: boolean;
}

/** What becomes of the history of an incident. */
export interface Lines {
  readonly added: readonly NewTimelineEntry[];
  /** Lines that were held back: they say more now, or are told now. */
  readonly revised: readonly TimelineRevision[];
}

/** What an earlier leader held back, from the histories of incidents. */
export function recallLines(
  memory: TriageMemory,
  entries: readonly TimelineEntry[],
): Pick<LineKeeper, "news" | "heldLines"> {
  const lines = new Map<number, TimelineEntry[]>();
  for (const entry of entries) append(lines, entry.incidentId, entry);
  const recalled = [...lines].flatMap(([id, newest]) => {
    const incident = memory.incidents.get(id);
    return incident === undefined ? [] : [{ id, ...recallNews(newest, incident.severity) }];
  });
  return {
    news: new Map(recalled.map(({ id, news }) => [id, news])),
    heldLines: new Map(recalled.map(({ id, held }) => [id, held])),
  };
}

/** A line before it is known whose and when. */
type Said = Pick<NewTimelineEntry, "kind" | "text" | "isPosted"> & Partial<Pick<NewTimelineEntry, "data">>;

/** What is written into the history of an incident that moved, and which of it its thread hears of now. */
export function linesFor(leader: LineKeeper, moved: Moved, movement: Movement, now: Date): Lines {
  const { incident } = moved;
  const { id } = incident;
  const written = (said: Said): NewTimelineEntry => ({
    incidentId: id,
    at: now,
    actor: "tocsin",
    data: {},
    ...said,
  });
  // Asleep it is kept up to date and says nothing; what ends its sleep is said.
  const isAsleep = incident.snoozedUntil !== null && incident.snoozedUntil > now;
  const events = [...moved.events, ...(movement.told.get(id) ?? [])].map((event) =>
    isAsleep ? { ...event, isPosted: false } : eventLine(leader, id, event, now),
  );
  if (moved.isNew) return { added: [openedLine(incident), ...events].map(written), revised: [] };
  const lines = [...events, ...unmutedLines(leader.memory, moved, movement.unmuted.get(id) ?? [])];
  const joined = movement.joined.get(id) ?? [];
  // Over it is told that it is over, and nothing of before.
  if (isAsleep || incident.state === "resolved") {
    leader.news.delete(id);
    leader.heldLines.delete(id);
    return { added: [...quietJoins(leader.memory, joined), ...lines].map(written), revised: [] };
  }
  const isHeard = (key: string) => leader.memory.alerts.get(key)?.mutedBy === null;
  const unheard = joined.filter((key) => !isHeard(key));
  const late = lateSeverity(leader, id, now);
  const joins = joinLines(leader, id, joined.filter(isHeard), now);
  return {
    added: [...lines, ...quietJoins(leader.memory, unheard), ...joins.added].map(written),
    revised: [...late, ...joins.revised],
  };
}

/** Notes which of the lines that were written are held back. */
export function noteHeld(
  { heldLines }: Pick<LineKeeper, "heldLines">,
  entries: readonly NewTimelineEntry[],
  ids: readonly number[],
): void {
  for (const [index, entry] of entries.entries()) {
    const kind = heldKindOf(entry);
    const id = ids[index];
    if (kind === null || id === undefined) continue;
    heldLines.set(entry.incidentId, { ...heldLines.get(entry.incidentId), [kind]: id });
  }
}

function openedLine({ alertCount, title }: Incident): Said {
  const alerts = alertCount === 1 ? "1 alert" : `${alertCount} alerts`;
  return { kind: "opened", text: `opened with ${alerts}: ${title}`, isPosted: false };
}

function unmutedLines(memory: TriageMemory, { wasMuted }: Moved, keys: readonly string[]): readonly Said[] {
  if (keys.length === 0) return [];
  const text = `muted no longer: ${listText(memory, { keys, count: keys.length })}`;
  // When all of it was muted until now, its card is the news.
  return [{ kind: "unmuted", text, isPosted: !wasMuted }];
}

/** Alerts that joined while nobody is to hear of it. */
function quietJoins(memory: TriageMemory, keys: readonly string[]): readonly Said[] {
  if (keys.length === 0) return [];
  const joins = addJoins(noNews.untold, keys);
  return [{ kind: "joined", text: joinedText(memory, joins), data: joinsData(joins), isPosted: false }];
}

/** An event as a line: a severity that comes and goes is told once in a while. */
function eventLine(leader: LineKeeper, incidentId: number, event: IncidentEvent, now: Date): Said {
  const { kind, data = {} } = event;
  const change = kind === "severity_changed" ? severityChange.safeParse(data) : null;
  if (change?.success !== true) return { ...event, isPosted: true };
  const { news, isTold } = tellSeverity(newsOf(leader, incidentId), change.data, now);
  leader.news.set(incidentId, news);
  if (isTold || news.believed === null) return { ...event, isPosted: isTold };
  return { ...event, data: heldSeverity(data, news), isPosted: false };
}

const severityChange = z.object({ from: z.enum(severities), to: z.enum(severities) });

/** The line about the severity that was held back and is to be told now. */
function lateSeverity(leader: LineKeeper, incidentId: number, now: Date): readonly TimelineRevision[] {
  const news = newsOf(leader, incidentId);
  const id = leader.heldLines.get(incidentId)?.severity_changed;
  const isDue = isSeverityOverdue(news, now);
  if (isDue || news.believed === null) release(leader, incidentId, "severity_changed");
  if (id === undefined || !isDue) return [];
  leader.news.set(incidentId, severityTold(news, now));
  return [{ id, incidentId, isPosted: true }];
}

/** The one line about alerts that joined: a new one, or that which is held back and says more now or is told. */
function joinLines(
  leader: LineKeeper,
  incidentId: number,
  joined: readonly string[],
  now: Date,
): { readonly added: readonly Said[]; readonly revised: readonly TimelineRevision[] } {
  const { news, told } = tellJoins(newsOf(leader, incidentId), joined, now);
  leader.news.set(incidentId, news);
  const isPosted = told.count > 0;
  if (!isPosted && joined.length === 0) return { added: [], revised: [] };
  const joins = isPosted ? told : news.untold;
  const text = joinedText(leader.memory, joins);
  const id = leader.heldLines.get(incidentId)?.joined;
  if (isPosted) release(leader, incidentId, "joined");
  if (isPosted && id === undefined)
    return { added: [{ kind: "joined", text, data: joinsData(joins), isPosted }], revised: [] };
  const data = heldJoins(joins, isPosted ? now : dueAfter(news.joinsToldAt));
  return id === undefined
    ? { added: [{ kind: "joined", text, data, isPosted }], revised: [] }
    : { added: [], revised: [{ id, incidentId, isPosted, said: { text, data } }] };
}

function release({ heldLines }: LineKeeper, incidentId: number, kind: HeldKind): void {
  const { [kind]: _told, ...others } = heldLines.get(incidentId) ?? {};
  heldLines.set(incidentId, others);
}

function newsOf({ news }: Pick<LineKeeper, "news">, id: number): ThreadNews {
  return news.get(id) ?? noNews;
}

function joinedText(memory: TriageMemory, joins: Joins): string {
  return `${listText(memory, joins)} joined`;
}

/** "HighLatency on api, HighErrorRate on web and 3 more" */
function listText(memory: TriageMemory, { keys, count }: Joins): string {
  const names = keys.slice(0, 3).map((key) => nameOf(memory.alerts.get(key)) ?? key);
  const more = count - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
