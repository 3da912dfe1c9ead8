/** What Slack's "no" means to a person, and what to do about it. */
import type { FindResult, PostResult } from "../../../ports/chat.ts";
import type { Obstacle, Reach } from "../../../ports/trouble.ts";
import type { SlackAnswer } from "./client.ts";

interface Refusal {
  readonly problem: string;
  readonly remedy: string;
}

const newToken =
  "install the app again under OAuth & Permissions and give the bot the new bot token (xoxb-…): in the file of SLACK_BOT_TOKEN_FILE it is taken up by itself, in SLACK_BOT_TOKEN after a restart";

/**
 * By error code; `{channel}` stands for the channel's id.
 * @see https://docs.slack.dev/reference/methods/chat.postMessage/#errors
 */
const refusals: Readonly<Record<string, Refusal>> = {
  channel_not_found: {
    problem: "channel {channel} does not exist or is private and the bot is not in it",
    remedy:
      "check the id (channel name → View channel details → the end), and /invite the bot to a private channel",
  },
  not_in_channel: {
    problem: "the bot is not a member of {channel}",
    remedy: "type /invite @Tocsin in that channel",
  },
  is_archived: {
    problem: "channel {channel} is archived",
    remedy: "unarchive it, or name another channel in tocsin.yaml",
  },
  missing_scope: {
    problem: "the bot token may not do this",
    remedy: "update the app from `tocsin slack-manifest`, install it again and use the new token",
  },
  restricted_action: {
    problem: "the workspace's settings do not let the bot post in {channel}",
    remedy: "ask a workspace admin to allow apps to post in this channel",
  },
  restricted_action_read_only_channel: {
    problem: "channel {channel} is read-only for the bot",
    remedy: "ask a workspace admin to let the bot post there, or name another channel",
  },
  restricted_action_thread_only_channel: {
    problem: "channel {channel} takes only thread replies",
    remedy: "ask a workspace admin to let the bot post there, or name another channel",
  },
  restricted_action_non_threadable_channel: {
    problem: "channel {channel} does not take thread replies",
    remedy: "name another channel in tocsin.yaml",
  },
  thread_not_found: {
    problem: "the message that this thread belongs to was deleted in {channel}",
    remedy: "nothing to do: its card is posted once more",
  },
  cannot_reply_to_message: {
    problem: "the message that this thread belongs to takes no replies in {channel}",
    remedy: "nothing to do: its card is posted once more",
  },
  thread_locked: {
    problem: "a thread in {channel} is locked",
    remedy: "unlock the thread",
  },
  invalid_auth: { problem: "Slack does not accept the bot token", remedy: newToken },
  not_authed: { problem: "Slack got no bot token", remedy: newToken },
  token_revoked: { problem: "the bot token was revoked", remedy: newToken },
  token_expired: { problem: "the bot token has expired", remedy: newToken },
  account_inactive: { problem: "the app was removed from the workspace", remedy: newToken },
  not_allowed_token_type: {
    problem: "this kind of token may not do that",
    remedy: "SLACK_BOT_TOKEN must be a bot token (xoxb-…) and SLACK_APP_TOKEN an app-level token (xapp-…)",
  },
  team_access_not_granted: {
    problem: "the app is not approved for this workspace",
    remedy: "ask an org admin to approve the app for the workspace",
  },
  access_denied: {
    problem: "Slack denies the bot access",
    remedy: "ask a workspace admin to approve the app",
  },
  ekm_access_denied: {
    problem: "the workspace's key management forbids posting",
    remedy: "ask a workspace admin to restore access",
  },
  org_login_required: {
    problem: "the workspace is being moved to an organisation",
    remedy: "wait until that is finished, then install the app again",
  },
  msg_too_long: {
    problem: "the message is too long for Slack",
    remedy: "report this: it should have been cut",
  },
  no_text: { problem: "the message is empty for Slack", remedy: "report this: it should have had a text" },
  invalid_blocks: {
    problem: "Slack did not accept the message's layout, nor its plain form",
    remedy: "report this with the incident's number",
  },
};

/** Codes after which the same facts in a plainer layout may pass. */
export const layoutCodes: ReadonlySet<string> = new Set([
  "invalid_blocks",
  "invalid_blocks_format",
  "invalid_attachments",
  "msg_blocks_too_long",
  "too_many_blocks",
]);

