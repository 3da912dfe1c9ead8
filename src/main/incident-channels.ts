/** Channels of incidents' own: what is made of the configuration. */
import { createIncidentChannels, type IncidentChannelOptions } from "../app/incident-channel.ts";
import { createObstacles } from "../app/obstacles.ts";
import type { Config } from "../config.ts";
import type { Chat, Job } from "../ports.ts";
import { configuredChannels } from "./chats.ts";
import { ownChannelsOf } from "./own-channels.ts";

export interface ComposedChannels {
  /** The job "channel". */
  readonly reconcile: (incidentId: number) => Promise<void>;
  /** What triage asks for beside when an incident changes. */
  readonly follow: (incidentId: number) => readonly Job[];
}

type Parts = Omit<IncidentChannelOptions, "settings" | "host" | "people" | "escalation" | "obstacles"> & {
  readonly config: Config;
  readonly chats: ReadonlyMap<string, Chat>;
};

/** Does nothing where the configuration has no rules or no platform can open channels. */
export function composeChannels({ config, chats, ...parts }: Parts): ComposedChannels {
  const host = chats.get("slack")?.channels;
  if (ownChannelsOf(config) === "none" || host === undefined)
    return { reconcile: () => Promise.resolve(), follow: () => [] };
  const { store, clock, log } = parts;
  const channels = createIncidentChannels({
    ...parts,
    settings: config.incidentChannels,
    host,
    people: config.people,
    escalation: config.escalation,
    obstacles: createObstacles({ store, channels: configuredChannels(config), clock, log }),
  });
  return {
    reconcile: channels.reconcile,
    follow: (incidentId) => [{ task: "channel", incidentId }],
  };
}
