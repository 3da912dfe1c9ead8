import { z } from "zod";
import type { Cause } from "../src/domain/clustering/correlation.ts";
import { answerView } from "../src/domain/command/answer.ts";
import type { Explanation } from "../src/domain/explanation.ts";
import type { Incident } from "../src/domain/incident.ts";
import {
  blames,
  firstSuspect,
  type Suspect,
  standingVerdicts,
  subjectOf,
  suspectMark,
  suspectName,
  type Verdict,
} from "../src/domain/learning/feedback.ts";
import { otherCauseActions, verdictActions, verdictFields } from "../src/domain/learning/feedback-view.ts";
import { plain, shortenMiddle, type View, type ViewAction, type ViewBlock } from "../src/domain/view.ts";
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  type Refusal,
} from "../src/ports/command.ts";
import {
  causeEffect,
  causeWritten,
  changesAround,
  checkSuspect,
  suggestCauses,
  suspectOfChange,
} from "./_causes.ts";
import { findIncident, incidentResource, nameOf, suggestIncidents } from "./_lookup.ts";

/** Rows of one incident that are looked through for what stands. */
const maxSaid = 500;

export default defineCommand({
  kind: "operate",
  name: "cause",
  summary: "Say what the cause of an incident was, or was not; the bot learns from it",
  examples: [
    "cause 12 right",
    "cause 12 wrong",
    "cause 12 service:checkout",
    "cause 12 change:deploy-41",
    "cause 12 none",
  ],
  options: z.object({
    incident: z.number().int().positive().describe("number of the incident"),
    what: z
      .string()
      .max(300)
      .default("")
      .describe(
        "right or wrong, about the first suspect; or service:NAME, change:ID, none: what it really was",
      ),
    rank: z.number().int().min(1).max(5).default(1).describe("which suspect is right or wrong, 1 the first"),
    suspect: z
      .string()
      .regex(/^[0-9a-f]{8}$/, "a mark has eight of 0-9 and a-f")
      .optional()
      .describe("mark of the suspect that is right or wrong; buttons know it"),
    asWritten: z.boolean().default(false).describe("take the name of a service that the bot does not know"),
  }),
  args: ["incident", "what"],
  rest: "what",
  action: "annotate",
  resource: (options, context) => incidentResource(options.incident, context),
  form: { fields: ["incident", "what"], asks: ["what"], open: ["what"] },
  suggest: { incident: suggestIncidents, what: suggestCauses },
  async run(options, context) {
    const incident = await findIncident(options.incident, context, "change");
    if ("kind" in incident) return incident;
    if (incident.id !== options.incident) return wentElsewhere(options.incident, incident);
    const explanation = await context.store.explanations.find(incident.id);
    const verdicts = standingVerdicts(await context.store.feedback.ofIncidents([incident.id], maxSaid));
    const what = options.what.trim();
    if (what === "") return ask(incident, explanation, verdicts, context);
    const word = what.toLowerCase();
    const isVerdict = word === "right" || word === "wrong";
    const suspect = isVerdict
      ? await suspectOf(incident, explanation, options, context)
      : await suspectNamed(what, incident, options.asWritten, context);
    if ("kind" in suspect) return suspect;
    return await judge({ incident, explanation, verdicts, suspect, isRight: word !== "wrong" }, context);
  },
});

interface Judgement {
  readonly incident: Incident;
  readonly explanation: Explanation | null;
  readonly verdicts: readonly Verdict[];
  readonly suspect: Suspect;
  readonly isRight: boolean;
}

async function judge(judgement: Judgement, context: CommandContext): Promise<CommandResult> {
  const { incident, explanation, verdicts, suspect, isRight } = judgement;
  const { id } = incident;
  const name = suspectName(suspect);
  const was = isRight ? "was" : "was not";
  const earlier = verdicts.find(
    (verdict) => verdict.person === context.person.id && subjectOf(verdict) === subjectOf(suspect),
  );
  if (earlier?.isRight === isRight) {
    return {
      kind: "refuse",
      reason: "already_said",
      problem: `You already said that ${name} ${was} the cause of incident ${id}.`,
      remedy: "Nothing needs to be done; to change your mind, say something else.",
      suggestions: [`cause ${id}`],
    };
  }
  const others = suspectsOf(explanation).filter(
    (cause) => !isRight && suspectMark(cause) !== suspectMark(suspect),
  );
  const changed = earlier === undefined ? "" : " Your earlier word is replaced.";
  const question = isRight ? "" : " What was it?";
  return {
    kind: "answer",
    view: answerView(`You said that ${name} ${was} the cause of incident ${id}.${changed}${question}`, {
      tone: "good",
      actions: isRight ? [] : otherCauseActions(id, others),
    }),
    visibility: "private",
    audit: {
      action: isRight ? "cause.confirmed" : "cause.refused",
      subject: `incident:${id}`,
      data: { cause: subjectOf(suspect), service: suspect.service },
    },
    effects: [
      await causeEffect({ incident, suspect, isRight, explanation }, context),
      {
        kind: "incident",
        incident,
        entry: {
          kind: "feedback",
          text: `${context.person.name}: ${name} ${was} the cause`,
          data: { cause: subjectOf(suspect), isRight },
        },
      },
    ],
  };
}