/** Codes after which a message cannot be edited any more, in words. */
const goneCodes: Readonly<Record<string, string>> = {
  message_not_found: "the message was deleted (message_not_found)",
  cant_update_message: "the message is by another app or an earlier installation (cant_update_message)",
  edit_window_closed:
    "the workspace lets nobody edit a message that old (edit_window_closed; Settings → Message Editing)",
};

/** Codes after which a thread has no root any more. */
const rootlessCodes: ReadonlySet<string> = new Set(["thread_not_found", "cannot_reply_to_message"]);

/** How much does not work after a code; one that is not here concerns the one message. */
const reaches: Readonly<Record<string, Reach>> = {
  channel_not_found: "channel",
  not_in_channel: "channel",
  is_archived: "channel",
  restricted_action: "channel",
  restricted_action_read_only_channel: "channel",
  restricted_action_thread_only_channel: "channel",
  restricted_action_non_threadable_channel: "thread",
  thread_locked: "thread",
  missing_scope: "platform",
  invalid_auth: "platform",
  not_authed: "platform",
  token_revoked: "platform",
  token_expired: "platform",
  account_inactive: "platform",
  not_allowed_token_type: "platform",
  team_access_not_granted: "platform",
  access_denied: "platform",
  ekm_access_denied: "platform",
  org_login_required: "platform",
  no_permission: "platform",
};

/** What a person has to clear, with how much it blocks. */
export function obstacleOf(answer: Extract<SlackAnswer, { kind: "refused" }>, channel: string): Obstacle {
  return { reach: reaches[answer.code] ?? "message", ...explainRefusal(answer, channel) };
}

/** Problem and remedy of a refusal. */
export function explainRefusal(answer: Extract<SlackAnswer, { kind: "refused" }>, channel: string): Refusal {
  const code = layoutCodes.has(answer.code) ? "invalid_blocks" : answer.code;
  const known = refusals[code] ?? {
    problem: "Slack said no",
    remedy: `see https://docs.slack.dev/reference/methods/chat.postMessage#errors for "${answer.code}"`,
  };
  const scope = answer.needed === undefined ? "" : `, scope ${answer.needed} is missing`;
  return {
    problem: `${known.problem.replace("{channel}", channel)} (${answer.code}${scope})`,
    remedy: known.remedy,
  };
}

/** What the outbox must know of an answer that is not ok. */
export function toPostResult(
  answer: Exclude<SlackAnswer, { kind: "ok" }>,
  channel: string,
  attempt: "post" | "edit",
): PostResult {
  switch (answer.kind) {
    case "rate_limited":
      // chat.postMessage is limited per channel, chat.update for the whole workspace.
      return {
        kind: "rate_limited",
        retryAfterMs: answer.retryAfterMs,
        scope: attempt === "edit" ? "platform" : "channel",
      };
    case "refused":
      return refusedPost(answer, channel, attempt);
    default:
      return answer;
  }
}

function refusedPost(
  answer: Extract<SlackAnswer, { kind: "refused" }>,
  channel: string,
  attempt: "post" | "edit",
): PostResult {
  const gone = attempt === "edit" ? goneCodes[answer.code] : undefined;
  if (gone !== undefined) return { kind: "missing", problem: gone };
  if (attempt === "post" && rootlessCodes.has(answer.code))
    return { kind: "missing", problem: explainRefusal(answer, channel).problem };
  return { kind: "refused", ...obstacleOf(answer, channel) };
}

/** A search that Slack did not answer. */
export function toBlind(answer: Exclude<SlackAnswer, { kind: "ok" }>, channel: string): FindResult {
  const problem = whyNot(answer, channel);
  return answer.kind === "refused"
    ? { kind: "blind", problem, obstacle: obstacleOf(answer, channel) }
    : { kind: "blind", problem };
}

/** What went wrong, and what to do about it. */
export function whyNot(answer: Exclude<SlackAnswer, { kind: "ok" }>, channel: string): string {
  switch (answer.kind) {
    case "refused": {
      const { problem, remedy } = explainRefusal(answer, channel);
      return `${problem}: ${remedy}`;
    }
    case "rate_limited":
      return `rate limited for ${answer.retryAfterMs} ms`;
    default:
      return answer.problem;
  }
}
