/** Counts what a key does in a window of time and says when it is too much. Bounded memory. */
export interface Limiter {
  /** Counts one; 0 when it is allowed, else how long to wait, ms. */
  take(key: string, now: Date): number;
  /** How long `key` must wait before its next one, ms; counts nothing. */
  waitMs(key: string, now: Date): number;
}

export interface LimiterOptions {
  readonly limit: number;
  readonly windowMs: number;
  /** When more keys than this were seen, the one whose window began first is forgotten. */
  readonly maxKeys: number;
}

/** A fixed window per key, begun by its first use. */
export function createLimiter(options: LimiterOptions): Limiter {
  const windows = new Map<string, { readonly endsAt: number; count: number }>();

  function waitMs(key: string, now: Date): number {
    const window = windows.get(key);
    if (window === undefined || window.endsAt <= now.getTime()) return 0;
    return window.count < options.limit ? 0 : window.endsAt - now.getTime();
  }

  function take(key: string, now: Date): number {
    const wait = waitMs(key, now);
    if (wait > 0) return wait;
    const window = windows.get(key);
    if (window !== undefined && window.endsAt > now.getTime()) {
      window.count += 1;
      return 0;
    }
    windows.delete(key);
    windows.set(key, { endsAt: now.getTime() + options.windowMs, count: 1 });
    forgetOldest();
    return 0;
  }

  function forgetOldest(): void {
    if (windows.size <= options.maxKeys) return;
    const oldest = windows.keys().next();
    if (!oldest.done) windows.delete(oldest.value);
  }

  return { take, waitMs };
}
