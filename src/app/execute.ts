/**
 * The second door into the bot: a command request. Parse, who, may they, then run it in one transaction with its audit
 * entry, or plan it and store the rollout. Commands never check their caller, audit or post, so none can forget to.
 */
import { referenceOf } from "../domain/command/reference.ts";
import type { CommandRequest, CommandShape, Forms } from "../ports.ts";
import { MovedElsewhereError } from "./effects.ts";
import { answerOf } from "./execute/answer.ts";
import { type Asked, threadOf } from "./execute/asked.ts";
import { faultOf } from "./execute/fault.ts";
import { type Look, type LookResult, look } from "./execute/look.ts";
import type { ExecuteOptions, Execution } from "./execute/options.ts";
import { refuseForm } from "./execute/refuse-form.ts";
import { finish } from "./execute/request-row.ts";
import { runOperate, tryOperate } from "./execute/run-operate.ts";
import { runRead } from "./execute/run-read.ts";
import { runRollout } from "./execute/run-rollout.ts";
import { createForms } from "./form.ts";
import { type Answer, misunderstood, type Outcome, refused } from "./outcome.ts";
import { mannerOf, parseOptions, prepareCommand, shapeOf, unknownCommand } from "./parse.ts";
import { personOf } from "./person-of.ts";
import { createSuggest, type Suggest } from "./suggest.ts";

export type { LookResult } from "./execute/look.ts";
export type { Answer } from "./outcome.ts";

export interface Execute {
  /**
   * Carries out a request once. Never throws: a fault becomes an answer. What went wrong has a reference that the log has too.
   * @returns null when this very request was carried out before: it has been answered then.
   */
  execute(request: CommandRequest): Promise<Answer | null>;
  /**
   * The answer of a command that only reads, for a page of the console: judged like the command itself, stored nowhere.
   * @throws Error when the command is no reading one, or what it reads is away.
   */
  look(asked: Look): Promise<LookResult>;
  /** What platforms register. */
  shapes(): readonly CommandShape[];
  /** Suggestions while someone types; at most 25, best first; never throws. */
  suggest: Suggest;
  /** Forms for what was left out. */
  readonly forms: Forms;
}

/** Runs of one command when others keep moving what it moves. */
const maxAttempts = 4;

export function createExecute(options: ExecuteOptions): Execute {
  const { store, people, clock } = options;
  const prepared = new Map(options.commands.map((command) => [command.name, prepareCommand(command)]));
  const execution: Execution = { ...options, prepared };

  async function execute(request: CommandRequest): Promise<Answer | null> {
    const log = options.log.child({ command: request.command, requestKey: request.key });
    let done: Outcome | null;
    try {
      done = await retryMoved(() => run(request));
    } catch (error) {
      done = await faultOf(execution, request, error, log);
    }
    if (done === null) return null;
    log.info({ outcome: done.outcome, reference: referenceOf(request.key) }, "command carried out");
    return answerOf(execution, request, done);
  }

  async function run(request: CommandRequest): Promise<Outcome | null> {
    const known = prepared.get(request.command);
    if (known === undefined) return await finish(execution, request, unknown(prepared, request));
    const parsed = parseOptions(known, request, await threadOf(store, known, request));
    if (parsed.kind === "refuse")
      return await finish(execution, request, misunderstood(known, request.input, parsed));
    const { options: given, given: said } = parsed;
    const asked: Asked = {
      request,
      person: await personOf(store, people, request.account),
      now: clock.now(),
      options: given,
      said,
      known,
    };
    const { command } = known;
    if (command.kind === "rollout") return await runRollout(execution, asked, command);
    if (command.kind === "read") return await runRead(execution, asked, command);
    return mannerOf(given).isDryRun
      ? await tryOperate(execution, asked, command)
      : await runOperate(execution, asked, command);
  }

  const suggest = createSuggest({ ...options, prepared });
  return {
    execute,
    look: (asked) => look(execution, asked),
    shapes: () => [...prepared.values()].map(shapeOf),
    suggest,
    forms: createForms({
      ...options,
      prepared,
      suggest,
      judge: (form) => refuseForm(execution, form),
    }),
  };
}

function unknown(prepared: Execution["prepared"], request: CommandRequest): Outcome {
  const rest = request.input.kind === "text" ? request.input.text : "";
  return refused(unknownCommand(request.command, rest, [...prepared.values()]));
}

async function retryMoved<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof MovedElsewhereError) || attempt >= maxAttempts) throw error;
    }
  }
}
