import { storedAnswer } from "../explanation/first-answer.ts";
import type { Explanation } from "../explanation.ts";
import type { Incident } from "../incident.ts";
import { verdictActions } from "../learning/feedback-view.ts";
import { retrainActions, standingReports } from "../monitoring/report-view.ts";
import { oneLine, type ViewAction } from "../view.ts";
import type { IncidentCard } from "./card.ts";

/** More buttons than this break into a second row on Discord. */
const maxButtons = 5;
/** Longest command line that a button can carry on every platform. */
const maxCommand = 100;

/** The buttons of an incident's card: what to do first, then what to say of its cause where there is room. */
export function cardActions({
  incident,
  explanation,
  alerts,
  models = [],
  nameOf,
}: Pick<IncidentCard, "incident" | "explanation" | "alerts" | "models" | "nameOf">): readonly ViewAction[] {
  const why: ViewAction = { label: "Why", command: `why ${incident.id}`, style: "plain" };
  if (incident.mergedInto !== null) {
    return [{ ...why, label: `Why #${incident.mergedInto}`, command: `why ${incident.mergedInto}` }];
  }
  const verdict = verdictActions(incident.id, suspectShown(explanation));
  const reopen: ViewAction = {
    label: "Reopen",
    command: `reopen ${incident.id}`,
    style: "plain",
    confirm: `Open incident ${incident.id} again? It is announced in its thread.`,
  };
  if (incident.state === "resolved") return [why, reopen, ...verdict];
  const acknowledge: ViewAction = { label: "Acknowledge", command: `ack ${incident.id}`, style: "primary" };
  const resolve: ViewAction = {
    label: "Resolve…",
    command: `resolve ${incident.id}`,
    style: "plain",
    isForm: true,
  };
  const { assignedTo } = incident;
  const actions = [
    ...(incident.state === "open" ? [acknowledge] : []),
    ...(assignedTo === null ? [take(incident.id)] : []),
    resolve,
    why,
    ...(assignedTo === null ? [] : [takeOver(incident.id, assignedTo, nameOf(assignedTo))]),
    ...suggestedActions(incident, explanation),
    ...retrainActions(incident.id, standingReports(alerts), models),
  ];
  // What to do comes first; what was said of the cause can be said of the answer to Why and in the thread as well.
  return actions.length + verdict.length <= maxButtons ? [...actions, ...verdict] : actions;
}

/** Nothing is asked of a cause that the card does not name. */
function suspectShown(explanation: Explanation | null) {
  const answer = storedAnswer(explanation);
  return answer === null || answer.kind === "not_enough" ? undefined : answer.cause;
}

/** Says whom its card showed, so that a click on an old card takes it from nobody. */
function take(id: number): ViewAction {
  return { label: "Take", command: `assign ${id} --from nobody`, style: "plain" };
}

function takeOver(id: number, from: string, name: string): ViewAction {
  const line = `assign ${id} --from ${from}`;
  return {
    label: "Take over",
    command: line.length > maxCommand ? `assign ${id}` : line,
    style: "plain",
    confirm: `${oneLine(name, 80)} has incident ${id}. Take it over? The thread will say so.`,
  };
}

/** What the explanation offers to do, as buttons: only command lines of our own making. */
function suggestedActions(incident: Incident, explanation: Explanation | null): ViewAction[] {
  return (explanation?.actions ?? [])
    .flatMap(({ text, command }): ViewAction[] => {
      if (command === undefined) return [];
      const full = command.startsWith("rollback ") ? `${command} --incident ${incident.id}` : command;
      if (full.length > maxCommand) return [];
      const [verb, subject = ""] = command.split(" ");
      const label = verb === "rollback" ? `Roll back ${subject}` : oneLine(command, 40);
      const confirm = `${oneLine(text, 200)} This asks for it: the plan and its approvals come first.`;
      return [{ label, command: full, style: "danger", confirm }];
    })
    .slice(0, 2);
}
