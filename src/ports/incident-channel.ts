import type { Obstacle } from "../domain/chat/trouble.ts";
import type { Bookmark, IncidentChannel } from "../domain/incident/channel.ts";

export type { IncidentChannel } from "../domain/incident/channel.ts";

export interface IncidentChannelStore {
  /** The newest of an incident; null when it never had one. */
  find(incidentId: number): Promise<IncidentChannel | null>;
  /** Asks for the next one of an incident; false when one with this serial is there. */
  add(channel: IncidentChannel): Promise<boolean>;
  /** Changes these alone: what others noted meanwhile stays. */
  save(
    which: Pick<IncidentChannel, "incidentId" | "serial">,
    values: Partial<Omit<IncidentChannel, "incidentId" | "serial">>,
  ): Promise<void>;
  /** The incident whose own channel this is; null when it is nobody's. */
  at(platform: string, channel: string): Promise<number | null>;
  /** A message was refused there. The incident whose channel it is; null when it is nobody's, or closed. */
  doubt(platform: string, channel: string, now: Date): Promise<number | null>;
}

/** What came of one call. The host never retries. */
export type HostAnswer =
  | { readonly kind: "done" }
  | { readonly kind: "rate_limited"; readonly retryAfterMs: number }
  /** It may have happened. */
  | { readonly kind: "ambiguous"; readonly problem: string }
  /** It did not happen; later, perhaps. */
  | { readonly kind: "unreachable"; readonly problem: string }
  /** A person has to do something first. */
  | ({ readonly kind: "refused" } & Pick<Obstacle, "problem" | "remedy">)
  /** The channel is archived, deleted, or the bot is no longer in it. */
  | { readonly kind: "gone"; readonly problem: string };

export type CreateAnswer =
  | HostAnswer
  | { readonly kind: "created"; readonly channel: string; readonly name: string }
  | { readonly kind: "taken" };

export type FindChannelAnswer =
  | Exclude<HostAnswer, { kind: "done" | "gone" }>
  | { readonly kind: "found"; readonly channel: string; readonly name: string }
  | { readonly kind: "absent" };

/** A platform on which the bot can open channels. One attempt each. */
export interface ChannelHost {
  readonly platform: string;
  /** How old a creation of unknown outcome must be before "absent" is believed, ms. */
  readonly settleMs: number;
  create(name: string, visibility: "public" | "private"): Promise<CreateAnswer>;
  /** One of this name that the bot itself made since then. */
  find(name: string, since: Date): Promise<FindChannelAnswer>;
  /** Whether it is there, not archived, and the bot in it. */
  look(channel: string): Promise<HostAnswer>;
  setTopic(channel: string, topic: string): Promise<HostAnswer>;
  setPurpose(channel: string, purpose: string): Promise<HostAnswer>;
  /** Nothing happens when the address is bookmarked already. */
  addBookmark(channel: string, bookmark: Bookmark): Promise<HostAnswer>;
  /** Who is in it already counts as invited. "not_invited" when this account cannot be, whatever anybody does about it now. */
  invite(
    channel: string,
    account: string,
  ): Promise<HostAnswer | { readonly kind: "not_invited"; readonly problem: string }>;
  archive(channel: string): Promise<HostAnswer>;
}
