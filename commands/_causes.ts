/** What the commands that say what the cause of an incident was have in common. */

import { entityOf } from "../src/domain/alert/entity.ts";
import type { Change } from "../src/domain/change.ts";
import type { Cause } from "../src/domain/clustering/correlation.ts";
import { closest } from "../src/domain/command/spelling.ts";
import { storedAnswer } from "../src/domain/explanation/first-answer.ts";
import type { Explanation } from "../src/domain/explanation.ts";
import type { Incident } from "../src/domain/incident.ts";
import {
  blames,
  noChange,
  type Suspect,
  standingVerdicts,
  subjectOf,
  suspectName,
} from "../src/domain/learning/feedback.ts";
import { oneLine } from "../src/domain/view.ts";
import type {
  CommandContext,
  Effect,
  PrefillContext,
  Refusal,
  SuggestContext,
} from "../src/ports/command.ts";

/** Changes that may be named as the cause of an incident: those from a day before it began on. */
const lookBackMs = 24 * 3_600_000;
const maxChanges = 2_000;
/** Alerts whose services may be named. */
const maxAlerts = 500;
const maxKept = 3;
/** Rows of feedback of one incident that are looked through for what stands. */
const maxSaid = 500;
const maxSuggestions = 25;

/** What a person wrote: "service:NAME", "change:ID", "none", or a bare word, which is a service; rollout:7 is a change. */
export function causeWritten(text: string): Pick<Suspect, "service" | "changeId"> {
  const cause = oneLine(text, 300);
  const [, type, name = ""] = /^(service|change):\s*(.+)$/is.exec(cause) ?? [];
  if (type?.toLowerCase() === "service") return { service: name, changeId: null };
  if (type !== undefined) return { service: null, changeId: name };
  if (cause.toLowerCase() === "none") return { service: null, changeId: noChange };
  return /^rollout:\d+/.test(cause) ? { service: null, changeId: cause } : { service: cause, changeId: null };
}

/** Changes around an incident, newest first. */
export async function changesAround(
  incident: Incident,
  context: Pick<CommandContext, "store" | "now">,
): Promise<readonly Change[]> {
  const from = new Date(incident.startedAt.getTime() - lookBackMs);
  const found = await context.store.incidents.changesBetween(from, context.now, maxChanges);
  return [...found].reverse();
}

/** What is known of the suspect besides its name; a change that nobody told is refused, and a service nearly called so. */
export async function checkSuspect(
  written: Pick<Suspect, "service" | "changeId">,
  incident: Incident,
  context: Pick<CommandContext, "store" | "now">,
): Promise<Suspect | Refusal> {
  const { service, changeId } = written;
  if (changeId === noChange) return { service: null, changeId, changeKind: null };
  const changes = await changesAround(incident, context);
  if (changeId !== null) {
    const change = changes.find(({ id }) => id === changeId);
    return change === undefined ? unknownChange(changeId, incident, changes) : suspectOfChange(change);
  }
  const known = await servicesAround(incident, context);
  const name = service ?? "";
  if (known.includes(name)) return { service: name, changeId: null, changeKind: null };
  return unknownService(name, incident, closest(name, known));
}

export function suspectOfChange(change: Change): Suspect {
  return { service: change.service, changeId: change.id, changeKind: change.kind };
}

/** Services of its alerts and of the topology. */
async function servicesAround(
  incident: Incident,
  context: Pick<CommandContext, "store">,
): Promise<readonly string[]> {
  const { incidents } = context.store;
  const alerts = await incidents.alerts(incident.id, maxAlerts);
  const topology = await incidents.topology();
  const names = [
    ...alerts.flatMap(({ alert }) => entityOf(alert) ?? []),
    ...topology.services,
    ...topology.edges.flat(),
  ];
  return [...new Set([...incident.services, ...names])];
}

function unknownChange(id: string, incident: Incident, changes: readonly Change[]): Refusal {
  const near = closest(
    id,
    changes.map((change) => change.id),
  );
  const offered = near === null ? changes.slice(0, 3).map((change) => change.id) : [near];
  return {
    kind: "refuse",
    reason: "unknown_change",
    problem: `There is no change "${oneLine(id, 80)}" from a day before incident ${incident.id} on.`,
    remedy:
      near === null
        ? "Name one by its id, or the service that it was on; /why lists the suspects."
        : `Did you mean ${oneLine(near, 120)}?`,
    suggestions: offered.map((one) => `cause ${incident.id} change:${one}`),
  };
}

function unknownService(name: string, incident: Incident, near: string | null): Refusal {
  return {
    kind: "refuse",
    reason: "unknown_service",
    problem: `No alert of incident ${incident.id} and no topology knows a service "${oneLine(name, 80)}".`,
    remedy: `${near === null ? "" : `Did you mean ${oneLine(near, 120)}? `}To name it nevertheless, add --as-written.`,
    suggestions: near === null ? [`why ${incident.id}`] : [`cause ${incident.id} service:${near}`],
  };
}

