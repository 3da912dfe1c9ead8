import { z } from "zod";
import { answerView } from "../src/domain/answer.ts";
import type { Cause } from "../src/domain/correlation.ts";
import type { Claim, Evidence, Explanation } from "../src/domain/explanation.ts";
import { firstSuspect } from "../src/domain/feedback.ts";
import { otherCauseActions, verdictActions } from "../src/domain/feedback-view.ts";
import { flappingText, isFlapping } from "../src/domain/flapping.ts";
import { ordinal } from "../src/domain/explanation-order.ts";
import type { Incident } from "../src/domain/incident.ts";
import {
  bold,
  code,
  duration,
  moment,
  oneLine,
  plain,
  type Text,
  type ViewAction,
  type ViewBlock,
} from "../src/domain/view.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import type { StoredAlert } from "../src/ports/store.ts";
import { findIncident, suggestIncidents } from "./_lookup.ts";

const maxAlerts = 20;
const maxCauses = 3;

export default defineCommand({
  kind: "read",
  name: "why",
  summary: "Explain an incident with its evidence, or what became of an alert and why",
  examples: ["why 12", "why HighErrorRate", "why checkout"],
  options: z.object({
    what: z
      .string()
      .min(1)
      .max(500)
      .describe("number of an incident; or an alert: its name, service, a label or its key"),
  }),
  args: ["what"],
  rest: "what",
  action: "read",
  suggest: { what: suggestIncidents },
  async run(options, context) {
    const id = /^(?:#|inc(?:ident)?[-# ])?(\d{1,9})$/i.exec(options.what.trim())?.[1];
    if (id === undefined) return await whyAlerts(options.what.trim(), context);
    const incident = await findIncident(Number(id), context);
    return "kind" in incident ? incident : await whyIncident(incident, Number(id), context);
  },
});

// ---------- an incident ----------

async function whyIncident(
  incident: Incident,
  asked: number,
  context: CommandContext,
): Promise<CommandResult> {
  const { explanations, incidents } = context.store;
  const explanation = await explanations.find(incident.id);
  const evidence = await explanations.evidence(incident.id);
  const alerts = await incidents.alerts(incident.id, maxAlerts);
  const merged = asked === incident.id ? "" : `Incident ${asked} was merged into ${incident.id}. `;
  const summary =
    explanation?.summary.map((claim) => claim.text).join(" ") ?? "It has not been explained yet.";
  const view = answerView(`${merged}Incident ${incident.id}: ${incident.title}. ${summary}`, {
    title: `Why incident ${incident.id}: ${oneLine(incident.title, 100)}`,
    tone: incident.severity,
    blocks: [
      ...(merged === "" ? [] : [{ kind: "note" as const, text: [plain(merged.trim())] }]),
      ...section("What happened", claims(explanation?.summary ?? [])),
      ...causeBlocks(explanation?.ranked ?? [], explanation?.modelOrder ?? []),
      ...section("What to do", claims(explanation?.actions ?? [])),
      ...section("Evidence", evidence.map(evidenceLine)),
      ...section("Why these alerts are together", alerts.map(placementLine)),
    ],
    actions: whyActions(incident.id, explanation),
    footer: explanation === null ? "not explained yet" : footerOf(explanation),
  });
  return { kind: "answer", view, visibility: "private" };
}

/** Whether the first suspect was it, and what else was. */
function whyActions(id: number, explanation: Explanation | null): readonly ViewAction[] {
  const suspect = firstSuspect(explanation);
  const verdict = verdictActions(id, suspect);
  return verdict.length === 0 ? [] : [...verdict, ...otherCauseActions(id, [])];
}

function footerOf(explanation: { readonly explainer: string; readonly fallback: string | null }): string {
  const fallback = explanation.fallback === null ? "" : `; ${oneLine(explanation.fallback, 200)}`;
  return `written by ${explanation.explainer}${fallback}`;
}

function section(heading: string, items: readonly Text[]): ViewBlock[] {
  if (items.length === 0) return [];
  return [
    { kind: "heading", text: heading },
    { kind: "list", items, ordered: "bulleted" },
  ];
}

function claims(list: readonly Claim[]): readonly Text[] {
  return list.map((claim) => {
    const cited = claim.evidence.map((number) => `[${number}]`).join(" ");
    return [plain(`${oneLine(claim.text, 500)} `), code(cited)];
  });
}

function evidenceLine(evidence: Evidence): Text {
  const when: Text = evidence.at === null ? [] : [plain(" · "), moment(evidence.at)];
  return [code(`[${evidence.number}]`), plain(` ${evidence.kind}: ${oneLine(evidence.text, 300)}`), ...when];
}

/** Each cause with the terms its score is the sum of. */
function causeBlocks(ranked: readonly Cause[], modelOrder: readonly number[]): ViewBlock[] {
  if (ranked.length === 0) return [];
  const byModel = (rank: number) =>
    modelOrder.length === 0 ? "" : ` · ${ordinal(modelOrder.indexOf(rank) + 1)} by the model`;
  const blocks = ranked.slice(0, maxCauses).flatMap((cause, index): ViewBlock[] => [
    {
      kind: "text",
      text: [
        bold(causeName(cause)),
        plain(` · ${Math.round(cause.confidence * 100)} %${byModel(index + 1)}`),
      ],
    },
    { kind: "list", items: cause.terms.map(termLine), ordered: "bulleted" },
  ]);
  return [{ kind: "heading", text: "Suspected causes" }, ...blocks];
}

function causeName(cause: Cause): string {
  if (cause.changeId !== null) {
    const service = cause.service === null ? "" : ` on ${cause.service}`;
    return oneLine(`change ${cause.changeId}${service}`, 200);
  }
  return cause.service === null ? "no likely change" : oneLine(cause.service, 200);
}

function termLine(term: { readonly name: string; readonly score: number; readonly because: string }): Text {
  return [code(signed(term.score)), plain(` ${term.name}: ${oneLine(term.because, 300)}`)];
}

function placementLine(alert: StoredAlert): Text {
  const first = [...alert.reasons].sort((a, b) => Math.abs(b.score) - Math.abs(a.score))[0];
  const because = first === undefined ? "no reason was stored" : oneLine(first.because, 200);
  return [bold(alertName(alert)), plain(`: ${because}`)];
}

// ---------- an alert ----------

async function whyAlerts(text: string, context: CommandContext): Promise<CommandResult> {
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
  const others = found.slice(1);
  const fate = fateOf(first);
  const view = answerView(`${alertName(first)}: ${fate}.`, {
    title: `Why ${oneLine(alertName(first), 120)}`,
    tone: first.alert.severity,
    blocks: [
      { kind: "text", text: [bold(alertName(first)), plain(` · ${fate}.`)] },
      alertFields(first, context.now),
      ...section("What decided it", first.reasons.map(reasonLine)),
      ...section("Other alerts that go with it", others.map(otherLine)),
    ],
    actions: [
      { label: `Why incident ${first.incidentId}`, command: `why ${first.incidentId}`, style: "plain" },
    ],
  });
  return { kind: "answer", view, visibility: "private" };
}

function alertName({ alert }: StoredAlert): string {
  return oneLine(`${alert.name}${alert.service === null ? "" : ` on ${alert.service}`}`, 160);
}

/** What became of it, in one sentence without its full stop. */
function fateOf(stored: StoredAlert): string {
  const isAlone = stored.reasons.every((reason) => reason.score <= 0);
  const positive = stored.reasons.filter((reason) => reason.score > 0).map((reason) => reason.signal);
  const placed = isAlone
    ? `it opened incident ${stored.incidentId}`
    : `it joined incident ${stored.incidentId} by ${positive.join(", ")}`;
  const held = isFlapping(stored.flapping) ? `, is held open (${flappingText(stored.flapping)})` : "";
  const muted = stored.mutedBy === null ? "" : `, and is muted by ${oneLine(stored.mutedBy.because, 300)}`;
  return `${placed}${held}${muted}`;
}

function alertFields(stored: StoredAlert, now: Date): ViewBlock {
  const { alert } = stored;
  const state = alert.status === "firing" ? "firing" : "resolved";
  const end = alert.endsAt ?? now;
  const fields: { label: string; value: Text }[] = [
    { label: "State", value: [plain(`${state}, ${alert.severity}`)] },
    { label: "Since", value: [moment(alert.startsAt)] },
    { label: "For", value: [plain(duration(end.getTime() - alert.startsAt.getTime()))] },
    { label: "Heard", value: [plain(`${stored.seenCount} times, last `), moment(stored.seenAt)] },
    { label: "Source", value: [plain(alert.source)] },
    { label: "Incident", value: [plain(String(stored.incidentId))] },
    { label: "Key", value: [code(stored.key.slice(0, 16))] },
  ];
  return { kind: "fields", fields };
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

function signed(score: number): string {
  return `${score >= 0 ? "+" : "−"}${Math.abs(score).toFixed(1)}`;
}
