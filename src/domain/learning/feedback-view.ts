/** How a card shows what people say of its cause, and how it asks them. */
import type { Cause } from "../clustering/correlation.ts";
import { oneLine, plain, shortenMiddle, type Text, type ViewAction } from "../view.ts";
import { blames, type Suspect, suspectMark, suspectName, type Verdict } from "./feedback.ts";

const maxShown = 3;
const maxName = 32;

/** "Right cause" and "Wrong cause" for one suspect; nothing when none is blamed. */
export function verdictActions(
  incidentId: number,
  suspect: Pick<Suspect, "service" | "changeId"> | undefined,
): readonly ViewAction[] {
  if (suspect === undefined || !blames(suspect)) return [];
  const mark = suspectMark(suspect);
  return [
    { label: "Right cause", command: `cause ${incidentId} right --suspect ${mark}`, style: "plain" },
    { label: "Wrong cause", command: `cause ${incidentId} wrong --suspect ${mark}`, style: "plain" },
  ];
}

/** "It was payments" for each of some suspects, and the question what else it was. */
export function otherCauseActions(incidentId: number, suspects: readonly Cause[]): readonly ViewAction[] {
  return [
    ...suspects
      .filter(blames)
      .slice(0, maxShown)
      .map(
        (suspect): ViewAction => ({
          label: `It was ${shortenMiddle(suspectName(suspect), maxName)}`,
          command: `cause ${incidentId} right --suspect ${suspectMark(suspect)}`,
          style: "plain",
        }),
      ),
    { label: "No change", command: `cause ${incidentId} none`, style: "plain" },
    { label: "Other cause…", command: `cause ${incidentId}`, style: "plain", isForm: true },
  ];
}

/** Fields of a card: what was the cause and what was not, by whom; nothing while nobody has said. */
export function verdictFields(
  verdicts: readonly Verdict[],
  nameOf: (person: string) => string,
): readonly { readonly label: string; readonly value: Text }[] {
  return [
    { label: "Cause", said: verdicts.filter(({ isRight }) => isRight) },
    { label: "Not the cause", said: verdicts.filter(({ isRight }) => !isRight) },
  ].flatMap(({ label, said }) => (said.length === 0 ? [] : [{ label, value: whoSaid(said, nameOf) }]));
}

/** "checkout, says on-call and lead; db, says ml". */
function whoSaid(verdicts: readonly Verdict[], nameOf: (person: string) => string): Text {
  const people = new Map<string, string[]>();
  for (const verdict of verdicts) {
    const name = suspectName(verdict);
    people.set(name, [...(people.get(name) ?? []), oneLine(nameOf(verdict.person), 60)]);
  }
  const parts = [...people].slice(0, maxShown).map(([name, by]) => {
    const others = by.length - maxShown;
    const named = by.slice(0, maxShown).join(" and ");
    return `${name}, ${by.length === 1 ? "says" : "say"} ${named}${others > 0 ? ` and ${others} more` : ""}`;
  });
  const more = people.size - parts.length;
  return [plain(`${parts.join("; ")}${more > 0 ? `; and ${more} more` : ""}`)];
}
