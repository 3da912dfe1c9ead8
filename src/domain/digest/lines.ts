/** The lines that digests and hand-overs are made of. */
import type { DigestFacts } from "../digest.ts";
import { bold, code, duration, moment, oneLine, plain, type Text, type ViewBlock } from "../view.ts";
import { isWell, type ModelHealth } from "./model-health.ts";

type OpenLine = NonNullable<DigestFacts["open"]>[number];
type NameOf = (person: string) => string;

/** Lines of a list; what is beyond is counted. */
const maxListed = 8;
const maxTitle = 120;

export function incidentLine({ id, title, severity }: DigestFacts["opened"][number]): Text {
  return [bold(`#${id} `), plain(`${severity}: ${oneLine(title, maxTitle)}`)];
}

/** What is open, for how long, and who has it. */
export function openLine({ id, title, severity, since, who }: OpenLine, to: Date, nameOf: NameOf): Text {
  const age = duration(to.getTime() - Date.parse(since));
  const has = who === null ? "nobody has it" : `with ${oneLine(nameOf(who), 60)}`;
  return [bold(`#${id} `), plain(`${severity}: ${oneLine(title, maxTitle)}, for ${age}, ${has}`)];
}

/** What waits for people: approvals, reviews of broken freezes, silences that end. */
export function waitingBlocks(facts: DigestFacts, nameOf: NameOf): readonly ViewBlock[] {
  const { pendingApprovals, reviews = [], silencesEnding = [] } = facts;
  return [
    ...listBlock(
      "Waiting for approval",
      pendingApprovals.map(({ id, title, requestedBy }) => [
        bold(`#${id} `),
        plain(`${oneLine(title, maxTitle)}, asked for by ${oneLine(nameOf(requestedBy), 60)}: `),
        code(`/approve ${id}`),
      ]),
    ),
    ...listBlock(
      "Broke a freeze or a gate, to be reviewed",
      reviews.map(({ id, title, openedBy, reason }) => [
        bold(`#${id} `),
        plain(
          `${oneLine(title, maxTitle)}, by ${oneLine(nameOf(openedBy), 60)}: ${oneLine(reason, maxTitle)} `,
        ),
        code(`/review ${id}`),
      ]),
    ),
    ...listBlock(
      "Silences about to end",
      silencesEnding.map(({ id, reason, createdBy, endsAt }) => [
        bold(`${id} `),
        plain(`by ${oneLine(nameOf(createdBy), 60)}: ${oneLine(reason, maxTitle)}, ends `),
        moment(new Date(endsAt)),
      ]),
    ),
  ];
}

/** Rollouts with what became of them: the state, or the verdict of the bake. */
export function rolloutBlock({ rollouts }: DigestFacts): readonly ViewBlock[] {
  return listBlock(
    "Rollouts",
    rollouts.map(({ id, title, state }) => [bold(`#${id} `), plain(`${oneLine(title, maxTitle)}, ${state}`)]),
  );
}

/** Models that need a look, one line each; the others are counted. */
export function modelBlock({ models = [] }: DigestFacts): readonly ViewBlock[] {
  const troubled = models.filter((model) => !isWell(model));
  const others = models.length - troubled.length;
  if (troubled.length === 0) return [];
  const rest: Text[] =
    others === 0 ? [] : [[plain(`${count(others, "other")} without an alert: `), code("/models")]];
  return listBlock("Models to look at", [...troubled.map(modelLine), ...rest]);
}

function modelLine({
  model,
  environment,
  version,
  bake,
  isDoubtful,
  alertCount,
  alertNames,
}: ModelHealth): Text {
  const serves = version === null ? "nothing serves" : `version ${oneLine(version, 60)}`;
  const names = alertNames.map((name) => oneLine(name, 60)).join(", ");
  const more = alertCount > alertNames.length ? ", …" : "";
  return [
    bold(`${oneLine(model, 60)} `),
    plain(`in ${oneLine(environment, 40)}: ${serves}`),
    plain(isDoubtful && bake !== null ? `, ${bake}` : ""),
    plain(alertCount === 0 ? "" : `, ${count(alertCount, "alert")} firing: ${names}${more}`),
  ];
}

export function listBlock(heading: string, lines: readonly Text[]): readonly ViewBlock[] {
  if (lines.length === 0) return [];
  const more = lines.length - maxListed;
  const items = [...lines.slice(0, maxListed), ...(more > 0 ? [[plain(`and ${more} more`)]] : [])];
  return [
    { kind: "heading", text: heading },
    { kind: "list", ordered: "bulleted", items },
  ];
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
