import type { z } from "zod";
import type { KindOf } from "../domain/alert/evidence-kind.ts";
import type { BakeRule } from "../domain/bake.ts";
import type { ChannelSettings } from "../domain/incident/channel.ts";
import type { Incident, TimelineKind } from "../domain/incident.ts";
import type { Feedback } from "../domain/learning/feedback.ts";
import type { Senders } from "../domain/noise/sender.ts";
import type { Person } from "../domain/people/person.ts";
import type { Decision, PolicyAction, PolicyResource } from "../domain/policy.ts";
import type { EvaluationGate } from "../domain/rollout/evaluation-gate.ts";
import type { Plan } from "../domain/rollout/plan.ts";
import type { ManifestRule, RetrainManifest } from "../domain/rollout/retrain-manifest.ts";
import type { Rollout } from "../domain/rollout.ts";
import type { Matcher } from "../domain/suppression/matcher.ts";
import type { View, ViewAction } from "../domain/view.ts";
import type { Charts } from "./charts.ts";
import type { Account, Channel } from "./chat.ts";
import type { NewRuling } from "./feedback.ts";
import type { ModelBackend, ModelVersion } from "./model.ts";
import type { Log } from "./observability.ts";
import type { Store, StoreSlices } from "./store.ts";

/** Something is wrong with what was asked: what, with which value, what to do next. */
export interface Refusal {
  readonly kind: "refuse";
  /** Short, stable, for tests and metrics: "unknown_incident". */
  readonly reason: string;
  /** One plain sentence naming the value. */
  readonly problem: string;
  /** One plain sentence: what to do instead. */
  readonly remedy: string;
  /** Command lines, without the slash, that would work instead; shown as buttons. */
  readonly suggestions?: readonly string[];
  /** Buttons beside them. */
  readonly actions?: readonly ViewAction[];
}

/**
 * A change of something that has a card. A command hands it back and whoever ran it stores it, adds the line to the
 * thread, edits the cards and wakes what must go on, all in the transaction of the command.
 */
export type Effect =
  | {
      readonly kind: "incident";
      /** As it is to be stored; its revision is raised when it is. */
      readonly incident: Incident;
      readonly entry: {
        readonly kind: TimelineKind;
        readonly text: string;
        readonly data?: Readonly<Record<string, unknown>>;
        /** When it happened, where that was not now. */
        readonly at?: Date;
        /** Kept in the history, and not said in the thread. */
        readonly isQuiet?: true;
      };
    }
  /** What somebody says of a grouping or a cause. */
  | {
      readonly kind: "feedback";
      readonly said: Omit<Feedback, "person" | "at">;
      /** When the bot decided what this is about: the version of its model then is kept with it. Null when it is not known. */
      readonly decidedAt: Date | null;
      /** What triage has to do about it, in order. */
      readonly rulings: readonly NewRuling[];
    }
  /** `rollout.version` is the one that was read: if someone moved it since, the command is run again. */
  | { readonly kind: "rollout"; readonly rollout: Rollout };

/** What a command answers. Reads and errors are private; changes of state are public through cards and threads. */
export type CommandResult =
  | {
      readonly kind: "answer";
      readonly view: View;
      readonly visibility: "private" | "public";
      /** For the audit log; absent for reads. `action` in the past: "incident.acknowledged". */
      readonly audit?: {
        readonly action: string;
        readonly subject: string;
        readonly data: Readonly<Record<string, unknown>>;
      };
      readonly effects?: readonly Effect[];
    }
  | Refusal;

export type PlanResult = { readonly kind: "plan"; readonly plan: Plan } | Refusal;

/** What a rollout command asks to have planned. */
export interface PlanQuestion {
  readonly kind: Plan["kind"];
  readonly model: string;
  /** Null takes the model's only environment, or is refused with the choice. */
  readonly environment: string | null;
  /** Version to serve after. Null means the version before for a rollback, and is refused for a deploy. */
  readonly to: string | null;
  readonly reason: string;
  readonly incidentId: number | null;
  /** For a retrain: what was said of its inputs, or what was approved; absent says nothing. */
  readonly manifest?: RetrainManifest;
  /** Why a freeze, or the refusal of a check, is to be broken; absent when none is. */
  readonly breakGlass?: {
    readonly reason: string;
    /** Names of checks that may be broken: those that were when it was approved. Absent for any. */
    readonly checks?: readonly string[];
  };
}

/**
 * Looks at a plan before it is approved, and again before it is carried out: an evaluation gate, a rule of one's own.
 * Changes nothing.
 */
export interface PlanCheck {
  /** Shown beside what it found: "evaluation". */
  readonly name: string;
  /** Whether someone with a reason may go on in spite of its refusal: a second person agrees, and it is reviewed. */
  readonly isBreakable: boolean;
  /**
   * @param of.version - what the backend says of the version to serve; null when it lists no such version.
   * @returns a refusal, or one line of what was found; null when it has nothing to say of this plan.
   */
  check(
    plan: Plan,
    of: { readonly entry: ModelEntry; readonly version: ModelVersion | null },
  ): Promise<Refusal | { readonly kind: "found"; readonly text: string } | null>;
}

