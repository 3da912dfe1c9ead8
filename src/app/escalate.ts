/**
 * While nobody acknowledges an incident, tells more and more people: step by step, each once, whatever dies when. What
 * is told is committed with how far it has come; pagers outside are told after that, and told again until they answer.
 */

import type { Incident } from "../domain/incident.ts";
import {
  decideEscalation,
  type Escalation,
  type EscalationRule,
  type EscalationStep,
  type Recipient,
  ruleFor,
} from "../domain/people/escalation.ts";
import { mentionOf } from "../domain/people/link.ts";
import type { Person } from "../domain/people/person.ts";
import { duration, type Mention, oneLine } from "../domain/view.ts";
import {
  type Clock,
  type Log,
  type Metrics,
  type PageAction,
  type Pager,
  parseChannel,
  type Store,
  type StoreSlices,
} from "../ports.ts";
import type { Effects } from "./effects.ts";
import type { OnCall } from "./on-call.ts";

export interface EscalateOptions {
  readonly store: Store;
  readonly rules: readonly EscalationRule[];
  readonly onCall: OnCall;
  readonly people: readonly Person[];
  readonly pagers: ReadonlyMap<string, Pager>;
  readonly effects: Effects;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Escalate {
  /** Looks at one incident; safe at any time. Asks to be called again when something will be due. */
  look(incidentId: number): Promise<void>;
  /** Tells pagers what became of it. Throws while one cannot be told: the job is tried again. */
  page(incidentId: number): Promise<void>;
}

/** A step this soon is no sign that nobody cares, ms. */
const atOnceMs = 30_000;
/** Alerts of an incident that a rule is looked for in. */
const maxAlerts = 1_000;

/** Somebody told, as the thread says it and calls them. */
interface Told {
  readonly words: string;
  readonly call: { readonly name: string; readonly mention: Mention } | null;
}

type Turns = Awaited<ReturnType<OnCall["at"]>>;

export function createEscalate(options: EscalateOptions): Escalate {
  const { store, clock } = options;
  const recipients = options.rules.flatMap(({ steps }) => steps).flatMap(({ tell }) => tell);
  const rotaNames = recipients.flatMap((recipient) => (recipient.kind === "rota" ? [recipient.rota] : []));

  async function look(incidentId: number): Promise<void> {
    const now = clock.now();
    const turns = await options.onCall.at(now, rotaNames);
    await store.transaction(async (tx) => {
      const incident = await tx.incidents.findForUpdate(incidentId);
      if (incident === null) return;
      await followPages(tx, incident);
      const alerts = (await tx.incidents.alerts(incidentId, maxAlerts)).filter(
        ({ mutedBy }) => mutedBy === null,
      );
      const rule = ruleFor(
        options.rules,
        alerts.map(({ alert }) => alert),
      );
      const known = await tx.escalations.find(incidentId);
      const openSince = await tx.escalations.openSince(incident);
      const decision = decideEscalation({ incident, rule, known, openSince, now });
      if (decision.kind === "none") return;
      await tx.escalations.save(decision.escalation);
      if (decision.kind === "tell") await tell(tx, incident, { ...decision, turns, now });
      const runAt = decision.kind === "tell" ? null : decision.until;
      await tx.jobs.add({ task: "escalate", incidentId }, { runAt });
    });
  }

  async function tell(
    tx: StoreSlices,
    incident: Incident,
    due: {
      readonly step: EscalationStep;
      readonly number: number;
      readonly waitedMs: number;
      readonly escalation: Escalation;
      readonly turns: Turns;
      readonly now: Date;
    },
  ): Promise<void> {
    const { now, number, waitedMs, escalation } = due;
    const told: Told[] = [];
    for (const recipient of due.step.tell) told.push(await tellOne(tx, incident, recipient, due));
    const words = told.map((one) => one.words).join(", ");
    const waited =
      waitedMs < atOnceMs ? "it was opened" : `nobody has acknowledged it for ${duration(waitedMs)}`;
    const text = `${waited}; step ${number} of ${escalation.rule}: told ${words}`;
    const calls = told.flatMap(({ call }) => call ?? []);
    const data = { rule: escalation.rule, step: number, calls };
    const { seq } = await tx.audit.append({
      at: now,
      actor: "tocsin",
      action: "incident.escalated",
      subject: `incident:${incident.id}`,
      outcome: "done",
      data: { rule: escalation.rule, step: number, told: told.map((one) => one.words) },
    });
    const entry = { kind: "escalated", text, data } as const;
    await options.effects.apply(tx, [{ kind: "incident", incident, entry }], {
      ...{ now, actor: "tocsin", auditSeq: seq },
    });
    options.metrics.count("tocsin_escalations_total", { rule: escalation.rule });
  }

  async function tellOne(
    tx: StoreSlices,
    incident: Incident,
    recipient: Recipient,
    { turns, now }: { readonly turns: Turns; readonly now: Date },
  ): Promise<Told> {
    switch (recipient.kind) {
      case "person":
        return await tellPerson(tx, recipient.person, "");
      case "rota":
        return await tellRota(tx, recipient.rota, turns);
      case "group": {
        const { name, accounts } = recipient;
        return { words: name, call: { name, mention: { kind: "group", accounts } } };
      }
      case "channel":
        await showIn(tx, incident, recipient.channel, now);
        return { words: recipient.channel, call: null };
      case "pager":
        await tx.escalations.wantPage({ incidentId: incident.id, pager: recipient.pager, wanted: "trigger" });
        await tx.jobs.add({ task: "page", incidentId: incident.id });
        return { words: recipient.pager, call: null };
    }
  }

  async function tellRota(tx: StoreSlices, name: string, turns: Turns): Promise<Told> {
    const answer = turns.get(name) ?? { kind: "nobody" };
    if (answer.kind === "turn") return await tellPerson(tx, answer.person, `, on call for ${name}`);
    const because = answer.kind === "nobody" ? "has no turn now" : `is not known: ${answer.because}`;
    return { words: `nobody (${name} ${because})`, call: null };
  }

  async function tellPerson(tx: StoreSlices, id: string, role: string): Promise<Told> {
    const person = options.people.find((other) => other.id === id);
    if (person === undefined)
      return { words: `${id}${role}`, call: { name: id, mention: { kind: "person", accounts: {} } } };
    const mention = mentionOf(person, await tx.links.ofPerson(id), options.people);
    return { words: `${person.name}${role}`, call: { name: person.name, mention } };
  }

  async function showIn(tx: StoreSlices, incident: Incident, name: string, now: Date): Promise<void> {
    const channel = parseChannel(name);
    if (channel === null) return;
    const target = { platform: channel.platform, channel: channel.id };
    const card = { kind: "incident", subject: incident.id, desiredRevision: incident.revision } as const;
    await tx.posts.want([{ ...target, ...card, threadOf: null }], now);
    await tx.jobs.add({ task: "post", ...target });
  }

  /** Pagers that were told of it hear what became of it. */
  async function followPages(tx: StoreSlices, incident: Incident): Promise<void> {
    const wanted = actionFor(incident);
    const behind = (await tx.escalations.pages(incident.id)).filter((page) => page.wanted !== wanted);
    for (const { pager } of behind) await tx.escalations.wantPage({ incidentId: incident.id, pager, wanted });
    if (behind.length > 0) await tx.jobs.add({ task: "page", incidentId: incident.id });
  }

  async function page(incidentId: number): Promise<void> {
    const incident = await store.incidents.find(incidentId);
    if (incident === null) return;
    const problems: string[] = [];
    for (const wanted of await store.escalations.pages(incidentId)) {
      if (wanted.wanted === wanted.told) continue;
      const problem = await tellPager(incident, wanted.pager, wanted.wanted);
      const told = problem === null ? wanted.wanted : wanted.told;
      await store.escalations.markPage({ ...wanted, told, problem });
      options.metrics.count("tocsin_pages_total", {
        pager: wanted.pager,
        outcome: problem === null ? "told" : "failed",
      });
      if (problem !== null) problems.push(problem);
    }
    if (problems.length > 0) throw new Error(`escalate: ${problems.join("; ")}`);
  }

  /** Null when it was told, or is no longer configured, which no trying would change. */
  async function tellPager(incident: Incident, name: string, action: PageAction): Promise<string | null> {
    const pager = options.pagers.get(name);
    if (pager === undefined) {
      options.log.warn(
        { pager: name, incidentId: incident.id },
        "escalate: this pager is no longer in tocsin.yaml",
      );
      return null;
    }
    try {
      await pager.tell(action, incident, `incident ${incident.id} is ${incident.state}`);
      return null;
    } catch (error) {
      return `the pager ${name} could not be told: ${oneLine(error instanceof Error ? error.message : String(error), 200)}`;
    }
  }

  return { look, page };
}

function actionFor({ state }: Incident): PageAction {
  if (state === "open") return "trigger";
  return state === "acknowledged" ? "acknowledge" : "resolve";
}
