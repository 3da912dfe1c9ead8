import type { Obstacle, Trouble, TroublePlace } from "../domain/chat/trouble.ts";

export type { Obstacle, Reach, Trouble, TroublePlace } from "../domain/chat/trouble.ts";

export interface TroubleStore {
  find(id: number): Promise<Trouble | null>;
  /** Those that are not healed, oldest first. */
  open(limit: number): Promise<readonly Trouble[]>;
  /** Open ones that may stand in the way in a channel: of its platform, of itself and of its parts. */
  inWayOf(platform: string, channel: string): Promise<readonly Trouble[]>;
  /**
   * A refusal was met at a place. One that is open there goes on; one that healed less than an hour ago comes back;
   * else it begins. `isNews` when people are to be told: it began or came back.
   */
  note(
    met: TroublePlace & Pick<Trouble, "metBy"> & Obstacle,
    now: Date,
  ): Promise<{ readonly trouble: Trouble; readonly isNews: boolean }>;
  /** Takes the right to try one message, and counts it: false when somebody else has it, or it is not yet time. */
  claimProbe(id: number, now: Date, nextAt: Date): Promise<boolean>;
  /** Every open one may be tried at once, for example because the bot starts with another token. */
  probeSoon(now: Date): Promise<void>;
  /** It is over: null when it was already, else as it is now. */
  heal(id: number, now: Date): Promise<Trouble | null>;
}
