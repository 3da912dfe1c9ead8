/** What is written of incidents that alerts moved, and how much of it their threads hear. */
import { z } from "zod";
import { severities } from "../domain/alert.ts";
import {
  isOverdue,
  noNews,
  severityTold,
  type ThreadNews,
  tellJoins,
  tellSeverity,
} from "../domain/incident/thread-news.ts";
import type { Incident, IncidentEvent } from "../domain/incident.ts";
import type { NewTimelineEntry } from "../ports.ts";
import { type Movement, nameOf, type TriageMemory } from "./triage-memory.ts";

/** What telling threads needs of the one who leads. */
export interface LineKeeper {
  readonly memory: TriageMemory;
  /** What the threads of incidents have still to be told. */
  readonly news: Map<number, ThreadNews>;
  /** By incident, the line about its severity that was held back last. */
  readonly heldLines: Map<number, number>;
}

export interface Moved {
  readonly incident: Incident;
  readonly events: readonly IncidentEvent[];
  readonly isNew: boolean;
  /** It was muted before, so that no card was to be seen. */
  readonly wasMuted: boolean;
}

/** What is written into the history of an incident that moved, and which of it its thread hears of now. */
export function linesFor(
  leader: LineKeeper,
  moved: Moved,
  movement: Movement,
  now: Date,
): NewTimelineEntry[] {
  const { incident } = moved;
  const line = (
    kind: NewTimelineEntry["kind"],
    text: string,
    isPosted: boolean,
    data: Readonly<Record<string, unknown>> = {},
  ): NewTimelineEntry => ({
    incidentId: incident.id,
    at: now,
    kind,
    actor: "tocsin",
    text,
    data,
    isPosted,
  });
  const events = [...moved.events, ...(movement.told.get(incident.id) ?? [])];
  // Asleep it is kept up to date and says nothing; what ends its sleep is said.
  const isAsleep = incident.snoozedUntil !== null && incident.snoozedUntil > now;
  const lines = events.map((event) => {
    const isTold = !isAsleep && hearsOf(leader, incident.id, event, now);
    return line(event.kind, event.text, isTold, event.data);
  });
  if (moved.isNew) {
    const alerts = incident.alertCount === 1 ? "1 alert" : `${incident.alertCount} alerts`;
    return [line("opened", `opened with ${alerts}: ${incident.title}`, false), ...lines];
  }
  const unmuted = movement.unmuted.get(incident.id) ?? [];
  // When all of it was muted until now, its card is the news.
  if (unmuted.length > 0)
    lines.push(line("unmuted", `muted no longer: ${listText(leader.memory, unmuted)}`, !moved.wasMuted));
  const joined = movement.joined.get(incident.id) ?? [];
  const joinedLine = (keys: readonly string[], isPosted: boolean) =>
    line("joined", `${listText(leader.memory, keys)} joined`, isPosted, { alerts: keys.slice(0, 50) });
  const { untold } = newsOf(leader, incident.id);
  // Over it is told that it is over, and nothing of before.
  if (incident.state === "resolved") {
    leader.news.delete(incident.id);
    const all = [...untold, ...joined];
    return all.length === 0 ? lines : [joinedLine(all, false), ...lines];
  }
  const isHeard = (key: string) => !isAsleep && leader.memory.alerts.get(key)?.mutedBy === null;
  const unheard = joined.filter((key) => !isHeard(key));
  const { news, told } = tellJoins(newsOf(leader, incident.id), joined.filter(isHeard), now);
  leader.news.set(incident.id, news);
  return [
    ...lines,
    ...(unheard.length === 0 ? [] : [joinedLine(unheard, false)]),
    ...(told.length === 0 ? [] : [joinedLine(told, true)]),
  ];
}

/** Whether the thread hears of an event now: a severity that comes and goes is told once in a while. */
function hearsOf(leader: LineKeeper, id: number, { kind, data = {} }: IncidentEvent, now: Date): boolean {
  const change = kind === "severity_changed" ? severityChange.safeParse(data) : null;
  if (change?.success !== true) return true;
  const { news, isTold } = tellSeverity(newsOf(leader, id), change.data, now);
  leader.news.set(id, news);
  return isTold;
}

const severityChange = z.object({ from: z.enum(severities), to: z.enum(severities) });

function newsOf({ news }: Pick<LineKeeper, "news">, id: number): ThreadNews {
  return news.get(id) ?? noNews;
}

/** Lines of the history that were held back and are to be told now; those that are held back by these entries are noted. */
export function lateLines(
  leader: LineKeeper,
  written: {
    readonly entries: readonly NewTimelineEntry[];
    readonly ids: readonly number[];
    readonly now: Date;
  },
  saved: readonly Incident[],
): readonly { readonly incidentId: number; readonly id: number }[] {
  const { entries, ids, now } = written;
  for (const [index, { incidentId, kind, isPosted }] of entries.entries()) {
    const id = ids[index];
    if (kind === "severity_changed" && !isPosted && id !== undefined) leader.heldLines.set(incidentId, id);
  }
  return saved.flatMap(({ id: incidentId, snoozedUntil, state }) => {
    const news = newsOf(leader, incidentId);
    const id = leader.heldLines.get(incidentId);
    if (news.believed === null) leader.heldLines.delete(incidentId);
    if (news.believed === null || id === undefined || !isOverdue({ ...news, untold: [] }, now)) return [];
    leader.news.set(incidentId, severityTold(news, now));
    leader.heldLines.delete(incidentId);
    const isAsleep = snoozedUntil !== null && snoozedUntil > now;
    return isAsleep || state === "resolved" ? [] : [{ incidentId, id }];
  });
}

/** "HighLatency on api, HighErrorRate on web and 3 more" */
function listText(memory: TriageMemory, keys: readonly string[]): string {
  const names = keys.slice(0, 3).map((key) => nameOf(memory.alerts.get(key)) ?? key);
  const more = keys.length - names.length;
  return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
