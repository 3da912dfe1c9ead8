import { readConfig } from "../config.ts";
import { startBot } from "../main.ts";
import { keepHeapSmall } from "./memory.ts";
import { runUntilStopped } from "./signals.ts";

/** `tocsin start`: runs until a signal, then stops in good order. */
export async function start(): Promise<void> {
  keepHeapSmall();
  await runUntilStopped((onFatal) => startBot(readConfig(), { onFatal }));
}
