/** Starts something that runs, and stops it on a signal within ten seconds. */

/** Longer than an orderly stop takes; after it the process ends all the same. */
const hardStopMs = 9_500;

export interface Runnable {
  stop(): Promise<void>;
}

/**
 * Runs until SIGINT, SIGTERM or a fatal fault. A second signal ends the process at once.
 * @param begin - given what to call when it cannot go on.
 */
export async function runUntilStopped<Thing extends Runnable>(
  begin: (onFatal: (error: Error) => void) => Promise<Thing>,
  onReady: (thing: Thing) => Promise<void> | void = () => undefined,
): Promise<void> {
  const ending = withResolvers<Error | null>();
  let signals = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(130);
      ending.resolve(null);
    });
  }
  const thing = await Promise.race([begin(ending.resolve), ending.promise.then(() => null)]);
  if (thing === null) process.exit(0);
  await onReady(thing);
  const fatal = await ending.promise;
  if (fatal !== null) console.error(`tocsin: ${fatal.message}`);
  setTimeout(() => process.exit(fatal === null ? 0 : 1), hardStopMs).unref();
  await thing.stop();
  process.exit(fatal === null ? 0 : 1);
}

function withResolvers<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => undefined;
  const promise = new Promise<Value>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
