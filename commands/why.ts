import { z } from "zod";
import type { Cause } from "../src/domain/clustering/correlation.ts";
import { tellingReason } from "../src/domain/clustering/telling-reason.ts";
import { signed } from "../src/domain/clustering/why-not.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { alertKeysOf, departedFacts } from "../src/domain/explanation/departed.ts";
import { partsOf } from "../src/domain/explanation/evidence.ts";
import { answerName, candidateName, storedAnswer } from "../src/domain/explanation/first-answer.ts";
import { withMoments } from "../src/domain/explanation/moments.ts";
import { ordinal } from "../src/domain/explanation/order.ts";
import { capital, changeOf } from "../src/domain/explanation/wording.ts";
import type { Claim, Evidence, Explanation } from "../src/domain/explanation.ts";
import type { Incident } from "../src/domain/incident.ts";
import { rolloutOf, suspectName } from "../src/domain/learning/feedback.ts";
import { otherCauseActions, verdictActions } from "../src/domain/learning/feedback-view.ts";
import { groupingActions } from "../src/domain/learning/grouping-choices.ts";
import {
  bold,
  code,
  moment,
  oneLine,
  plain,
  type Text,
  type ViewAction,
  type ViewBlock,
} from "../src/domain/view.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import type { StoredAlert } from "../src/ports/incident.ts";
import { findIncident, suggestIncidents } from "./_lookup.ts";
import { alertName, section, whyAlerts } from "./_why-alert.ts";

const maxAlerts = 20;
const maxCauses = 3;

