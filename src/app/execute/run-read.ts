/** A command that only reads. */
import type { ActingCommand } from "../../ports.ts";
import { type Outcome, outcomeOf } from "../outcome.ts";
import type { Asked } from "./asked.ts";
import { contextOf } from "./context.ts";
import type { Execution } from "./options.ts";
import { permit } from "./permission.ts";
import { finish } from "./request-row.ts";

/** Reads need no transaction of their own, and must not hold one while a backend answers. */
export async function runRead(
  execution: Execution,
  asked: Asked,
  command: ActingCommand,
): Promise<Outcome | null> {
  const context = contextOf(execution, asked, execution.store);
  const permission = await permit(execution, asked, context);
  if (permission.kind === "stop")
    return await finish(execution, asked.request, permission.outcome, permission.audit);
  return await finish(execution, asked.request, outcomeOf(await command.run(asked.options, context)));
}
