/** What `tocsin doctor` says about Slack. */
import type { Channel, Finding } from "../../../ports/chat.ts";
import type { SlackAnswer, SlackApi } from "./client.ts";
import { explainRefusal } from "./refusals.ts";

export const reinstall =
  "update the app from `tocsin slack-manifest`, install it again and use the new token";

/** Token, scopes, how requests reach us, and each channel. */
export async function checkSlack(
  api: SlackApi,
  channels: readonly Channel[],
  { checkDoor, scopes }: { readonly checkDoor: () => Promise<Finding>; readonly scopes: readonly string[] },
): Promise<readonly Finding[]> {
  const auth = await api.call("auth.test", {});
  if (auth.kind !== "ok") return [notOk("slack token", auth, "")];
  const { user, team } = auth.data;
  const token: Finding = { status: "ok", subject: "slack token", text: `connected to ${team} as ${user}` };
  const findings = [token, checkScopes(auth.scopes, scopes), await checkDoor()];
  for (const channel of channels) findings.push(await checkChannel(api, channel));
  return findings;
}

function checkScopes(granted: readonly string[] | null, needed: readonly string[]): Finding {
  const subject = "slack scopes";
  if (granted === null)
    return {
      status: "warning",
      subject,
      text: "Slack did not say what the token may do",
      remedy: "if SLACK_API_URL is a proxy, let it pass the header x-oauth-scopes",
    };
  const missing = needed.filter((scope) => !granted.includes(scope));
  if (missing.length === 0) return { status: "ok", subject, text: "all that are needed" };
  return { status: "failure", subject, text: `missing: ${missing.join(", ")}`, remedy: reinstall };
}

async function checkChannel(api: SlackApi, channel: Channel): Promise<Finding> {
  const subject = `slack channel ${channel.id}`;
  const answer = await api.call("conversations.info", { channel: channel.id });
  if (answer.kind !== "ok") return notOk(subject, answer, channel.id);
  const info = answer.data["channel"];
  const facts: Readonly<Record<string, unknown>> =
    typeof info === "object" && info !== null ? { ...info } : {};
  const name = typeof facts["name"] === "string" ? `#${facts["name"]}` : channel.id;
  if (facts["is_archived"] === true)
    return {
      status: "failure",
      subject,
      text: `${name} is archived`,
      remedy: "unarchive it or name another channel",
    };
  if (facts["is_member"] === false)
    return {
      status: "failure",
      subject,
      text: `the bot is not a member of ${name}`,
      remedy: `type /invite @Tocsin in ${name}`,
    };
  return { status: "ok", subject, text: `${name} is reachable` };
}

/** A finding for a call that did not succeed. */
export function notOk(
  subject: string,
  answer: Exclude<SlackAnswer, { kind: "ok" }>,
  channel: string,
): Finding {
  switch (answer.kind) {
    case "refused": {
      const { problem, remedy } = explainRefusal(answer, channel);
      return { status: "failure", subject, text: problem, remedy };
    }
    case "rate_limited":
      return {
        status: "warning",
        subject,
        text: `Slack limits calls for ${Math.ceil(answer.retryAfterMs / 1000)} s`,
        remedy: "run doctor again after that",
      };
    default:
      return {
        status: "failure",
        subject,
        text: `Slack was not reached: ${answer.problem}`,
        remedy: "check the network, SLACK_API_URL and any proxy",
      };
  }
}