/** The one that the card speaks of first, which a model may have put there from any rank; then as they are ranked. */
function suspectsOf(explanation: Explanation | null): readonly Cause[] {
  const first = firstSuspect(explanation);
  const others = (explanation?.ranked ?? []).filter((cause) => cause !== first);
  return [...(first === undefined ? [] : [first]), ...others].filter(blames);
}

/** The suspect that "right" and "wrong" are about. */
async function suspectOf(
  incident: Incident,
  explanation: Explanation | null,
  options: { readonly rank: number; readonly suspect?: string | undefined },
  context: CommandContext,
): Promise<Suspect | Refusal> {
  const ranked = explanation?.ranked ?? [];
  const cause =
    options.suspect === undefined
      ? options.rank === 1
        ? firstSuspect(explanation)
        : ranked[options.rank - 1]
      : ranked.find((candidate) => suspectMark(candidate) === options.suspect);
  if (cause === undefined || !blames(cause)) return noSuspect(incident, ranked, options);
  const changes = cause.changeId === null ? [] : await changesAround(incident, context);
  const change = changes.find(({ id }) => id === cause.changeId);
  const changeKind = change === undefined ? null : suspectOfChange(change).changeKind;
  return { service: cause.service, changeId: cause.changeId, changeKind };
}

async function suspectNamed(
  what: string,
  incident: Incident,
  isAsWritten: boolean,
  context: CommandContext,
): Promise<Suspect | Refusal> {
  const written = causeWritten(what);
  const checked = await checkSuspect(written, incident, context);
  if (!("kind" in checked) || !isAsWritten || written.service === null) return checked;
  return { ...written, changeKind: null };
}

function noSuspect(
  { id }: Incident,
  ranked: readonly Cause[],
  options: { readonly rank: number; readonly suspect?: string | undefined },
): Refusal {
  const suspects = ranked.filter(blames);
  const [first] = suspects;
  const remedy = "Say what it really was: service:NAME, change:ID or none.";
  if (first === undefined) {
    const problem = `The bot suspects nothing of having caused incident ${id}.`;
    return {
      kind: "refuse",
      reason: "no_suspect",
      problem,
      remedy,
      suggestions: [`why ${id}`, `cause ${id}`],
    };
  }
  return {
    kind: "refuse",
    reason: options.suspect === undefined ? "no_suspect" : "suspect_gone",
    problem:
      options.suspect === undefined
        ? `There is no suspect ${options.rank} of incident ${id}; there are ${suspects.length}.`
        : `The bot no longer suspects that of incident ${id}; it now suspects ${suspectName(first)}.`,
    remedy,
    suggestions: [...verdictActions(id, first).map(({ command }) => command), `cause ${id}`],
  };
}

function wentElsewhere(asked: number, { id }: Incident): Refusal {
  return {
    kind: "refuse",
    reason: "merged",
    problem: `Incident ${asked} went into ${id}, and its cause is looked for there.`,
    remedy: `Say what the cause of incident ${id} was.`,
    suggestions: [`why ${id}`, `cause ${id}`],
  };
}

/** Without a cause: what is suspected and what was said, with a button for each. */
function ask(
  { id, title, services }: Incident,
  explanation: Explanation | null,
  verdicts: readonly Verdict[],
  context: CommandContext,
): CommandResult {
  const suspects = suspectsOf(explanation);
  const fields = verdictFields(verdicts, (person) => nameOf(context.people, person));
  const how = `Type /cause ${id} service:NAME or /cause ${id} change:ID for one that is not among them.`;
  const blocks: ViewBlock[] = [
    ...(fields.length === 0 ? [] : [{ kind: "fields" as const, fields }]),
    { kind: "text", text: [plain(how)] },
  ];
  const view: View = answerView(`What was the cause of incident ${id}: ${title}? ${how}`, {
    title: `What was the cause of incident ${id}?`,
    blocks,
    actions: [
      ...otherCauseActions(id, suspects).filter(({ command }) => command !== `cause ${id}`),
      ...serviceActions(id, services, suspects),
    ],
  });
  return { kind: "answer", view, visibility: "private" };
}

const maxServices = 4;
/** Longest command line that a button can carry on every platform. */
const maxCommand = 100;

/** Services of its alerts that are not suspected. */
function serviceActions(
  id: number,
  services: readonly string[],
  suspects: readonly Cause[],
): readonly ViewAction[] {
  return services
    .filter((service) =>
      suspects.every((suspect) => suspect.service !== service || suspect.changeId !== null),
    )
    .map((service): ViewAction => {
      const label = `It was ${shortenMiddle(service, 32)}`;
      return { label, command: `cause ${id} service:${service}`, style: "plain" };
    })
    .filter(({ command }) => command.length <= maxCommand)
    .slice(0, maxServices);
}
