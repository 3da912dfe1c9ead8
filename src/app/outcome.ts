/** How a command request went, in words for the person and in one word for the log. */
import { answerView, errorView } from "../domain/command/answer.ts";
import { formatLine, fromOptions, type LineShape } from "../domain/command/options.ts";
import { actAtAllInWords, actInWords } from "../domain/command/permission-words.ts";
import { isStranger, type Person } from "../domain/people/person.ts";
import type { Decision, PolicyAction, PolicyResource } from "../domain/policy.ts";
import { oneLine, type View, type ViewAction } from "../domain/view.ts";
import type { CommandRequest, CommandResult, Refusal } from "../ports.ts";
import type { PreparedCommand } from "./parse.ts";

/** Longest line that the button of a form carries on every platform, under any prefix. */
const maxFormLine = 90;

export interface Answer {
  readonly view: View;
  readonly visibility: "private" | "public";
}

export interface Outcome extends Answer {
  /** "done", "requested", "denied", "fault", or the reason of a refusal. */
  readonly outcome: string;
}

/** A denial as the audit log keeps it. */
export interface AuditedDenial {
  readonly action: PolicyAction;
  /** "rollout:7", "model:scorer/production", "this bot". */
  readonly resource: string;
  readonly because: string;
  readonly policies: readonly string[];
}

export function outcomeOf(result: CommandResult): Outcome {
  if (result.kind === "refuse") return refused(result);
  return { view: result.view, visibility: result.visibility, outcome: "done" };
}

/** What a command would have answered, had it not been undone. */
export function dryRun(result: CommandResult): Outcome {
  if (result.kind === "refuse") return refused(result);
  const text = `Dry run: it would be carried out. Nothing was changed. It would say: ${result.view.summary}`;
  return { view: answerView(text, { title: "Dry run" }), visibility: "private", outcome: "dry_run" };
}

const maxTitle = 150;
/** People named of those who may. */
const mostNames = 8;

/** @param usage - how the command is written, shown when it was not understood. */
export function refused(refusal: Refusal, usage?: string): Outcome {
  const view = errorView({
    title: headOf(refusal.problem),
    problem: refusal.problem,
    remedy: refusal.remedy,
    suggestions: refusal.suggestions ?? [],
    actions: refusal.actions ?? [],
    ...(usage === undefined ? {} : { blocks: [{ kind: "code" as const, text: `/${usage}` }] }),
  });
  return { view, visibility: "private", outcome: refusal.reason };
}

/** A command that could not be read: how it is written, and its form, with what was said as far as it goes. */
export function misunderstood(
  { command, line }: PreparedCommand,
  input: CommandRequest["input"],
  refusal: Refusal & { readonly usage: string },
): Outcome {
  if (line.options.length === 0) return refused(refusal, refusal.usage);
  const isReadable = refusal.reason === "missing" || refusal.reason === "invalid";
  const said = isReadable ? `${command.name} ${lineOf(line, input)}`.trim() : command.name;
  const form: ViewAction = {
    label: "Fill in a form…",
    command: said.length > maxFormLine ? command.name : said,
    style: "primary",
    isForm: true,
  };
  return refused({ ...refusal, actions: [form, ...(refusal.actions ?? [])] }, refusal.usage);
}

function lineOf(line: LineShape, input: CommandRequest["input"]): string {
  if (input.kind === "text") return input.text;
  const read = fromOptions(input.options, line.options);
  return read.kind === "values" ? formatLine("", line, read.values).trim() : "";
}

/** The problem itself where it is short; of a long one what comes before its reasons. */
function headOf(problem: string): string {
  const [head = ""] = problem.length <= maxTitle ? [problem] : problem.split(": ", 1);
  return oneLine(head, maxTitle);
}

/** @param able - people whom the policy would let do it. */
export function denied(denial: {
  readonly request: CommandRequest;
  readonly person: Person;
  readonly action: PolicyAction;
  readonly resource: PolicyResource;
  /** Absent where it is about this resource alone: they may not do it to any of its kind. */
  readonly isOfAll?: true;
  readonly decision: Decision;
  readonly able: readonly Person[];
  /** What to do instead of asking someone else; null for that. */
  readonly remedy: string | null;
}): { readonly outcome: Outcome; readonly audit: AuditedDenial } {
  const { person, action, decision } = denial;
  const because = decision.kind === "deny" ? decision.because : "it was allowed a moment ago";
  const isOfAll = denial.isOfAll === true;
  const resource = isOfAll ? resourceName({ type: "Bot" }) : resourceName(denial.resource);
  const act = isOfAll ? actAtAllInWords(action, denial.resource.type) : actInWords(action, denial.resource);
  const view = errorView({
    title: `You may not ${act}`,
    problem: `${oneLine(person.name, 80)}, you may not ${act}: ${because}.`,
    remedy: denial.remedy ?? whomToAsk(denial),
  });
  return {
    outcome: { view, visibility: "private", outcome: "denied" },
    audit: { action, resource, because, policies: decision.policies },
  };
}

function whomToAsk(denial: {
  readonly request: CommandRequest;
  readonly person: Person;
  readonly able: readonly Person[];
}): string {
  const { person, request, able } = denial;
  const { platform, id } = request.account;
  if (isStranger(person))
    return `The bot does not know the account ${platform}:${oneLine(id, 60)}: someone who edits tocsin.yaml can add it under "people". If you are known on another platform, type /link there.`;
  if (able.length === 0) return "Nobody in tocsin.yaml may; the policy would have to change.";
  const names = able.slice(0, mostNames).map(({ name }) => oneLine(name, 60));
  const others = able.length - names.length;
  const rights = person.roles.length === 0 ? " tocsin.yaml gives you no role." : "";
  return `Ask ${names.join(" or ")}${others > 0 ? `, or one of ${others} more` : ""}, who may.${rights}`;
}

/** @param reference - the same is in the log, beside the error. */
export function faulted(request: CommandRequest, reference: string): Outcome {
  const name = `/${oneLine(request.command, 60)}`;
  const view = errorView({
    title: `${name} failed`,
    problem: `Something went wrong inside the bot while carrying out ${name}.`,
    remedy: `Nothing was changed by it. The log says more under the reference ${reference}.`,
  });
  return { view, visibility: "private", outcome: "fault" };
}

export function databaseAway(): Outcome {
  const view = errorView({
    title: "The database is away",
    problem: "The database does not answer, so this cannot be carried out now.",
    remedy: "What was already accepted is carried out by itself when it is back; look before you ask again.",
  });
  return { view, visibility: "private", outcome: "database_away" };
}

function resourceName(resource: PolicyResource): string {
  switch (resource.type) {
    case "Bot":
      return "this bot";
    case "Incident":
      return `incident:${resource.id}`;
    case "Model":
      return `model:${resource.name}/${resource.environment}`;
    case "Rollout":
      return `rollout:${resource.id}`;
  }
}
