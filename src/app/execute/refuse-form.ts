/** Who may not use a command learns it when they ask for its form, not after they have filled it in. */
import { referenceOf } from "../../domain/command/reference.ts";
import type { CommandRequest, KeyedFormRequest, View } from "../../ports.ts";
import { parseOptions } from "../parse.ts";
import { personOf } from "../person-of.ts";
import { answerOf } from "./answer.ts";
import { type Asked, threadOf } from "./asked.ts";
import { contextOf } from "./context.ts";
import type { Execution } from "./options.ts";
import { permit, permitAtAll } from "./permission.ts";
import { finish } from "./request-row.ts";

/** Why a person is not given the form of a command, in words; null when they are. It is an audit entry. */
export async function refuseForm(execution: Execution, form: KeyedFormRequest): Promise<View | null> {
  const { store, people, clock, log, prepared } = execution;
  const known = prepared.get(form.command);
  if (known === undefined) return null;
  const now = clock.now();
  const request: CommandRequest = { ...form, receivedAt: now, reply: {} };
  const person = await personOf(store, people, request.account);
  const parsed = parseOptions(known, request, await threadOf(store, known, request));
  const isRead = parsed.kind === "options";
  const asked: Asked = {
    ...{ request, person, now, known },
    options: isRead ? parsed.options : {},
    said: isRead ? parsed.given : {},
  };
  const context = contextOf(execution, asked, store);
  const exact = isRead ? await permit(execution, asked, context) : null;
  // What is said so far may not name a thing that there is; the form asks for it.
  const isKnown = exact !== null && (exact.kind === "go" || exact.audit !== null);
  const permission = isKnown ? exact : permitAtAll(execution, asked, context);
  if (permission.kind === "go") return null;
  await finish(execution, request, permission.outcome, permission.audit);
  const { command, key: requestKey } = request;
  log.info({ command, requestKey, reference: referenceOf(requestKey) }, "a form was refused");
  return answerOf(execution, request, permission.outcome).view;
}
