/** What waits for one person: the home of the console and of Slack, and the answer of /home everywhere. */

import type { Severity } from "../alert.ts";
import { answerView } from "../command/answer.ts";
import { stateWord } from "../incident/view.ts";
import type { Incident } from "../incident.ts";
import { voiceActions } from "../rollout/actions.ts";
import { planTitle } from "../rollout/plan.ts";
import type { Rollout } from "../rollout.ts";
import {
  bold,
  moment,
  oneLine,
  plain,
  type Text,
  type View,
  type ViewAction,
  type ViewBlock,
} from "../view.ts";
import { toIncident, toRollout } from "./page.ts";

/** How a team stands, as far as a home shows it. */
export interface HomeTeam {
  readonly team: string;
  readonly open: number;
  readonly untaken: number;
  readonly worst: Severity | null;
}

export interface HomeFacts {
  /** Rollouts that wait for this person's word, oldest first. */
  readonly approvals: readonly Rollout[];
  /** Unresolved ones that they have, worst first. */
  readonly incidents: readonly Incident[];
  /** Their teams, the worst first; every team while tocsin.yaml names none of theirs. */
  readonly teams: readonly HomeTeam[];
  readonly areTeamsTheirs: boolean;
  /** Newest first. */
  readonly rollouts: readonly Rollout[];
  readonly nameOf: (person: string) => string;
  /** Of a model; an unknown one counts as high. */
  readonly riskOf: (model: string) => "low" | "high";
}

const maxLines = 8;
/** Rollouts and incidents that get buttons: a home is no form. */
const maxButtoned = 3;
const maxTitle = 140;

export function homeView(facts: HomeFacts): View {
  const { approvals, incidents, teams, rollouts } = facts;
  return answerView(summaryOf(facts), {
    title: "Home",
    blocks: [
      ...section(
        "Waiting for your approval",
        approvals.map((rollout) => approvalLine(rollout, facts)),
        "Nothing.",
      ),
      ...section("Your incidents", incidents.map(incidentLine), "None."),
      ...section(
        facts.areTeamsTheirs ? "Your teams" : "Teams",
        teams.map(teamLine),
        "No incident is open, and none was opened this week.",
      ),
      ...section(
        "Recent rollouts",
        rollouts.map((rollout) => rolloutLine(rollout, facts)),
        "None yet.",
      ),
    ],
    actions: actionsOf(facts),
  });
}

function section(title: string, items: readonly Text[], none: string): readonly ViewBlock[] {
  const more = items.length - maxLines;
  return [
    { kind: "heading", text: title },
    items.length === 0
      ? { kind: "text", text: [plain(none)] }
      : { kind: "list", ordered: "bulleted", items: items.slice(0, maxLines) },
    ...(more > 0 ? [{ kind: "note" as const, text: [plain(`and ${more} more`)] }] : []),
  ];
}

function approvalLine(rollout: Rollout, { nameOf }: HomeFacts): Text {
  const until = rollout.expiresAt === null ? [] : [plain(", until "), moment(rollout.expiresAt)];
  return [
    toRollout(rollout.id, `Rollout ${rollout.id}`),
    plain(
      `: ${oneLine(planTitle(rollout.plan), maxTitle)}, asked for by ${oneLine(nameOf(rollout.requestedBy), 60)}`,
    ),
    ...until,
  ];
}

function incidentLine(incident: Incident): Text {
  return [
    toIncident(incident.id),
    plain(" "),
    bold(incident.severity),
    plain(` ${oneLine(incident.title, maxTitle)}, ${stateWord(incident)} since `),
    moment(incident.startedAt),
  ];
}

function teamLine({ team, open, untaken, worst }: HomeTeam): Text {
  if (open === 0) return [bold(oneLine(team, 80)), plain(": nothing open")];
  const taken = untaken === 0 ? "all acknowledged" : `${untaken} not acknowledged`;
  return [bold(oneLine(team, 80)), plain(`: ${open} open, ${taken}, worst ${worst ?? "unknown"}`)];
}

function rolloutLine(rollout: Rollout, { nameOf }: HomeFacts): Text {
  return [
    toRollout(rollout.id, `Rollout ${rollout.id}`),
    plain(
      `: ${oneLine(planTitle(rollout.plan), maxTitle)}, ${rollout.state}, by ${oneLine(nameOf(rollout.requestedBy), 60)}, `,
    ),
    moment(rollout.requestedAt),
  ];
}

function summaryOf({ approvals, incidents, teams }: HomeFacts): string {
  const waiting =
    approvals.length === 0
      ? "Nothing waits for your approval"
      : `${count(approvals.length, "rollout")} ${approvals.length === 1 ? "waits" : "wait"} for your approval`;
  const mine =
    incidents.length === 0 ? "you have no incident" : `you have ${count(incidents.length, "incident")}`;
  const open = teams.reduce((sum, team) => sum + team.open, 0);
  const troubled = teams.filter((team) => team.open > 0);
  const health =
    open === 0
      ? "no team has one open"
      : `${count(troubled.length, "team")} ${troubled.length === 1 ? "has" : "have"} incidents open`;
  return `${waiting}; ${mine}; ${health}.`;
}

function actionsOf({ approvals, incidents, riskOf }: HomeFacts): readonly ViewAction[] {
  const voices = approvals.slice(0, maxButtoned).flatMap((rollout) =>
    voiceActions(rollout, riskOf(rollout.plan.model)).map((action) => ({
      ...action,
      label: `${action.label} rollout ${rollout.id}`,
    })),
  );
  const takes = incidents
    .filter(({ state }) => state === "open")
    .slice(0, maxButtoned)
    .map(({ id }): ViewAction => ({ label: `Acknowledge #${id}`, command: `ack ${id}`, style: "plain" }));
  return [...voices, ...takes];
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
