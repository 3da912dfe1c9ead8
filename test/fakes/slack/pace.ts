/** Slack's rate limits as token buckets. */

/** Calls per minute of each tier; Slack promises at least these. */
export const tiers = { 1: 1, 2: 20, 3: 50, 4: 100 } as const;
export type Tier = keyof typeof tiers;

export interface Pace {
  /** Seconds to wait, or null when the call may go on. */
  take(key: string, rate: { readonly perSecond: number; readonly burst: number }): number | null;
  reset(): void;
}

export function createPace(now: () => number): Pace {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(key, { perSecond, burst }) {
      const at = now();
      const bucket = buckets.get(key) ?? { tokens: burst, at };
      const tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) / 1000) * perSecond);
      const isAllowed = tokens >= 1;
      buckets.set(key, { tokens: isAllowed ? tokens - 1 : tokens, at });
      return isAllowed ? null : Math.max(1, Math.ceil((1 - tokens) / perSecond));
    },
    reset: () => buckets.clear(),
  };
}
