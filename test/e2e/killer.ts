/** Kills the bot, and sometimes its database, at random moments that a seed repeats; starts it again at once. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BotUnderTest } from "./bot.ts";

/**
 * What dies: the bot alone, both at once, or the database a moment before the bot. "as a message appears" is between
 * what a platform did and the bot's knowledge of it, which chance alone hardly ever hits.
 */
export type Kill =
  | "bot"
  | "bot as a message appears"
  | "bot and database"
  | "database, then bot"
  | "bot while it starts";

export interface Killer {
  readonly kills: readonly Kill[];
  /** From the start of the process until it was ready, ms; only of starts that were left to finish. */
  readonly startsMs: readonly number[];
  /** Kills until `count` have died; the bot is ready when it resolves. */
  run(count: number): Promise<void>;
  /** Kills no more, for a test that has failed. */
  stop(): void;
}

/** Shortest and longest time between a bot being ready and its death, ms. */
const lifeMs = [200, 6_000] as const;

/**
 * @param random - see {@link seededRandom}.
 * @param messageAppears - resolves at the very moment when a platform has a new message, or after so many ms.
 */
export function createKiller(
  bot: BotUnderTest,
  random: () => number,
  messageAppears: (withinMs: number) => Promise<unknown>,
): Killer {
  const kills: Kill[] = [];
  const startsMs: number[] = [];
  let isStopped = false;
  const between = (from: number, to: number) => from + random() * (to - from);

  async function strike(kill: Kill): Promise<void> {
    kills.push(kill);
    if (kill === "database, then bot") {
      killDatabase(bot.folder);
      // Long enough that some bots begin to start it again, and some have done so.
      await sleep(between(0, 1_500));
    }
    if (kill === "bot as a message appears") await messageAppears(lifeMs[1]);
    const dying = bot.kill();
    if (kill === "bot and database") killDatabase(bot.folder);
    await dying;
  }

  /** Starts it; now and then it dies again before it is ready. */
  async function restart(count: number): Promise<void> {
    while (kills.length < count && random() < 0.15) {
      const starting = bot.start().catch(() => undefined);
      await sleep(between(50, 1_500));
      await strike("bot while it starts");
      await Promise.race([starting, sleep(0)]);
    }
    const startedAt = performance.now();
    await bot.start();
    startsMs.push(performance.now() - startedAt);
  }

  function choose(): Kill {
    const dice = random();
    if (dice < 0.3) return "bot";
    if (dice < 0.7) return "bot as a message appears";
    return dice < 0.85 ? "bot and database" : "database, then bot";
  }

  return {
    kills,
    startsMs,
    async run(count) {
      while (kills.length < count) {
        await sleep(between(...lifeMs));
        if (isStopped) return;
        await strike(choose());
        await restart(count);
      }
    },
    stop() {
      isStopped = true;
    },
  };
}

/** SIGKILL to the embedded server, when one runs. */
function killDatabase(folder: string): void {
  const pid = databasePid(folder);
  if (pid === null) return;
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** Process id of the embedded server of a bot's folder, or null. */
export function databasePid(folder: string): number | null {
  try {
    const [first = ""] = readFileSync(path.join(folder, "data/postgres/data/postmaster.pid"), "utf8").split(
      "\n",
    );
    const pid = Number(first);
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

/**
 * Numbers in [0, 1) that a seed repeats (mulberry32).
 * @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
