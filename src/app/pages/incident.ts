/** The page of one incident: its card, where it is, why, and all that happened. */

import { entityOf } from "../../domain/alert/entity.ts";
import type { TrackedAlert } from "../../domain/alert/tracked.ts";
import type { Cause } from "../../domain/clustering/correlation.ts";
import { alertKeysOf, departedFacts } from "../../domain/explanation/departed.ts";
import {
  answerName,
  candidateName,
  type FirstAnswer,
  storedAnswer,
} from "../../domain/explanation/first-answer.ts";
import { withMoments } from "../../domain/explanation/moments.ts";
import type { Evidence, Explanation } from "../../domain/explanation.ts";
import { rolloutsNamed } from "../../domain/incident/postmortem.ts";
import { incidentView } from "../../domain/incident/view.ts";
import type { Incident } from "../../domain/incident.ts";
import { standingVerdicts, suspectName } from "../../domain/learning/feedback.ts";
import { planTitle } from "../../domain/rollout/plan.ts";
import type { Rollout } from "../../domain/rollout.ts";
import { drawTopology } from "../../domain/topology/drawing.ts";
import {
  type Cell,
  cell,
  type PageBlock,
  toIncident,
  toModel,
  toPage,
  toRollout,
} from "../../domain/view/page.ts";
import { bold, code, link, moment, oneLine, plain, type Text } from "../../domain/view.ts";
import { type MakePage, missing, type PageContext, shown } from "./context.ts";

/** What is read and shown at most of one incident. */
const maxAlerts = 500;
const maxEntries = 1_000;
const maxSaid = 500;
const maxRollouts = 50;
const maxCauses = 8;
const maxReasons = 4;

export const incidentPage: MakePage = async (context, id) => {
  const facts = await factsOf(Number(id), context);
  if (facts === null)
    return missing(`There is no incident ${oneLine(id, 20)}.`, "Look for it among all incidents.");
  const { incident, alerts, explanation } = facts;
  const suspects = suspectsOf(explanation);
  return shown({
    title: facts.card.title,
    lead: "",
    filters: [],
    blocks: [
      { kind: "view", view: facts.card, subject: { kind: "incident", id: incident.id } },
      {
        kind: "note",
        text: [toPage("Report", `/incidents/${incident.id}/report`), plain(" of what happened.")],
      },
      ...mapOf(alerts, suspects, facts.topology),
      heading("Causes considered"),
      causesOf(explanation, facts.evidence),
      heading("Timeline"),
      timelineOf(facts, context),
      heading("Alerts"),
      alertsOf(alerts, incident.alertCount),
      heading("Evidence"),
      evidenceOf(facts),
      ...rolloutsOf(facts.rollouts, context),
      ...(await similarOf(incident.id, context)),
    ],
    next: null,
  });
};

async function factsOf(id: number, { store, models, nameOf }: PageContext) {
  const { incidents, explanations, feedback, rollouts } = store;
  const incident = await incidents.find(id);
  if (incident === null) return null;
  const [alerts, entries, evidence, explanation, said, children, topology] = await Promise.all([
    incidents.alerts(id, maxAlerts),
    incidents.timeline(id, maxEntries + 1),
    explanations.evidence(id),
    explanations.find(id),
    feedback.ofIncidents([id], maxSaid),
    incidents.children([id]),
    incidents.topology(),
  ]);
  const departed = departedFacts(evidence, await incidents.findAlerts(alertKeysOf(evidence)), id);
  const timeline = entries.slice(-maxEntries);
  const named = rolloutsNamed(timeline, evidence).slice(-maxRollouts);
  const found = await Promise.all(named.map((number) => rollouts.find(number)));
  const verdicts = standingVerdicts(said);
  const ids = children.map((child) => child.id);
  return {
    ...{ incident, alerts, evidence, departed, explanation, topology, timeline },
    isTimelineCut: entries.length > maxEntries,
    rollouts: found.filter((rollout) => rollout !== null),
    card: incidentView({
      ...{ incident, alerts, explanation, verdicts, children: ids, models, nameOf },
      alertList: "elsewhere",
    }),
  };
}

function heading(text: string): PageBlock {
  return { kind: "heading", text };
}

/** Services that are blamed, best first, each once. */
function suspectsOf(explanation: Explanation | null): readonly string[] {
  if (storedAnswer(explanation)?.kind === "not_enough") return [];
  const services = (explanation?.ranked ?? []).flatMap(({ service }) => (service === null ? [] : [service]));
  return [...new Set(services)].slice(0, 3);
}

function mapOf(
  alerts: readonly TrackedAlert[],
  suspects: readonly string[],
  topology: Parameters<typeof drawTopology>[0]["topology"],
): readonly PageBlock[] {
  const affected = new Map<string, number>();
  for (const { alert } of alerts) {
    const service = entityOf(alert);
    if (service !== null) affected.set(service, (affected.get(service) ?? 0) + 1);
  }
  const drawing = drawTopology({ topology, affected, suspects });
  return drawing === null ? [] : [heading("Where it is"), { kind: "drawing", drawing }];
}

function causesOf(explanation: Explanation | null, evidence: readonly Evidence[]): PageBlock {
  const changes = new Map(
    evidence.filter(({ kind }) => kind === "change").map(({ subject, text }) => [subject, text]),
  );
  const answer = storedAnswer(explanation);
  return {
    kind: "records",
    label: `Causes, best first${answer?.kind === "not_enough" && answer.only !== null ? `: ${answerName(answer)}` : ""}`,
    columns: ["rank", "cause", "confidence", "because"],
    rows: (explanation?.ranked ?? [])
      .slice(0, maxCauses)
      .map((cause, index): readonly Cell[] => [
        cell(String(index + 1)),
        { text: causeText(cause, answer, changes) },
        { ...cell(`${Math.round(100 * cause.confidence)} %`), share: cause.confidence },
        { text: reasonsOf(cause) },
      ]),
    bare: ["rank", "cause"],
    empty: "None was looked for yet.",
  };
}

