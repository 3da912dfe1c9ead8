/** What `tocsin doctor` says about Discord. Uses REST only, so it works without a gateway connection. */
import type { Channel, Finding } from "../../../ports/chat.ts";
import type { Api, Failure } from "./api.ts";
import { problemOf, remedyOf } from "./outcome.ts";
import { type createRights, missingPermissions, neededBits } from "./permissions.ts";
import {
  applicationShape,
  channelTypes,
  gatewayShape,
  guildShape,
  isForum,
  isThread,
  userShape,
} from "./shapes.ts";

/** Fewer sessions left than this is worth a warning. */
const fewSessions = 100;

export interface CheckOptions {
  readonly api: Api;
  readonly rights: ReturnType<typeof createRights>;
  readonly guildIds: readonly string[];
  /** Findings of the running adapter: its connection, its commands. */
  readonly running: () => readonly Finding[];
}

export async function check(
  options: CheckOptions,
  channels: readonly Channel[],
): Promise<readonly Finding[]> {
  const token = await checkToken(options);
  if (token.some((finding) => finding.status === "failure")) return [...token, ...options.running()];
  const guilds: Finding[] = [];
  for (const id of options.guildIds) guilds.push(await checkGuild(options.api, id));
  const found: Finding[] = [];
  for (const channel of channels) found.push(await checkChannel(options, channel));
  return [...token, ...(await checkSessions(options)), ...guilds, ...options.running(), ...found];
}

async function checkToken({ api }: CheckOptions): Promise<readonly Finding[]> {
  const me = await api.call({ method: "GET", path: "/users/@me", schema: userShape });
  if (me.kind !== "ok") return [failed("discord token", me)];
  return [{ status: "ok", subject: "discord token", text: `the bot is ${me.body.username}` }];
}

async function checkSessions({ api }: CheckOptions): Promise<readonly Finding[]> {
  const reply = await api.call({ method: "GET", path: "/gateway/bot", schema: gatewayShape });
  if (reply.kind !== "ok") return [failed("discord gateway", reply)];
  const { remaining, total } = reply.body.session_start_limit;
  const text = `${remaining} of ${total} connections left today`;
  if (remaining >= fewSessions) return [{ status: "ok", subject: "discord gateway", text }];
  return [
    {
      status: "warning",
      subject: "discord gateway",
      text,
      remedy: "find out why the bot restarts so often; Discord resets the token when none are left",
    },
  ];
}

async function checkGuild(api: Api, guildId: string): Promise<Finding> {
  const reply = await api.call({ method: "GET", path: `/guilds/${guildId}`, schema: guildShape });
  const subject = `discord server ${guildId}`;
  if (reply.kind === "ok") return { status: "ok", subject, text: `the bot is in ${reply.body.name}` };
  if (reply.kind !== "denied") return failed(subject, reply);
  return { status: "failure", subject, text: problemOf(reply), remedy: await inviteRemedy(api) };
}

async function inviteRemedy(api: Api): Promise<string> {
  const app = await api.call({ method: "GET", path: "/applications/@me", schema: applicationShape });
  const id = app.kind === "ok" ? app.body.id : "<application id>";
  return `invite the bot: https://discord.com/oauth2/authorize?client_id=${id}&scope=bot+applications.commands&permissions=${neededBits}`;
}

async function checkChannel({ api, rights }: CheckOptions, channel: Channel): Promise<Finding> {
  const subject = `discord:${channel.id}`;
  if (!/^\d{1,20}$/.test(channel.id))
    return {
      status: "failure",
      subject,
      text: `"${channel.id}" is no channel id`,
      remedy: "right-click the channel in Discord (developer mode on) and choose Copy Channel ID",
    };
  const held = await rights.of(channel.id);
  if (held.kind === "denied" && held.status === 404)
    return { status: "failure", subject, text: problemOf(held), remedy: await inviteRemedy(api) };
  if (held.kind !== "rights") return failed(subject, held);
  const { type } = held.channel;
  const name = `#${held.channel.name ?? channel.id}`;
  const isWritable = type === channelTypes.text || type === channelTypes.announcement || isForum(type);
  if (!isWritable && !isThread(type) && type !== channelTypes.voice)
    return {
      status: "failure",
      subject,
      text: `${name} takes no messages (type ${type})`,
      remedy: "choose a text or a forum channel",
    };
  const missing = missingPermissions(held.bits);
  if (missing.length > 0)
    return {
      status: "failure",
      subject,
      text: `in ${name} the bot lacks: ${missing.join(", ")}`,
      remedy: "grant these to the bot's role in the channel's permissions",
    };
  if (isThread(type) || type === channelTypes.voice)
    return {
      status: "warning",
      subject,
      text: `${name} has no threads: history is posted as replies beside the card`,
      remedy: "choose a text or a forum channel",
    };
  return { status: "ok", subject, text: `${name} is reachable` };
}

function failed(subject: string, failure: Failure): Finding {
  const remedy =
    failure.kind === "denied"
      ? remedyOf(failure)
      : "check the network, the proxy and DISCORD_API_URL, then try again";
  return { status: "failure", subject, text: problemOf(failure), remedy };
}
