/** What is known of an incident once it is looked back on: how long it took, who did what, what ended it. */
import { z } from "zod";
import type { TrackedAlert } from "../alert/tracked.ts";
import type { Evidence, Explanation } from "../explanation.ts";
import type { Incident, TimelineEntry, TimelineKind } from "../incident.ts";
import { suspectName, type Verdict } from "../learning/feedback.ts";
import { type MetricChart, metricChartSchema } from "../metrics/chart.ts";
import { planTitle } from "../rollout/plan.ts";
import type { Rollout } from "../rollout.ts";

/** All that a postmortem is written from. Texts are untrusted. */
export interface PostmortemFacts {
  readonly incident: Incident;
  /** Earliest first; the incident counts those that are missing here. */
  readonly alerts: readonly TrackedAlert[];
  /** In the order in which it happened. */
  readonly timeline: readonly TimelineEntry[];
  /** Whether the timeline begins later than the incident, since it is too long. */
  readonly isTimelineCut: boolean;
  readonly evidence: readonly Evidence[];
  readonly explanation: Explanation | null;
  /** What people say of its cause, as far as it stands. */
  readonly verdicts: readonly Verdict[];
  /** Made because of it, or suspected, oldest first. */
  readonly rollouts: readonly Rollout[];
  /** Incidents that were split from it and are not back in it. */
  readonly children: readonly number[];
  /** Person id to name. */
  readonly nameOf: (person: string) => string;
  readonly now: Date;
}

/** Milliseconds from when the bot opened it; null for what has not happened. */
export interface PostmortemTimes {
  /** From its first alert until the bot opened it. */
  readonly toOpenMs: number;
  /** Until somebody first said that they look at it, whether or not it was reopened since. */
  readonly toAcknowledgeMs: number | null;
  readonly acknowledgedBy: string | null;
  /** Until it was resolved last. */
  readonly toResolveMs: number | null;
}

export function timesOf({ incident, timeline }: PostmortemFacts): PostmortemTimes {
  const since = (at: Date) => Math.max(0, at.getTime() - incident.openedAt.getTime());
  const seen = firstSeen(incident, timeline);
  return {
    toOpenMs: Math.max(0, incident.openedAt.getTime() - incident.startedAt.getTime()),
    toAcknowledgeMs: seen === null ? null : since(seen.at),
    acknowledgedBy: seen?.by ?? null,
    toResolveMs: incident.resolvedAt === null ? null : since(incident.resolvedAt),
  };
}

/** A reopened incident forgets its acknowledgement; its timeline does not. Whoever takes it acknowledges it. */
function firstSeen({ acknowledgedAt, acknowledgedBy }: Incident, timeline: readonly TimelineEntry[]) {
  const told = timeline
    .filter(
      ({ kind, actor, data }) => kind === "acknowledged" || (kind === "assigned" && data["to"] === actor),
    )
    .map(({ at, actor }) => ({ at, by: actor }));
  const stored =
    acknowledgedAt === null || acknowledgedBy === null ? [] : [{ at: acknowledgedAt, by: acknowledgedBy }];
  return [...told, ...stored].sort((a, b) => a.at.getTime() - b.at.getTime())[0] ?? null;
}

/** What a person did about it, in the past tense; by kind of timeline entry. */
const deeds: Partial<Record<TimelineKind, string>> = {
  acknowledged: "acknowledged it",
  assigned: "assigned it",
  severity_changed: "set its severity",
  snoozed: "snoozed it",
  woken: "woke it",
  related: "related it",
  merged: "merged alerts",
  split: "split it",
  feedback: "judged its cause",
  note: "wrote a note",
  rollout: "moved a rollout",
  resolved: "resolved it",
  reopened: "reopened it",
};

export interface Participant {
  /** Name of a person or a group. Untrusted text. */
  readonly name: string;
  readonly did: readonly { readonly what: string; readonly at: readonly Date[] }[];
}

const callsSchema = z.array(z.object({ name: z.string() }));

/** Who acknowledged it, was given it, was called, resolved it: in order of when they first come up. */
export function peopleIn({ timeline, nameOf }: PostmortemFacts): readonly Participant[] {
  const parts = new Map<string, Map<string, Date[]>>();
  const add = (name: string, what: string, at: Date) => {
    const did = parts.get(name) ?? new Map<string, Date[]>();
    parts.set(name, did);
    did.set(what, [...(did.get(what) ?? []), at]);
  };
  for (const { kind, actor, at, data } of timeline) {
    const { to } = data;
    if (kind === "escalated") {
      const calls = callsSchema.safeParse(data["calls"]);
      for (const { name } of calls.success ? calls.data : []) add(name, "was called", at);
    } else if (kind === "assigned" && typeof to === "string") {
      if (to === actor) add(nameOf(actor), "took it", at);
      else {
        add(nameOf(actor), "assigned it", at);
        add(nameOf(to), "was given it", at);
      }
    } else if (actor !== "tocsin") add(nameOf(actor), deeds[kind] ?? "changed it", at);
  }
  return [...parts].map(([name, did]) => ({ name, did: [...did].map(([what, at]) => ({ what, at })) }));
}

/** What resolved it, in sentences; untrusted text. */
export function resolutionOf(facts: PostmortemFacts): readonly string[] {
  const { incident, nameOf, verdicts, rollouts, timeline } = facts;
  if (incident.mergedInto !== null) return [`Its alerts went into incident ${incident.mergedInto}.`];
  if (incident.state !== "resolved") return ["It is not resolved."];
  const by = incident.resolvedBy ?? "tocsin";
  const how = by === "tocsin" ? "It ended by itself: all of its alerts ended." : `${nameOf(by)} resolved it.`;
  const reason = timeline.findLast(({ kind }) => kind === "resolved")?.data["reason"];
  const isWritten = by !== "tocsin" && typeof reason === "string" && reason !== "";
  const right = verdicts.filter(({ isRight }) => isRight);
  const causes = right.map(
    (verdict) => `${nameOf(verdict.person)} confirmed the cause: ${suspectName(verdict)}.`,
  );
  const resolvedAt = incident.resolvedAt ?? facts.now;
  const before = rollouts.filter(
    ({ plan, state, finishedAt }) =>
      plan.incidentId === incident.id &&
      state === "succeeded" &&
      finishedAt !== null &&
      finishedAt <= resolvedAt,
  );
  return [
    how,
    ...(isWritten ? [`What was written: “${reason}”.`] : []),
    ...before.map((rollout) => `Rollout ${rollout.id} had succeeded: ${planTitle(rollout.plan)}.`),
    ...causes,
  ];
}

/** Charts that its thread shows, with the number of their line. */
export function chartsOf(
  timeline: readonly TimelineEntry[],
): readonly { readonly entry: TimelineEntry; readonly chart: MetricChart }[] {
  return timeline.flatMap((entry) => {
    if (entry.kind !== "measured") return [];
    const parsed = metricChartSchema.safeParse(entry.data["chart"]);
    return parsed.success ? [{ entry, chart: parsed.data }] : [];
  });
}

/** Rollouts that its timeline and its evidence name, without repeats. */
export function rolloutsNamed(
  timeline: readonly TimelineEntry[],
  evidence: readonly Evidence[],
): readonly number[] {
  const told = timeline.map(({ data }) => Number(data["rolloutId"]));
  const cited = evidence.filter(({ kind }) => kind === "rollout").map(({ subject }) => Number(subject));
  return [...new Set([...told, ...cited])].filter((id) => Number.isSafeInteger(id) && id > 0);
}
