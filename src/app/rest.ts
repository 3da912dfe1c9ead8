/** A pause that can be cut short: how a loop waits for its next turn. */
export interface Rest {
  /** Resolves after `ms`, or as soon as {@link Rest.wake} is called. */
  take(ms: number): Promise<void>;
  /** Ends the pause under way; without one it does nothing. */
  wake(): void;
}

export function createRest(): Rest {
  let end: () => void = () => undefined;
  return {
    take: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    wake: () => end(),
  };
}
