/**
 * Statements that come again are planned once per connection. The query builder has every statement described before
 * it runs it, which is a second round trip, and planned anew, which costs more than running most of them.
 */
import type postgres from "postgres";

/** A server process keeps every plan for as long as its connection lives. */
const maxPrepared = 300;
/** Texts that are counted until one of them has come often enough to be worth a plan. */
const maxCounted = 2_000;
const worthIt = 3;

/** Texts of statements that a client prepares: a bounded number, the first that come again. */
export function createPreparing(limits = { prepared: maxPrepared, counted: maxCounted }) {
  const prepared = new Set<string>();
  const counts = new Map<string, number>();
  return {
    /** Whether this statement is to be prepared; counts it. */
    isWorth(text: string): boolean {
      if (prepared.has(text)) return true;
      if (prepared.size >= limits.prepared) return false;
      if (counts.size >= limits.counted) counts.clear();
      const count = (counts.get(text) ?? 0) + 1;
      if (count < worthIt) counts.set(text, count);
      else {
        counts.delete(text);
        prepared.add(text);
      }
      return count >= worthIt;
    },
  };
}

/**
 * Unknown to the types of the library. It may send a prepared statement behind another on the same connection; one
 * whose execution says nothing stays alone, so that what is quick never waits behind what is slow or locked out.
 * @see https://github.com/porsager/postgres/blob/v3.4.9/src/connection.js (execute)
 */
const alone = { onexecute: () => undefined };

/**
 * Makes a client, in transactions too, prepare what comes again. A plan that a change of the schema made stale is made
 * anew by the library.
 */
export function prepareRepeated(client: postgres.Sql): void {
  const { isWorth } = createPreparing();

  function prepareOn(scope: Pick<postgres.Sql, "unsafe">, options: object): void {
    const send = scope.unsafe;
    scope.unsafe = (text, parameters, given) => {
      // Without parameters it goes as plain text, in one round trip.
      const isPrepared = parameters !== undefined && parameters.length > 0 && isWorth(text);
      return send(text, parameters, isPrepared ? { ...given, ...options, prepare: true } : given);
    };
  }

  const begin = client.begin.bind(client);
  function beginPrepared<Result>(work: (tx: postgres.TransactionSql) => Promise<Result>): Promise<unknown> {
    return begin((tx) => {
      prepareOn(tx, {});
      return work(tx);
    });
  }
  prepareOn(client, alone);
  Object.assign(client, { begin: beginPrepared });
}
