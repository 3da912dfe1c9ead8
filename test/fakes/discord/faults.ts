/** Things that go wrong between a client and Discord, and its rate limits. */

/** One kind of trouble for the next matching requests. `commit_*`: the request takes effect, its answer gets lost. */
export interface Fault {
  readonly kind:
    | "rate_limit"
    | "error"
    | "reset"
    | "hang"
    | "slow"
    | "commit_then_reset"
    | "commit_then_error"
    | "commit_then_hang"
    | "commit_then_garbage";
  readonly method?: string;
  /** Part of the path without version, for example "/messages", or a pattern. */
  readonly path?: string | RegExp;
  /** Only requests under /channels/ID. */
  readonly channel?: string;
  /** How many requests it hits; default 1. */
  readonly times?: number;
  /** Default 500. */
  readonly status?: number;
  /** For rate_limit; default 200. */
  readonly retryAfterMs?: number;
  /** A rate limit of the whole bot rather than of one route. */
  readonly isGlobal?: boolean;
  /** For slow; default 500. */
  readonly delayMs?: number;
}

export function createFaults() {
  let waiting: { readonly fault: Fault; left: number }[] = [];
  return {
    add(fault: Fault): void {
      waiting.push({ fault, left: fault.times ?? 1 });
    },
    clear(): void {
      waiting = [];
    },
    /**
     * The fault that hits this request, or null. One that loses an answer waits for a request that takes effect:
     * it is spent by {@link spend}.
     */
    take(method: string, path: string): Fault | null {
      const hit = waiting.find(({ fault, left }) => left > 0 && matches(fault, method, path));
      if (hit === undefined) return null;
      if (!hit.fault.kind.startsWith("commit_")) hit.left -= 1;
      return hit.fault;
    },
    spend(fault: Fault): void {
      const hit = waiting.find((each) => each.fault === fault);
      if (hit !== undefined) hit.left -= 1;
    },
  };
}

function matches(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method !== method) return false;
  if (fault.channel !== undefined && !path.startsWith(`/channels/${fault.channel}`)) return false;
  if (fault.path === undefined) return true;
  return typeof fault.path === "string" ? path.includes(fault.path) : fault.path.test(path);
}

export interface Allowance {
  readonly isAllowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly retryAfterMs: number;
  readonly isGlobal: boolean;
}

/** Windows of one second: per route and major parameter, and for the whole bot. */
export function createBuckets(
  now: () => number,
  limits: { readonly perRoute: number; readonly global: number },
) {
  const windows = new Map<string, { startedAt: number; used: number }>();
  const lengthMs = 1_000;

  function use(key: string, limit: number) {
    const at = now();
    let window = windows.get(key);
    if (window === undefined || at - window.startedAt >= lengthMs) {
      window = { startedAt: at, used: 0 };
      windows.set(key, window);
    }
    const resetMs = window.startedAt + lengthMs - at;
    const isAllowed = window.used < limit;
    if (isAllowed) window.used += 1;
    return { isAllowed, remaining: Math.max(0, limit - window.used), resetMs, resetAt: at + resetMs };
  }

  return {
    /** Counts a request against its route's bucket and the global one. */
    take(route: string, major: string): Allowance {
      const global = use("global", limits.global);
      if (!global.isAllowed)
        return { isAllowed: false, headers: {}, retryAfterMs: global.resetMs, isGlobal: true };
      const bucket = use(`${route} ${major}`, limits.perRoute);
      return {
        isAllowed: bucket.isAllowed,
        retryAfterMs: bucket.resetMs,
        isGlobal: false,
        headers: {
          "x-ratelimit-limit": `${limits.perRoute}`,
          "x-ratelimit-remaining": `${bucket.remaining}`,
          "x-ratelimit-reset": (bucket.resetAt / 1000).toFixed(3),
          "x-ratelimit-reset-after": (bucket.resetMs / 1000).toFixed(3),
          "x-ratelimit-bucket": Buffer.from(route).toString("hex").slice(0, 32),
        },
      };
    },
  };
}
