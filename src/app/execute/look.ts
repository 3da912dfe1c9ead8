/** What a command that only reads would show, for a page of the console. */
import type { CommandRequest, View } from "../../ports.ts";
import { outcomeOf, refused } from "../outcome.ts";
import { parseOptions } from "../parse.ts";
import { personOf } from "../person-of.ts";
import type { Asked } from "./asked.ts";
import { contextOf } from "./context.ts";
import type { Execution } from "./options.ts";
import { permit } from "./permission.ts";

/** Something to look at, as the command line that would show it. */
export interface Look {
  readonly account: CommandRequest["account"];
  readonly command: string;
  readonly text: string;
}

export type LookResult =
  | { readonly kind: "shown"; readonly view: View }
  /** `isDenied`: the person may not, rather than that there is no such thing. */
  | { readonly kind: "refused"; readonly view: View; readonly isDenied: boolean };

/**
 * The answer of a command that only reads, judged like the command itself, stored nowhere.
 * @throws Error when the command is no reading one, or what it reads is away.
 */
export async function look(execution: Execution, { account, command, text }: Look): Promise<LookResult> {
  const { prepared, store, people, clock } = execution;
  const known = prepared.get(command);
  if (known === undefined || known.command.kind !== "read")
    throw new Error(`execute: "${command}" is no command that only reads`);
  const now = clock.now();
  const input = { kind: "text", text } as const;
  const request = { key: "", account, channel: null, command, input, receivedAt: now, reply: {} };
  const parsed = parseOptions(known, request, { kind: "none" });
  if (parsed.kind === "refuse")
    return { kind: "refused", view: refused(parsed, parsed.usage).view, isDenied: false };
  const { options: given } = parsed;
  const person = await personOf(store, people, account);
  const asked: Asked = { request, person, now, options: given, said: given, known };
  const context = contextOf(execution, asked, store);
  const permission = await permit(execution, asked, context);
  if (permission.kind === "stop")
    return { kind: "refused", view: permission.outcome.view, isDenied: permission.audit !== null };
  const result = await known.command.run(given, context);
  const { view } = outcomeOf(result);
  return result.kind === "answer" ? { kind: "shown", view } : { kind: "refused", view, isDenied: false };
}
