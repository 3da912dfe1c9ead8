/** Keeps faults inside discord.js from ending the process. */

type Method = (...args: unknown[]) => unknown;

/**
 * discord.js starts these methods with `void`, so that whatever they throw (an event it cannot digest, two
 * reconnects that meet) becomes an unhandled rejection, which ends a Node process. Here it becomes a log line; the
 * supervisor of the gateway makes a new client should the connection not survive it.
 * @see https://github.com/discordjs/discord.js/blob/main/packages/ws/src/ws/WebSocketShard.ts
 */
const startedWithVoid = ["onMessage", "onClose", "heartbeat", "internalConnect", "destroy"] as const;

/** Guards every shard that the strategy spawns; returns the same strategy. */
export function guardShards<Strategy extends { spawn(ids: number[]): Promise<void> }>(
  strategy: Strategy,
  onFault: (error: unknown) => void,
): Strategy {
  const spawn = strategy.spawn.bind(strategy);
  strategy.spawn = async (ids) => {
    await spawn(ids);
    const shards: unknown = Reflect.get(strategy, "shards");
    if (shards instanceof Map) for (const shard of shards.values()) guard(shard, onFault);
  };
  return strategy;
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
