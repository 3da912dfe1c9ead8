import { readConfig } from "../config.ts";
import { startBot } from "../main.ts";
import { runUntilStopped } from "./signals.ts";

/** `tocsin start`: runs until a signal, then stops in good order. */
export async function start(): Promise<void> {
  await runUntilStopped((onFatal) => startBot(readConfig(), { onFatal }));
}