/** The terms that weighed most, a line each. */
function reasonsOf({ terms }: Cause): Text {
  return [...terms]
    .sort((a, b) => Math.abs(b.score) - Math.abs(a.score))
    .slice(0, maxReasons)
    .map(({ because }, index) => plain(`${index === 0 ? "" : "\n"}${oneLine(because, 200)}`));
}

function causeText(cause: Cause, answer: FirstAnswer | null, changes: ReadonlyMap<string, string>): Text {
  const { service, changeId } = cause;
  if (changeId === null) {
    const [name, rest] = [oneLine(service ?? "", 80), candidateName(cause, answer, () => "")];
    return service === null ? [plain(rest)] : [bold(name), plain(rest)];
  }
  const on = service === null ? [] : [plain(" on "), bold(oneLine(service, 80))];
  const rollout = Number(/^rollout:(\d{1,9}):/.exec(changeId)?.[1] ?? Number.NaN);
  if (Number.isSafeInteger(rollout)) return [toRollout(rollout, `rollout ${rollout}`), ...on];
  return [plain(oneLine(changes.get(changeId) ?? suspectName({ service: null, changeId }), 240)), ...on];
}

function timelineOf(
  facts: NonNullable<Awaited<ReturnType<typeof factsOf>>>,
  { nameOf }: PageContext,
): PageBlock {
  return {
    kind: "events",
    label: facts.isTimelineCut ? `The newest ${maxEntries} events` : "Events, oldest first",
    events: facts.timeline.map((entry) => ({
      at: entry.at,
      what: entry.kind.replaceAll("_", " "),
      by: oneLine(nameOf(entry.actor), 60),
      text: withMoments(oneLine(entry.text, 1_000), facts.incident),
    })),
    empty: "Nothing has happened yet.",
  };
}

function alertsOf(alerts: readonly TrackedAlert[], count: number): PageBlock {
  return {
    kind: "records",
    label: count > alerts.length ? `The first ${alerts.length} of ${count} alerts` : "Alerts, earliest first",
    columns: ["state", "alert", "service", "summary", "from", "until"],
    rows: alerts.map(({ alert, endedBy, mutedBy }): readonly Cell[] => [
      endedBy === null
        ? cell(`${alert.severity}${mutedBy === null ? "" : ", muted"}`, alert.severity)
        : cell("ended", "neutral"),
      cell(link(oneLine(alert.name, 120), alert.url)),
      cell(oneLine(alert.service ?? "", 80)),
      cell(oneLine(alert.summary === alert.name ? "" : alert.summary, 300)),
      cell(moment(alert.startsAt)),
      cell(endedBy === null || alert.endsAt === null ? plain("") : moment(alert.endsAt)),
    ]),
    bare: ["state", "alert", "summary"],
    empty: "Its alerts went elsewhere.",
  };
}

function evidenceOf({
  evidence,
  departed,
  incident,
}: {
  readonly evidence: readonly Evidence[];
  /** By number, the incident where the alert of a fact is now. */
  readonly departed: ReadonlyMap<number, number>;
  readonly incident: Incident;
}): PageBlock {
  return {
    kind: "records",
    label: "Evidence, by number",
    columns: ["number", "kind", "what", "when"],
    rows: evidence.map(({ number, kind, text, at, subject }): readonly Cell[] => [
      cell(code(`[${number}]`)),
      cell(kind),
      {
        text: [
          ...withMoments(oneLine(text, 400), incident),
          ...pageOf(kind, subject),
          ...goneTo(departed.get(number)),
        ],
      },
      cell(at === null ? plain("") : moment(at)),
    ]),
    bare: ["number", "kind", "what"],
    empty: "None was gathered yet.",
  };
}

function goneTo(incident: number | undefined): Text {
  return incident === undefined ? [] : [plain(" · now in "), toIncident(incident)];
}

/** A way to what a piece of evidence is about, where that has a page. */
function pageOf(kind: Evidence["kind"], subject: string): Text {
  const id = Number(subject);
  if (!Number.isSafeInteger(id)) return [];
  if (kind === "incident") return [plain(" "), toIncident(id)];
  return kind === "rollout" ? [plain(" "), toRollout(id, `rollout ${id}`)] : [];
}

function rolloutsOf(rollouts: readonly Rollout[], { nameOf }: PageContext): readonly PageBlock[] {
  if (rollouts.length === 0) return [];
  const rows = [...rollouts]
    .sort((a, b) => a.id - b.id)
    .map((rollout): readonly Cell[] => [
      cell(toRollout(rollout.id)),
      cell(toModel(rollout.plan.model)),
      cell(oneLine(planTitle(rollout.plan), 160)),
      cell(rollout.state),
      cell(oneLine(nameOf(rollout.requestedBy), 60)),
      cell(moment(rollout.requestedAt)),
    ]);
  return [
    heading("Rollouts"),
    {
      kind: "records",
      label: "Rollouts of this incident",
      columns: ["rollout", "model", "what", "state", "asked by", "asked"],
      rows,
      empty: "None.",
    },
  ];
}

async function similarOf(id: number, { look }: PageContext): Promise<readonly PageBlock[]> {
  const found = await look("similar", String(id));
  if (found.kind !== "shown") return [];
  return [
    heading("Similar incidents"),
    { kind: "view", view: { ...found.view, title: "", actions: [] }, subject: null },
  ];
}
