/** What decides beside grouping whether people are told of an incident, and where. */
import type { Route } from "../../domain/chat/routing.ts";
import type { ChannelRule } from "../../domain/incident/channel.ts";
import type { FlappingRule } from "../../domain/suppression/flapping.ts";
import type { InhibitionRule } from "../../domain/suppression/inhibition.ts";
import type { MaintenanceWindow } from "../../domain/suppression/maintenance.ts";
import type { Silence } from "../../domain/suppression/silence.ts";
import type { MuteSettings } from "../../domain/suppression.ts";
import type { MadeWindow } from "../../ports.ts";

/** What people set, and no tocsin.yaml holds: the same on both sides of a comparison. */
export interface PastSettings {
  readonly silences: readonly Silence[];
  readonly windows: readonly MadeWindow[];
  /** What channels subscribed to. */
  readonly subscriptions: readonly Route[];
}

export const nothingSet: PastSettings = { silences: [], windows: [], subscriptions: [] };

/** What triage is told by a configuration, and by people. */
export interface ReplayedRules {
  readonly inhibition: readonly InhibitionRule[];
  readonly flapping: FlappingRule;
  /** How long a firing alert of a source may go unheard of before it counts as ended, ms. */
  readonly timeoutMs: (source: string) => number;
  /** The windows of tocsin.yaml. */
  readonly windows: readonly MaintenanceWindow[];
  readonly routes: readonly Route[];
  /** Which incidents get a channel of their own. */
  readonly ownChannels: readonly ChannelRule[];
  readonly past: PastSettings;
}

/** What muted at a moment of the past. */
export function settingsAt({ windows, past }: ReplayedRules, now: Date): MuteSettings {
  const made = past.windows.filter(
    ({ createdAt, endedAt }) => createdAt <= now && (endedAt === null || now < endedAt),
  );
  return { silences: past.silences, windows: [...windows, ...made] };
}
