/** A command that asks for a rollout: planned, judged, and stored with what was planned. */
import { refuseUnconfirmed } from "../../domain/approval/confirmation.ts";
import { botPerson } from "../../domain/people/person.ts";
import type { RolloutCommand } from "../../ports.ts";
import { dryRunView, freezeRemedy, judgeRollout } from "../judge-rollout.ts";
import { type Outcome, refused } from "../outcome.ts";
import { mannerOf } from "../parse.ts";
import { requestRollout } from "../request-rollout.ts";
import { type Asked, lineOf } from "./asked.ts";
import { contextOf } from "./context.ts";
import type { Execution } from "./options.ts";
import { deny, permit } from "./permission.ts";
import { close, finish, takeRequest } from "./request-row.ts";

const defaultExpiryMs = 24 * 3_600_000;

export async function runRollout(
  execution: Execution,
  asked: Asked,
  command: RolloutCommand,
): Promise<Outcome | null> {
  const { store, policy, people, models, effects } = execution;
  const approvalExpiryMs = execution.approvalExpiryMs ?? defaultExpiryMs;
  const { request, person, now } = asked;
  const context = contextOf(execution, asked, store);
  const permission = await permit(execution, asked, context);
  if (permission.kind === "stop")
    return await finish(execution, request, permission.outcome, permission.audit);
  const planned = await command.plan(asked.options, context);
  if (planned.kind === "refuse") return await finish(execution, request, refused(planned));
  const manner = mannerOf(asked.options);
  const { plan } = planned;
  const asking = { plan, person, via: request.account.platform, now };
  const judged = await judgeRollout(store.rollouts, execution, asking);
  if ("kind" in judged) return await finish(execution, request, refused(judged));
  const line = lineOf(asked, ["dryRun", "confirm"]);
  if (manner.isDryRun) {
    const view = dryRunView(execution, judged, asking, line);
    return await finish(execution, request, { view, visibility: "private", outcome: "dry_run" });
  }
  const { decision, resource, standing, risk } = judged;
  if (decision.kind === "deny") {
    const { outcome, audit } = deny(execution, asked, {
      ...{ action: plan.kind, resource, decision },
      remedy: freezeRemedy(judged),
    });
    return await finish(execution, request, outcome, audit);
  }
  // The bot makes no slips: what it may do by itself the policy has said.
  const typed = person.id === botPerson.id ? plan.model : manner.typedName;
  const unconfirmed = refuseUnconfirmed({ risk, model: plan.model, typed, line });
  if (unconfirmed !== null) return await finish(execution, request, refused(unconfirmed));
  return await store.transaction(async (tx) => {
    if (!(await takeRequest(tx, request))) return null;
    const rollout = { request, person, now, plan: judged.plan, decision, freezes: standing.freezes };
    const authority = { policy, people, models, effects, approvalExpiryMs };
    return await close(tx, asked, await requestRollout(tx, authority, rollout));
  });
}
