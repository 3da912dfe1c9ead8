/** For how long something has not moved, by a clock of this process that never jumps. */

/** Things watched at once; the one that moved longest ago is forgotten first, and watched anew. */
const maxWatched = 1_000;

export interface Pulse {
  /**
   * @param key - what is watched.
   * @param mark - what it last said.
   * @returns ms since it was first seen to say so; 0 at the first look, also after the bot was started anew.
   */
  stillMs(key: string, mark: string): number;
}

/** @param steadyMs - ms since any moment; only grows. */
export function createPulse(steadyMs: () => number): Pulse {
  const watched = new Map<string, { readonly mark: string; readonly since: number }>();
  return {
    stillMs(key, mark) {
      const now = steadyMs();
      const known = watched.get(key);
      if (known?.mark === mark) return now - known.since;
      watched.delete(key);
      watched.set(key, { mark, since: now });
      const [oldest] = watched.keys();
      if (watched.size > maxWatched && oldest !== undefined) watched.delete(oldest);
      return 0;
    },
  };
}
