/** How an outcome reaches the person. */
import { referenceOf, withReference } from "../../domain/command/reference.ts";
import type { CommandRequest } from "../../ports.ts";
import type { Answer, Outcome } from "../outcome.ts";
import type { Execution } from "./options.ts";

/** Counts it, and gives what went wrong its reference. */
export function answerOf({ prepared, metrics }: Execution, request: CommandRequest, done: Outcome): Answer {
  const command = prepared.has(request.command) ? request.command : "unknown";
  metrics.count("tocsin_commands_total", { command, outcome: done.outcome });
  return { view: withReference(done.view, referenceOf(request.key)), visibility: done.visibility };
}