/** What is kept of a verdict: what it is about, and what the bot thought. */
export async function causeEffect(
  verdict: {
    readonly incident: Incident;
    readonly suspect: Suspect;
    readonly isRight: boolean;
    readonly explanation: Explanation | null;
    readonly data?: Readonly<Record<string, unknown>>;
  },
  context: Pick<CommandContext, "store">,
): Promise<Effect> {
  const { incident, suspect, isRight, explanation } = verdict;
  const ranked = explanation?.ranked ?? [];
  const rank = ranked.findIndex((cause) => isSame(cause, suspect));
  const alerts = await context.store.incidents.alerts(incident.id, maxAlerts);
  return {
    kind: "feedback",
    said: {
      kind: isRight ? "right_cause" : "wrong_cause",
      incidentId: incident.id,
      subject: subjectOf(suspect),
      data: {
        service: suspect.service,
        changeKind: suspect.changeKind,
        rank: rank === -1 ? null : rank + 1,
        suspects: ranked
          .slice(0, maxKept)
          .map(({ service, changeId, confidence }) => ({ service, changeId, confidence })),
        alerts: alerts.map(({ key }) => key),
        ...verdict.data,
      },
    },
    decidedAt: explanation?.at ?? null,
    rulings: [],
  };
}

function isSame(cause: Cause, { service, changeId }: Suspect): boolean {
  if (changeId === noChange) return cause.changeId === null;
  return changeId === null
    ? cause.changeId === null && cause.service === service
    : cause.changeId === changeId && (service === null || cause.service === service);
}

/** What it may have been: those that are suspected first, then as {@link suggestCauses}. */
export async function suggestSuspects(
  partial: string,
  context: Pick<SuggestContext, "store" | "now" | "given">,
) {
  const { incident } = context.given;
  const explanation = typeof incident === "number" ? await context.store.explanations.find(incident) : null;
  const suspected = (explanation?.ranked ?? []).filter(blames).map((cause) => ({
    label: oneLine(`suspected: ${suspectName(cause)}`, 100),
    value: cause.changeId === null ? `service:${cause.service}` : `change:${cause.changeId}`,
  }));
  const wanted = partial.toLowerCase();
  const near = suspected.filter(({ label, value }) => `${value} ${label}`.toLowerCase().includes(wanted));
  const known = new Set(near.map(({ value }) => value));
  const others = (await suggestCauses(partial, context)).filter(
    ({ value }) => !known.has(value) && value !== "right" && value !== "wrong",
  );
  return [...near, ...others].filter(({ value }) => value.length <= 100).slice(0, maxSuggestions);
}

/**
 * What a form of an incident says its cause was before anybody typed: what a person said last, else the first suspect,
 * unless a person refused it.
 */
export async function prefillCause({
  incident,
  store,
}: Pick<PrefillContext, "incident" | "store">): Promise<{ readonly cause?: string }> {
  if (incident === null) return {};
  const said = standingVerdicts(await store.feedback.ofIncidents([incident.id], maxSaid));
  const confirmed = said.findLast(({ isRight }) => isRight);
  const answer = storedAnswer(await store.explanations.find(incident.id));
  const suspect = confirmed ?? (answer === null || answer.kind === "not_enough" ? undefined : answer.cause);
  const isRefused = said.some((one) => !one.isRight && suspect !== undefined && isOf(one, suspect));
  if (suspect === undefined || !blames(suspect) || isRefused) return {};
  return { cause: subjectOf(suspect) };
}

function isOf(verdict: Suspect, suspect: Pick<Suspect, "service" | "changeId">): boolean {
  return subjectOf(verdict) === subjectOf(suspect);
}

/** Verdicts, services of the topology and changes of the last day that go with what was typed. */
export async function suggestCauses(partial: string, context: Pick<SuggestContext, "store" | "now">) {
  const { incidents } = context.store;
  const changes = await incidents.changesBetween(
    new Date(context.now.getTime() - lookBackMs),
    context.now,
    maxChanges,
  );
  const topology = await incidents.topology();
  const open = await incidents.list({ states: ["open", "acknowledged"], limit: 50 });
  const services = new Set([...open.flatMap((incident) => incident.services), ...topology.services]);
  const all = [
    { label: "right: the first suspect was it", value: "right" },
    { label: "wrong: the first suspect was not", value: "wrong" },
    { label: "none: no change is to blame", value: "none" },
    ...[...services].map((service) => ({ label: `service ${service}`, value: `service:${service}` })),
    ...[...changes].reverse().map(({ id, kind, service, title }) => ({
      label: oneLine(`${kind}${service === null ? "" : ` of ${service}`}: ${title}`, 100),
      value: `change:${id}`,
    })),
  ];
  const wanted = partial.toLowerCase();
  return all
    .filter(({ label, value }) => `${value} ${label}`.toLowerCase().includes(wanted) && value.length <= 100)
    .slice(0, maxSuggestions);
}
