import type { OwnChannels } from "../adapters/chat/slack.ts";
import type { Config } from "../config.ts";

/** Which ones the Slack app has to be able to open. */
export function ownChannelsIn({
  incidentChannels: { rules },
}: Pick<Config, "incidentChannels">): OwnChannels {
  if (rules.length === 0) return "none";
  return rules.some(({ isPrivate }) => isPrivate) ? "private" : "public";
}

/** The same, none where Slack is not configured. */
export function ownChannelsOf(config: Pick<Config, "incidentChannels" | "slack">): OwnChannels {
  return config.slack === null ? "none" : ownChannelsIn(config);
}
