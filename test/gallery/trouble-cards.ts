/** What other channels are told of one that cannot be posted to, and what somebody is told who may not. */
import { denied } from "../../src/app/outcome.ts";
import { type Trouble, troubleView } from "../../src/domain/chat/trouble.ts";
import { referenceOf, withReference } from "../../src/domain/command/reference.ts";
import { at } from "../domain/build.ts";
import type { GalleryCard } from "./cards.ts";

export function troubleCards(): readonly GalleryCard[] {
  const archived: Trouble = {
    ...{ id: 1, platform: "slack", channel: "C0123ABCD", part: null, metBy: "post", revision: 1 },
    problem: "channel C0123ABCD is archived",
    remedy: "unarchive it, or name another channel in tocsin.yaml",
    ...{ since: at(0), probes: 3, probeAt: at(4), healedAt: null },
  };
  const card = (state: string, given: Partial<Trouble>, waiting: number): GalleryCard => ({
    family: "trouble",
    state,
    view: troubleView({ ...archived, ...given }, waiting),
  });
  const revoked = {
    channel: null,
    problem: "Slack no longer takes the bot's token",
    remedy: "install the app again and set SLACK_BOT_TOKEN to its new token",
  };
  const locked = {
    part: "thread:console:incidents:incident:12",
    problem: "the thread is locked",
    remedy: "unlock it; what happens meanwhile is on the card",
  };
  const files = {
    part: "aside:pictures",
    problem: "the bot token may not upload pictures: the scope files:write is missing",
    remedy: "update the app from `tocsin slack-manifest`, install it again and use the new token",
  };
  return [
    card("a channel is archived", {}, 7),
    card("the token was revoked", revoked, 41),
    card("a thread is locked", locked, 1),
    card("pictures do not arrive", files, 0),
    card("over", { healedAt: at(30) }, 0),
  ];
}

export function denialCards(): readonly GalleryCard[] {
  const asking = { id: "reader", name: "Noor Haddad", roles: ["viewer"], accounts: {} };
  const able = ["Ada Okafor", "Ines Marques"].map((name) => ({
    id: name,
    name,
    roles: ["sre"],
    accounts: {},
  }));
  const account = { platform: "slack", id: "U012AB3CD", name: "Noor Haddad" };
  const request = {
    ...{ key: "k", account, channel: null, command: "ack", receivedAt: at(0), reply: {} },
    input: { kind: "text", text: "12" },
  } as const;
  const { outcome } = denied({
    ...{ request, person: asking, action: "acknowledge", able, remedy: null },
    resource: { type: "Incident", id: 12, severity: "critical" },
    decision: { kind: "deny", policies: [], because: "no rule of the policy permits it" },
  });
  return [
    { family: "error", state: "somebody who may not", view: withReference(outcome.view, referenceOf("k")) },
  ];
}
