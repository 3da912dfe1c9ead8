import type { Profile } from "./judge-profile.ts";

/** What a sender pushed of one model: bins and counts, never a row. */
export interface ProfilePush {
  readonly model: string;
  readonly environment: string;
  /** The sender's own name for it, by which one that comes twice counts once; null counts every time. */
  readonly id: string | null;
  /** When the rows were; what the window is found by. */
  readonly at: Date;
  /** What is new; null when only the reference is sent. */
  readonly current: Profile | null;
  /** Replaces the reference that is kept; null leaves it. */
  readonly reference: Profile | null;
}

/** How models are watched; from tocsin.yaml. */
export interface MonitoringSettings {
  /** Probability that a report of a model that has not changed holds any finding. */
  readonly falseAlarmRate: number;
  /** Pushes of so long are judged together, once that time is over. */
  readonly windowMs: number;
  /** Without a reference of the sender's, the first so many rows become it. */
  readonly referenceRows: number;
  /** From which loss on, as a share of the reference, an alert is a warning or critical. */
  readonly loss: { readonly warning: number; readonly critical: number };
  /** Retrains in 24 hours that the bot may ask for of itself, for each model. */
  readonly retrainsPerDay: number;
}

const hour = 3_600_000;

export const shippedMonitoring: MonitoringSettings = {
  falseAlarmRate: 0.01,
  windowMs: hour,
  referenceRows: 10_000,
  loss: { warning: 0.05, critical: 0.2 },
  retrainsPerDay: 1,
};

/** Start of the window that a moment is in, ms. */
export function windowStart(at: Date, windowMs: number): number {
  return Math.floor(at.getTime() / windowMs) * windowMs;
}
