import type { CommandRequest } from "./chat.ts";

export interface RequestStore {
  /** False when a request with this key was already there. */
  add(request: CommandRequest): Promise<boolean>;
  /** Locks the row; null when it is done or unknown. */
  take(key: string): Promise<CommandRequest | null>;
  finish(key: string, outcome: string, at: Date): Promise<void>;
  prune(before: Date): Promise<number>;
}
