/** How a step ends that cannot go on: it is over, it is tried again later, or a person is asked. */
import { type Rollout, withProgress } from "../../domain/rollout.ts";
import { oneLine } from "../../domain/view.ts";
import type { Transitions } from "../transition.ts";

export interface Setbacks {
  /** It is over, and nothing of it was begun. @param why - one plain line, without a full stop. */
  fail(rollout: Rollout, why: string): Promise<void>;
  /** Says on the card why it does not move on, and looks again later. @param after - what else changed of it. */
  wait(rollout: Rollout, why: string, after?: Rollout): Promise<void>;
  /** Nobody can tell how it stands: it becomes `unknown`, keeps its target, and a person says how it ended. */
  ask(rollout: Rollout, why: string): Promise<void>;
}

/** @param retryMs - until a step that waits is tried again. */
export function createSetbacks({ move, progress }: Transitions, retryMs: number): Setbacks {
  return {
    fail: async (rollout, why) => await move(rollout, "failed", { result: why }),
    wait: async (rollout, why, after = rollout) =>
      await progress(rollout, withProgress(after, { note: oneLine(why, 300) }), retryMs),
    ask: async (rollout, why) => await move(rollout, "unknown", { result: oneLine(why, 300) }),
  };
}

/** What an error of a backend says, as one line for a card. */
export function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error), 250);
}
