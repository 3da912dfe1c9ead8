/** The app manifest: what a workspace admin pastes into "Create New App → From a manifest". */
import { oneLine } from "../../../domain/view.ts";
import type { CommandShape } from "../../../ports/chat.ts";
import { messageShortcuts } from "./pins.ts";
import { umbrellaCommand } from "./requests.ts";

/** What the bot token must be allowed to do, and why. */
const scopeReasons: Readonly<Record<string, string>> = {
  "app_mentions:read": "hear @tocsin in channels and in threads, where slash commands do not work",
  "channels:history": "find its own message again after a crash instead of posting it twice",
  "channels:read": "tell whether a channel exists and whether it is a member",
  "chat:write": "post and edit cards",
  commands: "take slash commands",
  "files:write": "upload charts and reports",
  "groups:history": "the same in private channels it was invited to",
  "groups:read": "the same in private channels it was invited to",
  "im:history": "hear commands in direct messages",
  "reactions:read": "hear that a message in an incident's thread was pinned with an emoji",
};

export const neededScopes: readonly string[] = Object.keys(scopeReasons);

/** Which channels of their own incidents may get: none, public ones, or private ones as well. */
export type OwnChannels = "none" | "public" | "private";

/** What the bot token must be allowed to do beside that, and why. */
const channelScopeReasons: Readonly<Record<string, string>> = {
  "bookmarks:read": "see which links a channel of an incident has already",
  "bookmarks:write": "add links to it",
  "channels:manage": "open it, say at its head how things stand, invite people, archive it",
};
const privateScopeReasons: Readonly<Record<string, string>> = {
  "groups:write": "the same for private channels of incidents",
};

/** Scopes with these channels, sorted. */
export function scopesFor(own: OwnChannels): readonly string[] {
  if (own === "none") return neededScopes;
  const more = own === "private" ? { ...channelScopeReasons, ...privateScopeReasons } : channelScopeReasons;
  return [...neededScopes, ...Object.keys(more)].sort();
}

/** Names that Slack keeps for itself; as "/tocsin NAME" they work nevertheless. */
const reservedNames: ReadonlySet<string> = new Set([
  "active",
  "apps",
  "archive",
  "away",
  "call",
  "collapse",
  "dnd",
  "dm",
  "expand",
  "feed",
  "feedback",
  "huddle",
  "invite",
  "join",
  "keys",
  "leave",
  "me",
  "msg",
  "mute",
  "open",
  "prefs",
  "remind",
  "remove",
  "rename",
  "search",
  "shortcuts",
  "shrug",
  "star",
  "status",
  "topic",
  "unarchive",
  "who",
]);

const mostCommands = 50;
const longestName = 32;

export interface ManifestOptions {
  /** Public address of POST /slack/events; absent for Socket Mode. */
  readonly requestUrl?: string;
  /** Default none. */
  readonly ownChannels?: OwnChannels;
}

/**
 * The manifest as JSON text. Pure.
 * @see https://docs.slack.dev/reference/app-manifest
 */
export function slackManifest(commands: readonly CommandShape[], options: ManifestOptions = {}): string {
  const url = options.requestUrl;
  const address = url === undefined ? {} : { url };
  const request = url === undefined ? {} : { request_url: url };
  const manifest = {
    display_information: {
      name: "Tocsin",
      description: "Alerts become explained incidents; models are deployed and rolled back with approvals.",
      background_color: "#7a1f1f",
    },
    features: {
      bot_user: { display_name: "Tocsin", always_online: true },
      app_home: {
        home_tab_enabled: true,
        messages_tab_enabled: true,
        messages_tab_read_only_enabled: false,
      },
      shortcuts: messageShortcuts.map(({ callback, name, description }) => ({
        ...{ name, type: "message", callback_id: callback, description },
      })),
      slash_commands: slashCommands(commands).map((command) => ({ ...command, ...address })),
    },
    oauth_config: { scopes: { bot: scopesFor(options.ownChannels ?? "none") } },
    settings: {
      event_subscriptions: {
        ...request,
        bot_events: ["app_home_opened", "app_mention", "message.im", "reaction_added", "reaction_removed"],
      },
      interactivity: { is_enabled: true, ...request },
      org_deploy_enabled: false,
      socket_mode_enabled: url === undefined,
      token_rotation_enabled: false,
    },
  };
  return JSON.stringify(manifest, null, 2);
}

function slashCommands(commands: readonly CommandShape[]) {
  const umbrella = {
    command: `/${umbrellaCommand}`,
    description: "Any Tocsin command; alone it shows help",
    usage_hint: "help | incidents | ack 12",
    should_escape: false,
  };
  const own = commands.filter(isRegistrable).map((command) => ({
    command: `/${command.name}`,
    description: oneLine(command.summary, 100),
    ...usageHint(command),
    should_escape: false,
  }));
  return [umbrella, ...own].slice(0, mostCommands);
}

function isRegistrable(command: CommandShape): boolean {
  const isWellFormed = /^[a-z0-9_-]+$/.test(command.name) && command.name.length < longestName;
  return isWellFormed && command.name !== umbrellaCommand && !reservedNames.has(command.name);
}

/** "<incident> [reason]" from the words that may be written without a name. */
function usageHint(command: CommandShape): { readonly usage_hint?: string } {
  const words = command.options
    .filter((option) => option.position !== null)
    .toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))
    .map((option) => (option.isRequired ? `<${option.name}>` : `[${option.name}]`));
  return words.length === 0 ? {} : { usage_hint: oneLine(words.join(" "), 100) };
}