/** One model as configured, with where it lives. */
export interface ModelEntry {
  readonly name: string;
  readonly backend: ModelBackend;
  readonly environments: readonly string[];
  readonly owners: readonly string[];
  /** Environment to the registry's name for what serves there, where it is not the usual one. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly risk: "low" | "high";
  /** Services whose incidents a rollout of this model may explain. */
  readonly services: readonly string[];
  /** Links for its cards; http(s), checked. */
  readonly dashboards: readonly { readonly name: string; readonly url: string }[];
  /** Which alerts concern it: those on which all matchers of at least one group hold; none means nobody said. */
  readonly alerts: readonly (readonly Matcher[])[];
  /** What a retrain must say of its inputs; absent for what is shipped. */
  readonly manifest?: ManifestRule;
  /** What a version must show before it may be deployed; absent for nothing. */
  readonly gates?: readonly EvaluationGate[];
  /** What is watched after a rollout, by environment; nothing where there is none. */
  readonly bakes: ReadonlyMap<string, BakeRule>;
  /** How long a canary stays at each of its steps, ms. */
  readonly holdMs: number;
  /** How long a rollout may run before it is asked to stop, ms; null leaves it to the bot's own limit. */
  readonly timeoutMs: number | null;
}

/** What a command may use. Time, people and state come in here; it reaches for nothing else. */
export interface CommandContext {
  readonly now: Date;
  readonly person: Person;
  /** With which account of theirs they asked. */
  readonly account: Account;
  readonly channel: Channel | null;
  /** So many bytes that nobody can guess. */
  random(count: number): Uint8Array;
  /** "slack", "discord", "console" or "cli". */
  readonly via: string;
  /** Inside the transaction that also takes the audit entry; for the plan of a rollout, which writes nothing, outside. */
  readonly store: StoreSlices;
  readonly models: readonly ModelEntry[];
  readonly people: readonly Person[];
  readonly commands: readonly Command[];
  /** Asks the model's backend what would happen; changes nothing. The same function plans again before it is applied. */
  plan(question: PlanQuestion): Promise<PlanResult>;
  readonly charts: Charts;
  /** What sort of evidence an alert is, as the correlator reads it. */
  readonly kindOf: KindOf;
  /** Which sources Alertmanagers and Grafana send to. */
  readonly senders: Senders;
  /** Channels of incidents' own; null where there are none. */
  readonly channelSettings: ChannelSettings | null;
  /** A digest of what happened since the last one, into a channel; see `src/app/digest.ts`. */
  requestDigest(channel: Channel): Promise<{ readonly runId: number }>;
  /** May this person do that? For help and for buttons; execute has already asked for the command itself. */
  may(action: PolicyAction, resource: PolicyResource): boolean;
  /** The same question about someone, with the rule that decided. */
  decide(person: Person, action: PolicyAction, resource: PolicyResource): Decision;
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
  /** False where a dry run would give away what the command guards; default: an operate command has one. */
  readonly hasDryRun?: false;
  /** Option that is the number of the incident when asked in the thread of its card; default: the one called `incident`. */
  readonly ofThread?: keyof z.output<Options> & string;
  /** Its form, where the default does not fit. */
  readonly form?: CommandFormRule<keyof z.output<Options> & string>;
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
  /** What it is done to, for Cedar; default: the bot itself. Refuses when there is no such thing. */
  resource?(
    options: z.output<Options>,
    context: CommandContext,
  ): PolicyResource | Refusal | Promise<PolicyResource | Refusal>;
}

/** What a form asks for, by keys of options. */
export interface CommandFormRule<Key extends string = string> {
  /** In this order; default: the bare words, then every other option but those that all commands have. */
  readonly fields?: readonly Key[];
  /** Options whose absence opens the form although the command answers without them, with a question. */
  readonly asks?: readonly Key[];
  /** Opens for a bare command too, which otherwise is answered without it. */
  readonly isForBare?: true;
  /** Options in which several may be chosen; they arrive separated by ", ". */
  readonly multiple?: readonly Key[];
  /** Suggested options that take other values as well. */
  readonly open?: readonly Key[];
  /** Values that are likely meant where nothing was said, by option. */
  prefill?(context: PrefillContext): Promise<Readonly<Partial<Record<Key, string | number | boolean>>>>;
}

export interface PrefillContext extends SuggestContext {
  /** The incident of the place where the form is opened, or of what was said. */
  readonly incident: Incident | null;
}

export interface SuggestContext {
  readonly store: Store;
  readonly models: readonly ModelEntry[];
  readonly people: readonly Person[];
  readonly commands: readonly Command[];
  readonly now: Date;
  /** What the other options say so far, by key; not checked. */
  readonly given: Readonly<Record<string, unknown>>;
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
