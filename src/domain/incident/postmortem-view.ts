import { answerView } from "../command/answer.ts";
import { answerName, storedAnswer } from "../explanation/first-answer.ts";
import { firstSuspect } from "../learning/feedback.ts";
import { duration, moment, oneLine, plain, type Text, type View } from "../view.ts";
import type { EntryChart } from "./entry-view.ts";
import { type PostmortemFacts, resolutionOf, timesOf } from "./postmortem.ts";
import { postmortemMarkdown } from "./postmortem-text.ts";
import { stateWord } from "./view.ts";

/**
 * The postmortem in short, with the whole of it as a file.
 * @param picture - when its alerts fired, by service; null when there is none to show.
 */
export function postmortemView(facts: PostmortemFacts, picture: EntryChart | null): View {
  const { incident, explanation, nameOf } = facts;
  const { toAcknowledgeMs, acknowledgedBy, toResolveMs } = timesOf(facts);
  const title = `Report of incident ${incident.id}: ${oneLine(incident.title, 120)}`;
  const by = acknowledgedBy === null ? "" : `, by ${oneLine(nameOf(acknowledgedBy), 60)}`;
  const acknowledged = toAcknowledgeMs === null ? "nobody did" : `${duration(toAcknowledgeMs)}${by}`;
  const resolved = toResolveMs === null ? "not yet" : duration(toResolveMs);
  const resolution = oneLine(resolutionOf(facts).join(" "), 600);
  const fields: { label: string; value: Text }[] = [
    { label: "State", value: [plain(`${stateWord(incident)}, ${incident.severity}`)] },
    { label: "Since", value: [moment(incident.startedAt)] },
    { label: "Time to acknowledge", value: [plain(acknowledged)] },
    { label: "Time to resolve", value: [plain(resolved)] },
    { label: "Probable cause", value: [plain(causeText(explanation))] },
    { label: "What resolved it", value: [plain(resolution)] },
  ];
  return answerView(
    `${title}. Time to acknowledge: ${acknowledged}. Time to resolve: ${resolved}. ${resolution}`,
    {
      title,
      tone: incident.state === "resolved" ? "good" : incident.severity,
      blocks: [
        { kind: "fields", fields },
        ...(picture === null ? [] : [{ kind: "image", ...picture } as const]),
        {
          kind: "file",
          filename: `incident-${incident.id}.md`,
          label: "Report",
          text: postmortemMarkdown(facts),
        },
      ],
      actions: [{ label: "Why", command: `why ${incident.id}`, style: "plain" }],
    },
  );
}

function causeText(explanation: PostmortemFacts["explanation"]): string {
  const [answer, first] = [storedAnswer(explanation), firstSuspect(explanation)];
  if (answer === null || first === undefined) return "not explained";
  const isOnly = answer.kind === "not_enough" && answer.only !== null;
  const share = isOnly ? "" : `, ${Math.round(first.confidence * 100)} %`;
  return `${answerName(answer)}${share}`;
}
