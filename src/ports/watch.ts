import type { TrackedAlert } from "../domain/alert/tracked.ts";
import type { Labels } from "../domain/alert.ts";

/** What watching conditions of our own needs of the alerts that are remembered. */
export interface WatchStore {
  /** Alerts of one source that fire, oldest first. */
  firingFrom(source: string, limit: number): Promise<readonly TrackedAlert[]>;
  /**
   * How many alerts with these labels began in every step of a time, with the start of the step, ms since 1970. Those
   * that the bot raised itself, and steps without any, are left out.
   */
  alertStarts(question: {
    readonly from: Date;
    /** Not included. */
    readonly to: Date;
    readonly stepMs: number;
    readonly labels: Labels;
  }): Promise<readonly (readonly [atMs: number, count: number])[]>;
  /** When the first alert with these labels began, ms since 1970; null before there is one. The bot's own do not count. */
  firstAlertStart(labels: Labels): Promise<number | null>;
}
