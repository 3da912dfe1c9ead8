/** The row of a request: taken once, ended in the transaction of what it did. */
import { referenceOf } from "../../domain/command/reference.ts";
import type { CommandRequest, StoreSlices } from "../../ports.ts";
import type { AuditedDenial, Outcome } from "../outcome.ts";
import { personOf } from "../person-of.ts";
import type { Asked } from "./asked.ts";
import type { Execution } from "./options.ts";

/** False when the request was carried out before. One that nobody stored (the command line) is stored here. */
export async function takeRequest(tx: StoreSlices, request: CommandRequest): Promise<boolean> {
  await tx.requests.add(request);
  return (await tx.requests.take(request.key)) !== null;
}

/** Ends a request that changed nothing else. */
export async function finish(
  { store, people, clock }: Pick<Execution, "store" | "people" | "clock">,
  request: CommandRequest,
  outcome: Outcome,
  audit: AuditedDenial | null = null,
): Promise<Outcome | null> {
  return await store.transaction(async (tx) => {
    if (!(await takeRequest(tx, request))) return null;
    const person = await personOf(tx, people, request.account);
    return await close(tx, { request, person, now: clock.now() }, outcome, audit);
  });
}

/** Ends a request in the transaction of what it did; a denied attempt is an audit entry. */
export async function close(
  tx: StoreSlices,
  asked: Pick<Asked, "request" | "person" | "now">,
  outcome: Outcome,
  audit: AuditedDenial | null = null,
): Promise<Outcome> {
  const { request, person, now } = asked;
  if (audit !== null) {
    const { action, because, policies: rules } = audit;
    await tx.audit.append({
      at: now,
      actor: person.id,
      action: `${request.command}.denied`,
      subject: audit.resource,
      outcome: "denied",
      data: {
        ...{ asked: action, because, rules, via: request.account.platform },
        reference: referenceOf(request.key),
      },
    });
  }
  await tx.requests.finish(request.key, outcome.outcome, now);
  return outcome;
}
