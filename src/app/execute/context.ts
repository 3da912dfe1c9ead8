/** What a command may use while it runs. */
import { randomBytes } from "node:crypto";
import type { Person } from "../../domain/people/person.ts";
import type { Decision, PolicyAction, PolicyResource } from "../../domain/policy.ts";
import type { CommandContext, StoreSlices } from "../../ports.ts";
import { mannerOf } from "../parse.ts";
import type { Asked } from "./asked.ts";
import type { Execution } from "./options.ts";

/** @param slices - what it reads and writes by: a transaction, or the store for what only reads. */
export function contextOf(options: Execution, asked: Asked, slices: StoreSlices): CommandContext {
  const { policy, people, models, prepared } = options;
  const { person, request, now } = asked;
  const via = request.account.platform;
  const { breakGlass } = mannerOf(asked.options);
  const decide = (someone: Person, action: PolicyAction, resource: PolicyResource): Decision =>
    policy.decide({ person: someone, action, resource, via, now });
  return {
    now,
    person,
    via,
    models,
    people,
    decide,
    channel: request.channel,
    account: request.account,
    random: randomBytes,
    store: slices,
    commands: [...prepared.values()].map(({ command }) => command),
    plan: (question) =>
      options.plan(breakGlass === null ? question : { ...question, breakGlass: { reason: breakGlass } }),
    charts: options.charts,
    kindOf: options.kindOf,
    senders: options.senders,
    channelSettings: options.channelSettings ?? null,
    requestDigest: (channel) => options.requestDigest(slices, { channel, now }),
    may: (action, resource) => decide(person, action, resource).kind === "allow",
    log: options.log.child({ command: request.command }),
  };
}
