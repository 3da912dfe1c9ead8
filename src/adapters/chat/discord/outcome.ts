/** Discord's refusals in words: what was wrong and what a person must do. */
import type { FindResult, PostResult } from "../../../ports/chat.ts";
import type { Obstacle, Reach } from "../../../ports/trouble.ts";
import type { Failure } from "./api.ts";
import { newToken } from "./token.ts";

/** JSON error codes that decide something. @see https://discord.com/developers/docs/topics/opcodes-and-status-codes */
export const codes = {
  unknownChannel: 10003,
  unknownGuild: 10004,
  unknownMessage: 10008,
  unknownWebhook: 10015,
  unknownInteraction: 10062,
  alreadyAcknowledged: 40060,
  missingAccess: 50001,
  cannotMessageUser: 50007,
  notATextChannel: 50008,
  missingPermissions: 50013,
  notForThisChannelType: 50024,
  tagNamesNotUnique: 40061,
  invalidWebhookToken: 50027,
  archivedThread: 50083,
  threadExists: 160004,
  lockedThread: 160005,
} as const;

const neededPermissions =
  "View Channel, Send Messages, Send Messages in Threads, Create Public Threads, Embed Links, Attach Files and Read Message History";

const remedies: Readonly<Record<number, string>> = {
  10003: "check the channel id in tocsin.yaml; the channel may have been deleted",
  10004: "check the server id in tocsin.yaml and that the bot was invited to it",
  10008: "the message was deleted; the next change of its card posts it anew",
  20016: "the channel is in slow mode; give the bot's role Manage Messages or turn it off",
  40333: "something between the bot and Discord alters the request; check the proxy and DISCORD_API_URL",
  40066:
    "the forum demands a tag, and all of its tags are kept for moderators; add one like 'critical', or give the bot's role Manage Threads",
  40067:
    "the forum demands a tag; add tags named like the severities, give the bot's role Manage Channels in it, or turn off 'Require people to select tags' in its settings",
  50001: "let the bot's role see the channel (View Channel)",
  50013: `give the bot's role ${neededPermissions} in the channel`,
  50008: "choose a text or a forum channel",
  50035: "this is a defect of the bot: please report it with this text",
  50083: "unarchive the thread, or give the bot's role Manage Threads",
  160005: "unlock the thread, or give the bot's role Manage Threads",
  160006: "archive some threads: the server has as many active ones as Discord allows",
};

/** What a person can do about a refusal. */
export function remedyOf(failure: { readonly status: number; readonly code: number }): string {
  if (failure.status === 401) return newToken;
  const known = remedies[failure.code];
  if (known !== undefined) return known;
  if (failure.status === 413)
    return "the message is too large: this is a defect of the bot, please report it";
  return failure.status === 403
    ? `give the bot's role ${neededPermissions} in the channel`
    : "see the error code in Discord's documentation, then post again";
}

/** How much does not work after a code; one that is not here concerns the one message. */
const reaches: Readonly<Record<number, Reach>> = {
  10003: "channel",
  10004: "channel",
  20016: "channel",
  40066: "channel",
  40067: "channel",
  40333: "platform",
  50001: "channel",
  50008: "channel",
  50013: "channel",
  50083: "thread",
  160005: "thread",
  160006: "channel",
};

function reachOf({ status, code }: { readonly status: number; readonly code: number }): Reach {
  if (status === 401) return "platform";
  return reaches[code] ?? (status === 403 ? "channel" : "message");
}

/** What a person has to clear, with how much it blocks. */
export function obstacleOf(failure: Extract<Failure, { kind: "denied" }>, channelId: string): Obstacle {
  const code = failure.code === 0 ? `HTTP ${failure.status}` : `${failure.code}`;
  return {
    reach: reachOf(failure),
    problem: `channel ${channelId}: Discord said "${failure.problem}" (${code})`,
    remedy: remedyOf(failure),
  };
}

/** A search that Discord did not answer. */
export function blindOf(failure: Failure, channelId: string): FindResult {
  const problem = problemOf(failure);
  return failure.kind === "denied"
    ? { kind: "blind", problem, obstacle: obstacleOf(failure, channelId) }
    : { kind: "blind", problem };
}

/** A failed call as the outcome of a post or an edit in a channel or thread. */
export function outcomeOf(failure: Failure, channelId: string): PostResult {
  if (failure.kind !== "denied") return failure;
  return { kind: "refused", ...obstacleOf(failure, channelId) };
}

/** One line about a failed call, for logs and findings. */
export function problemOf(failure: Failure): string {
  if (failure.kind === "denied")
    return `${failure.problem} (${failure.code === 0 ? failure.status : failure.code})`;
  if (failure.kind === "rate_limited") return `rate limited for ${failure.retryAfterMs} ms`;
  return failure.problem;
}
