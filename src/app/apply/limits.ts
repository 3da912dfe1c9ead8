/** How long the parts of carrying a rollout out may take, ms. */
export interface ApplyLimits {
  /** One start of a backend. */
  readonly startMs: number;
  /** One look at a backend. */
  readonly lookMs: number;
  /** Least and greatest pause between two looks at running work. */
  readonly pollMs: number;
  readonly maxPollMs: number;
  /** Pause before something that did not work is tried again. */
  readonly retryMs: number;
  /** How long a start is looked for, or repeated where that is safe, before a person is asked. */
  readonly maxStartMs: number;
  /** How long an approved rollout may wait for its target or its backend. */
  readonly maxWaitMs: number;
  /** How long work may run before a person is asked. */
  readonly maxRunMs: number;
  /** How long work that ran into the model's own timeout may take to stop, before a person is asked. */
  readonly stopMs: number;
}

export const defaultLimits: ApplyLimits = {
  startMs: 300_000,
  lookMs: 30_000,
  pollMs: 1_000,
  maxPollMs: 15_000,
  retryMs: 5_000,
  maxStartMs: 600_000,
  maxWaitMs: 48 * 3_600_000,
  maxRunMs: 24 * 3_600_000,
  stopMs: 600_000,
};
