/** Starts something that runs, and stops it on a signal within ten seconds. */

/** Longer than an orderly stop takes; after it the process ends all the same. */
const hardStopMs = 9_500;
/** One Ctrl-C arrives more than once: from the terminal, and from the programs above that pass it on. */
const sameSignalMs = 1_000;

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
  let toldAt: number | null = null;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (toldAt === null) {
        toldAt = performance.now();
        console.error(`tocsin: stopping (${signal})`);
        ending.resolve(null);
      } else if (performance.now() - toldAt > sameSignalMs) process.exit(130);
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
