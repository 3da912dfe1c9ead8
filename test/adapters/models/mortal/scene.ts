/** A backend with the system behind it, a strict fake or a real one, as a bot that may die meets it. */
import type { ModelBackend, RolloutKind, Store } from "../../../../src/ports.ts";
import { type Death, mortalCall } from "../../../app/mortal.ts";
import type { TestClock } from "../../../app/rollout-world.ts";
import type { Call, FaultProxy } from "../proxy.ts";

export interface MortalScene {
  readonly model: string;
  /** Exists and does not serve yet. */
  readonly to: string;
  /** Options of a retrain. */
  readonly manifest: string;
  readonly clock: TestClock;
  /** The backend of one bot. Its store and whatever it sends die with it. */
  backendIn(bot: Store, death: Death): ModelBackend;
  /** How often each part of the system was set to work since the scene was opened. */
  begun(): Promise<readonly number[]>;
  /** Lets the system come to rest. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface MortalRow {
  readonly name: string;
  readonly kinds: readonly RolloutKind[];
  /** Whether an interrupted start may be left to a person, because nobody can look. */
  readonly mayAsk: boolean;
  open(store: Store): Promise<MortalScene>;
}

/** The commit is one that the fake of GitHub has. */
export const manifest = "--commit 4f2a000000000000000000000000000000000000 --param depth=7";
export const serving = ["deploy", "rollback"] as const;
export const everything = [...serving, "retrain"] as const;
/** Who dies is cut off at once and hangs on nothing, so that no answer is too late, whatever else the machine does. */
export const patient = { timeoutSeconds: 30 };
export const nothing = () => Promise.resolve();

let names = 0;
export function newName(): string {
  names += 1;
  return `mortal-${names}`;
}

/** Lets what is behind a proxy die with the bot. */
export function dieBehind(
  proxy: FaultProxy,
  death: Death,
  isQuestion = ({ method }: Call) => method === "GET",
) {
  proxy.fate = (call) => mortalCall(death, isQuestion(call) ? "asks" : "changes");
}
