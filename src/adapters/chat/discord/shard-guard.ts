/** Keeps faults inside discord.js from ending the process. */

type Method = (...args: unknown[]) => unknown;

/**
 * discord.js starts these methods with `void`, so that whatever they throw (an event it cannot digest, two
 * reconnects that meet) becomes an unhandled rejection, which ends a Node process. Here it becomes a log line; the
 * supervisor of the gateway makes a new client should the connection not survive it.
 * @see https://github.com/discordjs/discord.js/blob/main/packages/ws/src/ws/WebSocketShard.ts
 */
const startedWithVoid = ["onMessage", "onClose", "heartbeat", "internalConnect", "destroy"] as const;

/** WebSocketShardStatus.Ready of @discordjs/ws: identified or resumed, and not closed since. */
const readyStatus = 3;

export interface GuardedShards<Strategy> {
  readonly strategy: Strategy;
  /**
   * Whether every shard is connected. discord.js's own `isReady` stays true once it was, and the status of its
   * shards misses a close that comes while it is closing itself; the inner shards know.
   */
  areReady(): boolean;
}

/** Guards every shard that the strategy spawns. */
export function guardShards<Strategy extends { spawn(ids: number[]): Promise<void> }>(
  strategy: Strategy,
  onFault: (error: unknown) => void,
): GuardedShards<Strategy> {
  const spawn = strategy.spawn.bind(strategy);
  strategy.spawn = async (ids) => {
    await spawn(ids);
    for (const shard of shardsOf(strategy)) guard(shard, onFault);
  };
  return {
    strategy,
    areReady: () => {
      const shards = shardsOf(strategy);
      return shards.length > 0 && shards.every((shard) => Reflect.get(shard, "status") === readyStatus);
    },
  };
}

/** The shards are private to discord.js; when a later version keeps them elsewhere, the tests of this adapter say so. */
function shardsOf(strategy: object): object[] {
  const shards: unknown = Reflect.get(strategy, "shards");
  if (!(shards instanceof Map)) return [];
  return [...shards.values()].filter((shard) => typeof shard === "object" && shard !== null);
}

function guard(shard: object, onFault: (error: unknown) => void): void {
  for (const name of startedWithVoid) {
    const method: unknown = Reflect.get(shard, name);
    if (typeof method !== "function") continue;
    // A method of the shard: what it takes and returns passes through unseen.
    const original = method.bind(shard) as Method;
    Reflect.set(shard, name, async (...args: unknown[]) => {
      try {
        return await original(...args);
      } catch (error) {
        onFault(error);
        return undefined;
      }
    });
  }
}
