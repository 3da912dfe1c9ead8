import type { z } from "zod";
import type { Incident } from "../domain/incident.ts";
import type { Person } from "../domain/person.ts";
import type { PolicyAction, PolicyResource } from "../domain/policy.ts";
import type { Plan, Rollout } from "../domain/rollout.ts";
import type { View } from "../domain/view.ts";
import type { Channel } from "./chat.ts";
import type { ModelBackend } from "./model.ts";
import type { Log } from "./observability.ts";
import type { Store, StoreSlices } from "./store.ts";

/** What a command answers. Reads and errors are private; changes of state are public through cards and threads. */
export type CommandResult =
  | {
      readonly kind: "answer";
      readonly view: View;
      readonly visibility: "private" | "public" /** For the audit log; absent for reads. */;
      readonly audit?: { readonly subject: string; readonly data: Readonly<Record<string, unknown>> };
    }
  /** Something is wrong with what was asked: what, with which value, what to do next. */
  | {
      readonly kind: "refuse";
      readonly reason: string;
      readonly problem: string;
      readonly remedy: string;
      readonly suggestions?: readonly string[];
    };

export type PlanResult =
  | { readonly kind: "plan"; readonly plan: Plan }
  | {
      readonly kind: "refuse";
      readonly reason: string;
      readonly problem: string;
      readonly remedy: string;
      readonly suggestions?: readonly string[];
    };

/** One model as configured, with where it lives. */
export interface ModelEntry {
  readonly name: string;
  readonly backend: ModelBackend;
  readonly environments: readonly string[];
  readonly owners: readonly string[];
  readonly risk: "low" | "high";
  /** Services whose incidents a rollout of this model may explain. */
  readonly services: readonly string[];
}

/** What a command may use. Time, people and state come in here; it reaches for nothing else. */
export interface CommandContext {
  readonly now: Date;
  readonly person: Person;
  readonly channel: Channel | null;
  /** "slack", "discord", "console" or "cli". */
  readonly via: string;
  /** Inside the transaction that also takes the audit entry. */
  readonly store: StoreSlices;
  readonly models: readonly ModelEntry[];
  readonly people: readonly Person[];
  readonly commands: readonly Command[];
  /** May this person do that? For help and for buttons; execute has already asked for the command itself. */
  may(action: PolicyAction, resource: PolicyResource): boolean;
  readonly log: Log;
}

interface CommandBase<Options extends z.ZodObject> {
  /** Equals the file name. */
  readonly name: string;
  /** One line, at most 100 characters. */
  readonly summary: string;
  /** Command lines that work, without the slash. */
  readonly examples: readonly string[];
  /** Every option is described with `.describe()`. Booleans, numbers, strings and enums only. */
  readonly options: Options;
  /** Options that may be written as bare words, in order. The last takes the rest of the line when it is in `rest`. */
  readonly args: readonly (keyof z.output<Options> & string)[];
  readonly rest?: keyof z.output<Options> & string;
  /** Suggestions while typing, by option. */
  readonly suggest?: Readonly<
    Record<
      string,
      (
        partial: string,
        context: SuggestContext,
      ) => Promise<readonly { readonly label: string; readonly value: string }[]>
    >
  >;
  /** Cedar action that must be allowed. */
  readonly action: PolicyAction;
  /** What it is done to, for Cedar; default: nothing in particular. */
  resource?(options: z.output<Options>, context: CommandContext): PolicyResource;
}

export interface SuggestContext {
  readonly store: Store;
  readonly models: readonly ModelEntry[];
  readonly now: Date;
}

/** Reads or changes the bot's own state in one transaction. */
export interface ActingCommand<Options extends z.ZodObject = z.ZodObject> extends CommandBase<Options> {
  readonly kind: "read" | "operate";
  run(options: z.output<Options>, context: CommandContext): Promise<CommandResult>;
}

/** Changes a model: plans; approval and apply are not its business. */
export interface RolloutCommand<Options extends z.ZodObject = z.ZodObject> extends CommandBase<Options> {
  readonly kind: "rollout";
  plan(options: z.output<Options>, context: CommandContext): Promise<PlanResult>;
}

export type Command = ActingCommand | RolloutCommand;

/**
 * One slash command: one file in `commands/` (or in the folder named by `commands.folder` in tocsin.yaml), default
 * export, name = file name. Commands never check their caller, audit or post.
 */
export function defineCommand<Options extends z.ZodObject>(
  command: ActingCommand<Options> | RolloutCommand<Options>,
): Command {
  // Options are parsed with this very schema before run or plan sees them, so forgetting their type is safe.
  return command as unknown as Command;
}

/** Facts that many commands show. */
export interface IncidentFacts {
  readonly incident: Incident;
  readonly rollouts: readonly Rollout[];
}
