/** A command that changes what the bot keeps; in a dry run what it did is undone. */
import type { ActingCommand, CommandResult, StoreSlices } from "../../ports.ts";
import { dryRun, type Outcome, outcomeOf } from "../outcome.ts";
import type { Asked } from "./asked.ts";
import { contextOf } from "./context.ts";
import type { Execution } from "./options.ts";
import { permit } from "./permission.ts";
import { close, finish, takeRequest } from "./request-row.ts";

/** Thrown to undo what a dry run did. */
class DryRun extends Error {
  override readonly name = "DryRun";
  readonly result: CommandResult;
  constructor(result: CommandResult) {
    super("a dry run ends without a change");
    this.result = result;
  }
}

/** In one transaction with its audit entry and what it changes. */
export async function runOperate(
  execution: Execution,
  asked: Asked,
  command: ActingCommand,
): Promise<Outcome | null> {
  return await execution.store.transaction(async (tx) => {
    if (!(await takeRequest(tx, asked.request))) return null;
    const context = contextOf(execution, asked, tx);
    const permission = await permit(execution, asked, context);
    if (permission.kind === "stop") return await close(tx, asked, permission.outcome, permission.audit);
    const result = await command.run(asked.options, context);
    if (result.kind === "answer") await carryOut(execution, tx, asked, result);
    return await close(tx, asked, outcomeOf(result));
  });
}

/** The command runs in a transaction that is undone: what it would answer is known, and nothing has changed. */
export async function tryOperate(
  execution: Execution,
  asked: Asked,
  command: ActingCommand,
): Promise<Outcome | null> {
  const { request } = asked;
  const permission = await permit(execution, asked, contextOf(execution, asked, execution.store));
  if (permission.kind === "stop")
    return await finish(execution, request, permission.outcome, permission.audit);
  let result: CommandResult;
  try {
    result = await execution.store.transaction(async (tx) => {
      throw new DryRun(await command.run(asked.options, contextOf(execution, asked, tx)));
    });
  } catch (error) {
    if (!(error instanceof DryRun)) throw error;
    result = error.result;
  }
  return await finish(execution, request, dryRun(result));
}

/** Audit entry first: what it changes carries its number. */
async function carryOut(
  { effects: effectsOf }: Execution,
  tx: StoreSlices,
  asked: Asked,
  result: Extract<CommandResult, { kind: "answer" }>,
): Promise<void> {
  const { now, person, request } = asked;
  let auditSeq: number | null = null;
  if (result.audit !== undefined) {
    const { action, subject } = result.audit;
    const data = { ...result.audit.data, via: request.account.platform };
    const record = { at: now, actor: person.id, action, subject, outcome: "done", data } as const;
    auditSeq = (await tx.audit.append(record)).seq;
  }
  const effects = result.effects ?? [];
  if (effects.length > 0) await effectsOf.apply(tx, effects, { now, actor: person.id, auditSeq });
}
