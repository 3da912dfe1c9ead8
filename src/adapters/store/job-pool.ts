/** Connections for the job library that outlast an outage of the database. */
import pg from "pg";
import type { DatabaseAddress } from "./client.ts";

/** Waits between two attempts to connect, ms. */
const firstWaitMs = 100;
const longestWaitMs = 2_000;

/** A code on which the library repeats what it was doing, 100 times with up to 5 s between. */
const repeatCode = "40001";

/**
 * A pool whose promised connections wait until there is one, and whose queries say "repeat" when the connection broke.
 * Without it, the library reports the end of a job with a promise that nobody listens to: a database that goes away at
 * that moment would end the process with an unhandled rejection, and leave the job locked.
 * @see https://github.com/graphile/worker/blob/v0.17.3/src/worker.ts (completeJob)
 */
export function openJobPool(address: DatabaseAddress, maxConnections: number): pg.Pool {
  const pool = new pg.Pool({
    Client: clientAt(address),
    max: maxConnections,
    connectionTimeoutMillis: 10_000,
    application_name: "tocsin jobs",
    statement_timeout: 30_000,
  });
  // A connection that breaks while nobody asks anything of it would otherwise end the process.
  pool.on("error", ignore);
  pool.on("connect", (client) => client.on("error", ignore));
  const connectOnce = pool.connect.bind(pool);
  const seen = new WeakSet<pg.PoolClient>();

  async function connectPatiently(): Promise<pg.PoolClient> {
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      try {
        const client = await connectOnce();
        if (!seen.has(client)) repeatBrokenQueries(client);
        seen.add(client);
        return client;
      } catch (error) {
        // A job that was left behind at the stop: nobody listens to how it ends, and another replica frees it.
        if (pool.ending) return await new Promise<never>(() => undefined);
        if (!isAway(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  function connect(): Promise<pg.PoolClient>;
  function connect(callback: Parameters<typeof connectOnce>[0]): void;
  function connect(callback?: Parameters<typeof connectOnce>[0]): Promise<pg.PoolClient> | undefined {
    if (callback === undefined) return connectPatiently();
    connectOnce(callback);
    return undefined;
  }

  pool.connect = connect;
  return pool;
}

/** The library lets a function be the password only where the rest of the address is not a URL. */
function clientAt({ url, password }: DatabaseAddress): new () => pg.Client {
  return class extends pg.Client {
    constructor(options?: pg.ClientConfig) {
      super({ ...options, connectionString: password === undefined ? url : withPassword(url, password()) });
    }
  };
}

function withPassword(url: string, password: string): string {
  const address = new URL(url);
  address.password = encodeURIComponent(password);
  return address.href;
}

/** Only the form that returns a promise fails with "repeat"; the library uses no other on these connections. */
function repeatBrokenQueries(client: pg.PoolClient): void {
  const query: (...parameters: unknown[]) => unknown = client.query.bind(client);
  const repeating = (...parameters: unknown[]) => {
    const outcome = query(...parameters);
    return outcome instanceof Promise ? outcome.catch(throwRepeat) : outcome;
  };
  // The same function with the same parameters; only the rejection differs.
  client.query = repeating as typeof client.query;
}

function throwRepeat(error: unknown): never {
  if (!isAway(error)) throw error;
  throw Object.assign(new Error("The database went away", { cause: error }), { code: repeatCode });
}

/** Whether a failure is that of the connection or of a server that starts or stops, not that of a statement. */
function isAway(error: unknown): boolean {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const isStatement = /^[0-9A-Z]{5}$/.test(code) && code !== "EPIPE";
  // 08: connection; 28: the password was changed, and ours will be; 57P0: shutting down, crashed, starting; 53300: too
  // many connections.
  return !isStatement || /^(?:08|28|57P0|53300)/.test(code);
}

function ignore(): void {
  // The next query on it fails, and whoever asked hears of it.
}
