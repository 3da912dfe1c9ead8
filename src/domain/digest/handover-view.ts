/** The hand-over of a rota: what the next on call takes over, and nothing that only matters to a statistic. */
import type { DigestFacts } from "../digest.ts";
import { bold, type Mention, mention, moment, oneLine, plain, type Text, type View } from "../view.ts";
import {
  count,
  incidentLine,
  listBlock,
  modelBlock,
  openLine,
  rolloutBlock,
  waitingBlocks,
} from "./lines.ts";
import { isWell } from "./model-health.ts";

export interface HandoverQuestion {
  readonly facts: DigestFacts;
  readonly handover: NonNullable<DigestFacts["handover"]>;
  readonly nameOf: (person: string) => string;
  /** How whoever begins is called; null for nobody, and for one whom tocsin.yaml no longer names. */
  readonly call: Mention | null;
}

/** One line when nothing is open, waits or happened. */
export function handoverView(question: HandoverQuestion): View {
  const { facts, nameOf } = question;
  const { open = [], told = [] } = facts;
  const [from, to] = [new Date(facts.from), new Date(facts.to)];
  const title = `Hand-over, ${whoToWhom(question)}`;
  const called = callLine(question);
  if (isIdle(facts)) {
    const text = `${title}: nothing open, nothing waits, nothing happened since ${moment(from).text}.`;
    const blocks = called.length === 0 ? [] : [{ kind: "text", text: called } as const];
    return { kind: "digest", title: text, tone: "neutral", summary: text, blocks, actions: [] };
  }
  const openLines = open.flatMap((line) => {
    const note = facts.lastNotes?.find(({ id }) => id === line.id);
    const said: Text = note === undefined ? [] : [plain(`. Last note: ${oneLine(note.text, 160)}`)];
    return [[...openLine(line, to, nameOf), ...said]];
  });
  const summary =
    `${count(facts.stillOpen, "incident")} open, ${facts.opened.length} opened and ${facts.resolved.length} resolved ` +
    `in this turn, people told ${count(told.length, "time")}.`;
  return {
    kind: "digest",
    title,
    tone: "neutral",
    summary: `${title}: ${summary}`,
    blocks: [
      ...(called.length === 0 ? [] : [{ kind: "text", text: called } as const]),
      { kind: "text", text: [plain(summary)] },
      { kind: "note", text: [moment(from), plain(" to "), moment(to)] },
      ...listBlock("Open, oldest first", openLines),
      ...waitingBlocks(facts, nameOf),
      ...rolloutBlock(facts),
      ...modelBlock(facts),
      ...listBlock(
        "Told when nobody acknowledged",
        told.map(({ id, at, text }) => [
          bold(`#${id} `),
          moment(new Date(at)),
          plain(`: ${oneLine(text, 160)}`),
        ]),
      ),
      ...listBlock("Resolved in this turn", facts.resolved.map(incidentLine)),
    ],
    actions: [],
  };
}

function whoToWhom({ handover, nameOf }: HandoverQuestion): string {
  const { rota, from, to } = handover;
  const name = (person: string | null) => (person === null ? "nobody" : oneLine(nameOf(person), 60));
  return from === to ? `${rota} stays with ${name(to)}` : `${rota}: from ${name(from)} to ${name(to)}`;
}

/** Calls whoever begins, so that it is not only written somewhere. */
function callLine({ handover, nameOf, call }: HandoverQuestion): Text {
  const { from, to, rota } = handover;
  if (to === null || to === from) return [];
  const who = call === null ? plain(oneLine(nameOf(to), 60)) : mention(nameOf(to), call);
  return [who, plain(` is on call for ${rota} now.`)];
}

function isIdle({
  opened,
  resolved,
  rollouts,
  pendingApprovals,
  reviews = [],
  models = [],
  ...facts
}: DigestFacts) {
  const lists = [
    opened,
    resolved,
    rollouts,
    pendingApprovals,
    reviews,
    facts.told ?? [],
    facts.silencesEnding ?? [],
  ];
  return facts.stillOpen === 0 && lists.every((list) => list.length === 0) && models.every(isWell);
}