export default defineCommand({
  kind: "read",
  name: "why",
  summary: "Explain an incident with its evidence, or what became of an alert and why",
  examples: ["why 12", "why HighErrorRate", "why checkout --not 14"],
  options: z.object({
    what: z
      .string()
      .min(1)
      .max(500)
      .describe("number of an incident; or an alert: its name, service, a label or its key"),
    not: z.number().int().positive().optional().describe("of an alert: why it is not in this incident"),
  }),
  args: ["what"],
  rest: "what",
  ofThread: "what",
  action: "read",
  suggest: { what: suggestIncidents, not: suggestIncidents },
  async run(options, context) {
    const id = /^(?:#|inc(?:ident)?[-# ])?(\d{1,9})$/i.exec(options.what.trim())?.[1];
    if (id === undefined) return await whyAlerts(options.what.trim(), options.not ?? null, context);
    if (options.not !== undefined) return notAnAlert(id);
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
  const placed = await incidents.findAlerts(alertKeysOf(evidence));
  const departed = departedFacts(evidence, placed, incident.id);
  const merged = asked === incident.id ? "" : `Incident ${asked} was merged into ${incident.id}. `;
  const summary =
    explanation?.summary.map((claim) => claim.text).join(" ") ?? "It has not been explained yet.";
  const view = answerView(`${merged}Incident ${incident.id}: ${incident.title}. ${summary}`, {
    title: `Why incident ${incident.id}: ${oneLine(incident.title, 100)}`,
    tone: incident.severity,
    blocks: [
      ...(merged === "" ? [] : [{ kind: "note" as const, text: [plain(merged.trim())] }]),
      ...section("What happened", claims(explanation?.summary ?? [], incident)),
      ...causeBlocks(explanation, evidence),
      ...section("What to do", claims(explanation?.actions ?? [], incident)),
      ...section(
        "Evidence",
        evidence.map((fact) => evidenceLine(fact, incident, departed.get(fact.number))),
      ),
      ...section("Why these alerts are together", alerts.map(placementLine)),
    ],
    actions: [...whyActions(incident.id, explanation), ...groupingActions(incident)],
    footer: explanation === null ? "not explained yet" : footerOf(explanation),
  });
  return { kind: "answer", view, visibility: "private" };
}

/** Whether the first suspect was it, and what else was. */
function whyActions(id: number, explanation: Explanation | null): readonly ViewAction[] {
  const answer = storedAnswer(explanation);
  if (answer?.kind === "not_enough") return answer.only === null ? [] : otherCauseActions(id, [answer.only]);
  const verdict = verdictActions(id, answer?.cause);
  return verdict.length === 0 ? [] : [...verdict, ...otherCauseActions(id, [])];
}

function footerOf(explanation: { readonly explainer: string; readonly fallback: string | null }): string {
  const fallback = explanation.fallback === null ? "" : `; ${oneLine(explanation.fallback, 200)}`;
  return `written by ${explanation.explainer}${fallback}`;
}

function claims(list: readonly Claim[], incident: Incident): readonly Text[] {
  return list.map((claim) => {
    const cited = claim.evidence.map((number) => `[${number}]`).join(" ");
    return [...withMoments(oneLine(claim.text, 500), incident), plain(" "), code(cited)];
  });
}

/** @param departedTo - the incident where its alert is now; undefined while it is here. */
function evidenceLine(evidence: Evidence, incident: Incident, departedTo: number | undefined): Text {
  const when: Text = evidence.at === null ? [] : [plain(" · "), moment(evidence.at)];
  const gone: Text = departedTo === undefined ? [] : [plain(` · in incident ${departedTo} now`)];
  const text = withMoments(` ${evidence.kind}: ${oneLine(evidence.text, 300)}`, incident);
  return [code(`[${evidence.number}]`), ...text, ...when, ...gone];
}

/** Each cause with the terms its score is the sum of. */
function causeBlocks(explanation: Explanation | null, evidence: readonly Evidence[]): ViewBlock[] {
  const ranked = explanation?.ranked ?? [];
  const modelOrder = explanation?.modelOrder ?? [];
  const answer = storedAnswer(explanation);
  if (answer === null) return [];
  const ranks = (rank: number) =>
    modelOrder.length === 0
      ? ""
      : ` · ${ordinal(rank)} by the ranking, ${ordinal(modelOrder.indexOf(rank) + 1)} by the model`;
  const blocks = shownRanks(ranked.length, modelOrder).flatMap((rank): ViewBlock[] => {
    const cause = ranked[rank - 1];
    if (cause === undefined) return [];
    const name = candidateName(cause, answer, (suspect) => suspectText(suspect, evidence));
    return [
      { kind: "text", text: [bold(name), plain(` · ${Math.round(cause.confidence * 100)} %${ranks(rank)}`)] },
      { kind: "list", items: cause.terms.map(termLine), ordered: "bulleted" },
    ];
  });
  if (answer.kind !== "not_enough" || answer.only === null)
    return [{ kind: "heading", text: "Suspected causes" }, ...blocks];
  const lead = { kind: "text", text: [plain(`${capital(answerName(answer))}.`)] } as const;
  return [{ kind: "heading", text: "Causes considered" }, lead, ...blocks];
}

/** Our first causes, and the one that a model puts first, wherever the ranking has it: the card speaks of it. */
function shownRanks(count: number, [first = 1]: readonly number[]): readonly number[] {
  const ours = Array.from({ length: Math.min(maxCauses, count) }, (_, index) => index + 1);
  return [...new Set([...ours, first])];
}

/**
 * "deploy of payments: payments 3.8.1", "rollout 7 of fraud-scorer: …, felt in checkout" or "payments", as evidence
 * calls them.
 */
function suspectText(cause: Cause, evidence: readonly Evidence[]): string {
  const { service, changeId } = cause;
  const change = changeOf(cause, evidence);
  if (change === undefined || changeId === null) return suspectName(cause);
  const rollout = rolloutOf(changeId);
  const name = rollout === null ? change.text : change.text.replace(/^rollout\b/, `rollout ${rollout}`);
  const felt = service === null || service === partsOf(change).service ? "" : `, felt in ${service}`;
  return oneLine(`${name}${felt}`, 300);
}

function termLine(term: { readonly name: string; readonly score: number; readonly because: string }): Text {
  return [code(signed(term.score)), plain(` ${term.name}: ${oneLine(term.because, 300)}`)];
}

function placementLine(alert: StoredAlert): Text {
  const first = tellingReason(alert.reasons, "for") ?? alert.reasons[0];
  const because = first === undefined ? "no reason was stored" : oneLine(first.because, 200);
  return [bold(alertName(alert)), plain(`: ${because}`)];
}

function notAnAlert(id: string): CommandResult {
  return {
    kind: "refuse",
    reason: "not_an_alert",
    problem: `${id} is an incident; --not asks about one alert.`,
    remedy: "Write the alert's name, service or the start of its key before --not.",
    suggestions: [`why ${id}`],
  };
}
