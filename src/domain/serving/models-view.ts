/** What serves where, how it does, and who holds or waits for each place: the answer to /models. */

import { bakeWord } from "../bake/view.ts";
import type { Bake } from "../bake.ts";
import { answerView } from "../command/answer.ts";
import { lockText, type TargetLock } from "../rollout/standing.ts";
import { bold, code, moment, oneLine, plain, type Text, textOf, type View, type ViewBlock } from "../view.ts";

/** One model in one environment. */
export interface TargetFacts {
  readonly model: string;
  readonly environment: string;
  readonly live:
    | {
        readonly kind: "known";
        /** Null when nothing serves. */
        readonly version: string | null;
        readonly since: Date | null;
        /** Person id, or a name of the backend's own. */
        readonly by: string | null;
      }
    /** The backend could not be asked; `lastSeen` is what the bot saw before. */
    | {
        readonly kind: "unknown";
        readonly problem: string;
        readonly lastSeen: { readonly version: string | null; readonly at: Date } | null;
      };
  /** Of the version that serves; null when nobody watched it. */
  readonly bake: Bake | null;
  readonly lock: TargetLock | null;
  /** Rollouts that wait for their turn, in order. */
  readonly waiting: readonly {
    readonly id: number;
    readonly requestedBy: string;
    readonly requestedAt: Date;
  }[];
  /** What else is to be known: "changed outside the bot". */
  readonly notes: readonly string[];
}

type NameOf = (person: string) => string;

/** Waiting rollouts that are listed for one place. */
const maxWaiting = 5;

export function modelsView(targets: readonly TargetFacts[], nameOf: NameOf): View {
  const text = targets.map(sentenceOf).join("; ");
  return answerView(targets.length === 0 ? "No models are configured." : `${text}.`, {
    title: "What serves where",
    blocks: targetBlocks(targets, nameOf),
  });
}

/** A line for each place, with all that is to be known of it: tables of so many columns break on narrow screens. */
export function targetBlocks(targets: readonly TargetFacts[], nameOf: NameOf): readonly ViewBlock[] {
  if (targets.length === 0) return [];
  return [{ kind: "list", items: targets.map((target) => lineOf(target, nameOf)), ordered: "bulleted" }];
}

/** What serves in one place, in a few words. */
export function liveWord({ live }: TargetFacts): string {
  return live.kind === "known" ? (live.version ?? "nothing") : `unknown: ${live.problem}`;
}

function sentenceOf(target: TargetFacts): string {
  const { bake, lock, waiting, notes } = target;
  const said = [
    ...(bake === null ? [] : [bakeState(bake)]),
    ...(lock === null || textOf(lockText(lock, String)) === "free" ? [] : ["locked"]),
    ...(waiting.length === 0 ? [] : [`${waiting.length} waiting`]),
    ...notes,
  ];
  return `${placeOf(target)}: ${liveWord(target)}${said.length === 0 ? "" : ` (${said.join("; ")})`}`;
}

function lineOf(target: TargetFacts, nameOf: NameOf): Text {
  const { live, bake, lock, waiting, notes } = target;
  const held = lockText(lock, nameOf);
  const parts: readonly Text[] = [
    live.kind === "known" ? servingText(live, nameOf) : unknownText(live),
    ...(bake === null ? [] : [[plain(bakeState(bake))]]),
    ...(textOf(held) === "free" ? [] : [held]),
    ...(waiting.length === 0 ? [] : [queueText(waiting, nameOf)]),
    ...notes.map((note): Text => [plain(note)]),
  ];
  const joined = parts.flatMap((part, at) => (at === 0 ? part : [plain(" · "), ...part]));
  return [bold(placeOf(target)), plain(": "), ...joined];
}

function servingText(live: Extract<TargetFacts["live"], { kind: "known" }>, nameOf: NameOf): Text {
  const { version, since, by } = live;
  return [
    version === null ? plain("nothing") : code(oneLine(version, 120)),
    ...(since === null ? [] : [plain(" since "), moment(since)]),
    ...(by === null ? [] : [plain(` by ${oneLine(nameOf(by), 60)}`)]),
  ];
}

function unknownText({ problem, lastSeen }: Extract<TargetFacts["live"], { kind: "unknown" }>): Text {
  const seen =
    lastSeen === null ? [] : [plain(`; ${lastSeen.version ?? "nothing"} was seen `), moment(lastSeen.at)];
  return [plain(`unknown: ${oneLine(problem, 120)}`), ...seen];
}

function queueText(waiting: TargetFacts["waiting"], nameOf: NameOf): Text {
  const shown = waiting
    .slice(0, maxWaiting)
    .flatMap(({ id, requestedBy, requestedAt }, at) => [
      plain(`${at === 0 ? "" : ", then "}rollout ${id} by ${oneLine(nameOf(requestedBy), 60)} since `),
      moment(requestedAt),
    ]);
  const more = waiting.length > maxWaiting ? [plain(` and ${waiting.length - maxWaiting} more`)] : [];
  return [plain(`${waiting.length} ${waiting.length === 1 ? "waits" : "wait"}: `), ...shown, ...more];
}

function bakeState(bake: Bake): string {
  return bake.state === "watching" ? "baking" : bakeWord(bake).toLowerCase();
}

function placeOf({ model, environment }: TargetFacts): string {
  return `${model} in ${environment}`;
}
