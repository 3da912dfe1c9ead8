/** Whom to tell, and when, while nobody acknowledges an incident. */
import type { Alert, Severity } from "../alert.ts";
import { type Route, routesOf } from "../chat/routing.ts";
import type { Incident } from "../incident.ts";
import { type MaintenanceSchedule, occurrenceAt } from "../suppression/maintenance.ts";
import type { Matcher } from "../suppression/matcher.ts";

/** Somebody or something to be told. */
export type Recipient =
  | { readonly kind: "person"; readonly person: string }
  /** Whoever's turn it is. */
  | { readonly kind: "rota"; readonly rota: string }
  /** A group as chat knows it: platform to the id of a user group (Slack) or a role (Discord). */
  | { readonly kind: "group"; readonly name: string; readonly accounts: Readonly<Record<string, string>> }
  /** Another channel gets the card too, "slack:C0123ABCD". */
  | { readonly kind: "channel"; readonly channel: string }
  /** A pager outside, by its name in tocsin.yaml. */
  | { readonly kind: "pager"; readonly pager: string };

export interface EscalationStep {
  /** After the incident was opened, ms; grows from step to step. */
  readonly afterMs: number;
  readonly tell: readonly Recipient[];
}

/** One entry of `escalation:` in tocsin.yaml. */
export interface EscalationRule {
  readonly name: string;
  /** All must hold on one alert of the incident; empty means every incident that is more than information. */
  readonly match: readonly Matcher[];
  readonly steps: readonly EscalationStep[];
  /** Steps that fall into these hours wait for their end, unless the incident is one of `evenAt`. */
  readonly quiet: { readonly hours: MaintenanceSchedule; readonly evenAt: readonly Severity[] } | null;
}

/** How far an incident has come. */
export interface Escalation {
  readonly incidentId: number;
  readonly rule: string;
  /** Since when nobody has it. */
  readonly since: Date;
  /** Index of the next step. */
  readonly nextStep: number;
}

export type EscalationDecision =
  /** Nobody has to be told, now or later. */
  | { readonly kind: "none"; readonly because: string }
  | { readonly kind: "wait"; readonly until: Date; readonly escalation: Escalation }
  /** Tell these now. `escalation` is where it stands afterwards. */
  | {
      readonly kind: "tell";
      readonly step: EscalationStep;
      /** 1 for the first. */
      readonly number: number;
      readonly waitedMs: number;
      readonly escalation: Escalation;
    };

/**
 * The first rule that one of the alerts fits, or null. What is for information calls nobody unless the rule speaks of
 * severity itself: a model whose input drifts without a loss is no reason to get up.
 */
export function ruleFor(rules: readonly EscalationRule[], alerts: readonly Alert[]): EscalationRule | null {
  if (alerts.length === 0) return null;
  const routes = rules.map(({ name, match }): Route => {
    const saysSeverity = match.some((matcher) => matcher.name === "severity");
    return { to: name, match, ...(saysSeverity ? {} : { atLeast: "warning" }) };
  });
  const [first] = routesOf(routes, alerts);
  return rules.find((rule) => rule.name === first) ?? null;
}

/**
 * What is due for an incident now. Asked at any moment, any number of times: steps that were due while the bot was down
 * are told one after the other, each once.
 * @param known - how far it had come; null when it was never looked at, or nobody has had to be told.
 */
export function decideEscalation(question: {
  readonly incident: Incident;
  readonly rule: EscalationRule | null;
  readonly known: Escalation | null;
  /** When it was opened last: a reopened incident begins anew. */
  readonly openSince: Date;
  readonly now: Date;
}): EscalationDecision {
  const { incident, rule, now, openSince } = question;
  if (rule === null) return { kind: "none", because: "no rule of escalation fits it" };
  if (incident.state !== "open") return { kind: "none", because: `it is ${incident.state}` };
  if (incident.isMuted) return { kind: "none", because: "it is muted" };
  // One page for a family: whoever was called for the parent knows.
  if (incident.parentId !== null) return { kind: "none", because: `it was split from ${incident.parentId}` };
  const isSame = question.known?.rule === rule.name && question.known.since >= openSince;
  const escalation =
    isSame && question.known !== null
      ? question.known
      : { incidentId: incident.id, rule: rule.name, since: openSince, nextStep: 0 };
  const step = rule.steps[escalation.nextStep];
  if (step === undefined) return { kind: "none", because: "everybody has been told" };
  const dueAt = new Date(escalation.since.getTime() + step.afterMs);
  const until = afterSleep(incident, afterQuiet(rule, incident.severity, dueAt, now));
  if (until > now) return { kind: "wait", until, escalation };
  return {
    kind: "tell",
    step,
    number: escalation.nextStep + 1,
    waitedMs: now.getTime() - escalation.since.getTime(),
    escalation: { ...escalation, nextStep: escalation.nextStep + 1 },
  };
}

/** Whom the steps so far have called, of those who are known by name: people by id, and rotas. */
export function calledSoFar(
  rules: readonly EscalationRule[],
  known: Pick<Escalation, "rule" | "nextStep">,
): { readonly people: readonly string[]; readonly rotas: readonly string[] } {
  const rule = rules.find(({ name }) => name === known.rule);
  const called = (rule?.steps ?? []).slice(0, known.nextStep).flatMap(({ tell }) => tell);
  return {
    people: called.flatMap((one) => (one.kind === "person" ? [one.person] : [])),
    rotas: called.flatMap((one) => (one.kind === "rota" ? [one.rota] : [])),
  };
}

/** What is due in quiet hours waits for their end, and so does what was due before and is only looked at now. */
function afterQuiet(rule: EscalationRule, severity: Severity, dueAt: Date, now: Date): Date {
  if (rule.quiet === null || rule.quiet.evenAt.includes(severity)) return dueAt;
  const at = dueAt > now ? dueAt : now;
  return occurrenceAt(rule.quiet.hours, at)?.to ?? dueAt;
}

function afterSleep({ snoozedUntil }: Incident, at: Date): Date {
  return snoozedUntil !== null && snoozedUntil > at ? snoozedUntil : at;
}
