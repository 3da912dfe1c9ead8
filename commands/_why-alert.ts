/** Why an alert is where it is, why it is not elsewhere, and whether it told anybody. */

import { type CardFate, notificationOf } from "../src/domain/alert/notification.ts";
import { signed } from "../src/domain/clustering/why-not.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { flappingText, isFlapping } from "../src/domain/suppression/flapping.ts";
import {
  bold,
  code,
  duration,
  moment,
  oneLine,
  plain,
  type Text,
  type ViewBlock,
} from "../src/domain/view.ts";
import type { CommandContext, CommandResult } from "../src/ports/command.ts";
import type { StoredAlert } from "../src/ports/incident.ts";
import { findIncident } from "./_lookup.ts";
import { whyNot } from "./_why-not.ts";

const maxAlerts = 20;

/**
 * Answers for the newest alert that goes with a text.
 * @param not - number of an incident that it is not in, or null when that is not asked.
 */
export async function whyAlerts(
  text: string,
  not: number | null,
  context: CommandContext,
): Promise<CommandResult> {
  const found = await context.store.incidents.searchAlerts(text, maxAlerts);
  const [first] = found;
  if (first === undefined) {
    return {
      kind: "refuse",
      reason: "unknown_alert",
      problem: `No alert goes with "${oneLine(text, 80)}".`,
      remedy: "Write its name, its service, one of its label values, or the start of its key.",
      suggestions: ["incidents"],
    };
  }
  const elsewhere = not === null ? null : await whyNot(first, not, context);
  if (elsewhere !== null && "kind" in elsewhere) return elsewhere;
  const others = found.slice(1);
  const fate = fateOf(first);
  const told = await notification(first, context);
  const said = [`${fate}.`, elsewhere?.summary ?? "", told.summary].filter((sentence) => sentence !== "");
  const view = answerView(`${alertName(first)}: ${said.join(" ")}`, {
    title: `Why ${oneLine(alertName(first), 120)}`,
    tone: first.alert.severity,
    blocks: [
      { kind: "text", text: [bold(alertName(first)), plain(` · ${fate}.`)] },
      ...(elsewhere === null ? [] : [heading(`Why not in incident ${not}`), ...elsewhere.blocks]),
      alertFields(first, context.now),
      ...section("What decided it", first.reasons.map(reasonLine)),
      ...section(told.isNotified ? "Who was told" : "Why it did not notify", told.lines),
      ...section("Other alerts that go with it", others.map(otherLine)),
    ],
    actions: [
      { label: `Why incident ${first.incidentId}`, command: `why ${first.incidentId}`, style: "plain" },
    ],
  });
  return { kind: "answer", view, visibility: "private" };
}

/** Whether people were told, and why or why not. */
async function notification(stored: StoredAlert, context: CommandContext) {
  const incident = await findIncident(stored.incidentId, context);
  if ("kind" in incident) return { isNotified: false, summary: "", lines: [] };
  const { isNotified, because } = notificationOf(stored, incident, await cardsOf(incident.id, context));
  const lines = because.map((sentence): Text => [plain(sentence)]);
  return { isNotified, summary: isNotified ? "" : `Nobody was told. ${because[0] ?? ""}`.trim(), lines };
}

async function cardsOf(id: number, { store }: CommandContext): Promise<readonly CardFate[]> {
  const cards: CardFate[] = [];
  for (const { platform, channel } of await store.posts.channelsOf("incident", id)) {
    const post = await store.posts.findBySubject(platform, channel, "incident", id);
    if (post !== null) cards.push({ ...post, channel: `${platform}:${channel}` });
  }
  return cards;
}

function heading(text: string): ViewBlock {
  return { kind: "heading", text };
}

export function section(heading: string, items: readonly Text[]): ViewBlock[] {
  if (items.length === 0) return [];
  return [
    { kind: "heading", text: heading },
    { kind: "list", items, ordered: "bulleted" },
  ];
}

export function alertName({ alert }: StoredAlert): string {
  return oneLine(`${alert.name}${alert.service === null ? "" : ` on ${alert.service}`}`, 160);
}

/** What became of it, in one sentence without its full stop. */
function fateOf(stored: StoredAlert): string {
  const [strongest] = stored.reasons.toSorted((a, b) => b.score - a.score);
  const isAlone = strongest === undefined || strongest.score <= 0;
  const placed = isAlone
    ? `it opened incident ${stored.incidentId}`
    : `it joined incident ${stored.incidentId}, first of all because ${becauseText(strongest.because)}`;
  const held = isFlapping(stored.flapping) ? `; it is held open (${flappingText(stored.flapping)})` : "";
  const muted = stored.mutedBy === null ? "" : `; it is muted by ${oneLine(stored.mutedBy.because, 300)}`;
  return `${placed}${held}${muted}`;
}

/** A reason names the other alert before its sentence, which here stands within one. */
function becauseText(because: string): string {
  const [, other, rest] = /^with (.+?): (.+)$/s.exec(because) ?? [];
  return oneLine(other === undefined ? because : `${rest} (with ${other})`, 300);
}

function alertFields(stored: StoredAlert, now: Date): ViewBlock {
  const { alert } = stored;
  const state = alert.status === "firing" ? "firing" : "resolved";
  const end = alert.endsAt ?? now;
  const fields: { label: string; value: Text }[] = [
    { label: "State", value: [plain(`${state}, ${alert.severity}`)] },
    { label: "Since", value: [moment(alert.startsAt)] },
    { label: "For", value: [plain(duration(end.getTime() - alert.startsAt.getTime()))] },
    { label: "Heard", value: heardText(stored) },
    { label: "Source", value: [plain(alert.source)] },
    { label: "Incident", value: [plain(String(stored.incidentId))] },
    { label: "Placed by", value: [plain(placedBy(stored))] },
    { label: "Key", value: [code(stored.key.slice(0, 16))] },
  ];
  return { kind: "fields", fields };
}

function heardText({ seenCount, seenAt }: StoredAlert): Text {
  return [plain(seenCount === 1 ? "once, " : `${seenCount} times, last `), moment(seenAt)];
}

/** The version of the correlator that put it there, or what else did. */
function placedBy({ correlatorVersion, partOf }: StoredAlert): string {
  if (partOf !== undefined) return "the firing that it is a part of";
  return correlatorVersion === undefined
    ? "a version that was not kept"
    : `correlator version ${correlatorVersion}`;
}

function reasonLine(reason: {
  readonly signal: string;
  readonly score: number;
  readonly because: string;
}): Text {
  return [code(signed(reason.score)), plain(` ${reason.signal}: ${oneLine(reason.because, 300)}`)];
}

function otherLine(stored: StoredAlert): Text {
  return [bold(alertName(stored)), plain(` (${stored.alert.status}): ${fateOf(stored)}`)];
}
