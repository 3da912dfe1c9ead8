/** What carrying out commands is given by whoever composes the bot. */
import type { KindOf } from "../../domain/alert/evidence-kind.ts";
import type { ChannelSettings } from "../../domain/incident/channel.ts";
import type { Senders } from "../../domain/noise/sender.ts";
import type { Person } from "../../domain/people/person.ts";
import type {
  Charts,
  Clock,
  Command,
  CommandRequest,
  Log,
  Metrics,
  ModelEntry,
  Policy,
  Store,
  StoreSlices,
} from "../../ports.ts";
import type { Effects } from "../effects.ts";
import type { PreparedCommand } from "../parse.ts";
import type { Planner } from "../plan.ts";

export interface ExecuteOptions {
  readonly store: Store;
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly models: readonly ModelEntry[];
  readonly commands: readonly Command[];
  readonly plan: Planner;
  readonly effects: Effects;
  readonly charts: Charts;
  /** By the shipped rules and those of tocsin.yaml. */
  readonly kindOf: KindOf;
  readonly senders: Senders;
  /** Asks for a digest in a channel, inside the transaction of the command. */
  readonly requestDigest: (
    tx: StoreSlices,
    request: { readonly channel: NonNullable<CommandRequest["channel"]>; readonly now: Date },
  ) => Promise<{ readonly runId: number }>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Channels of incidents' own; absent where there are none. */
  readonly channelSettings?: ChannelSettings;
  /** How long a rollout waits for approval before it expires, ms; default one day. */
  readonly approvalExpiryMs?: number;
}

/** The same, with its commands by their names. */
export interface Execution extends ExecuteOptions {
  readonly prepared: ReadonlyMap<string, PreparedCommand>;
}
