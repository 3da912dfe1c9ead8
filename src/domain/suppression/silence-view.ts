/** What a channel is told of a silence that was made in it. */

import { moment, oneLine, plain, type Text, textOf, type View, type ViewAction } from "../view.ts";
import { formatMatcher } from "./matcher.ts";
import type { Silence } from "./silence.ts";

/** `ending`: it ends soon. `idle`: it has matched nothing for long. */
export type ReminderKind = "ending" | "idle";

/** All that a reminder shows. */
export interface SilenceReminder {
  readonly kind: ReminderKind;
  readonly silence: Silence;
  /** Firing alerts that it mutes: how many, and the names of some. */
  readonly muted: { readonly count: number; readonly names: readonly string[] };
  /** Person id to name. */
  readonly nameOf: (person: string) => string;
  readonly now: Date;
}

export function silenceReminderView(reminder: SilenceReminder): View {
  const { silence } = reminder;
  const text = reminder.kind === "ending" ? endingText(reminder) : idleText(reminder);
  const title = oneLine(textOf(text), 200);
  const isOver = silence.endsAt <= reminder.now;
  return {
    kind: "answer",
    title: `Silence ${silence.id}: ${reminder.kind === "ending" ? "ends soon" : "matches nothing"}`,
    tone: reminder.kind === "ending" ? "warning" : "neutral",
    summary: title,
    blocks: [
      { kind: "text", text },
      { kind: "note", text: [plain(oneLine(silence.matchers.map(formatMatcher).join(" "), 500))] },
    ],
    actions: isOver ? [] : actionsOf(reminder),
  };
}

function actionsOf({ kind, silence }: SilenceReminder): ViewAction[] {
  const end: ViewAction = { label: "End it", command: `silence --end ${silence.id}`, style: "plain" };
  if (kind === "idle") return [end];
  const extend = `silence --extend ${silence.id} --for 2h`;
  return [{ label: "2 h more", command: extend, style: "primary" }, end];
}

function endingText({ silence, muted, nameOf, now }: SilenceReminder): Text {
  const verb = silence.endsAt <= now ? "ended" : "ends";
  const more = muted.count - muted.names.length;
  const names = `${muted.names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  const still = muted.count === 0 ? "" : ` It mutes what fires now: ${oneLine(names, 300)}.`;
  return [
    plain(`Silence ${silence.id} by ${nameOf(silence.createdBy)} (${oneLine(silence.reason, 200)}) ${verb} `),
    moment(silence.endsAt),
    plain(`.${still}`),
  ];
}

function idleText({ silence, nameOf }: SilenceReminder): Text {
  const who = `Silence ${silence.id} by ${nameOf(silence.createdBy)} (${oneLine(silence.reason, 200)})`;
  const since: Text =
    silence.matchedAt === null
      ? [plain(" has matched no alert since it was made, "), moment(silence.startsAt)]
      : [plain(" has matched no alert since "), moment(silence.matchedAt)];
  return [plain(who), ...since, plain("; it lasts until "), moment(silence.endsAt), plain(".")];
}
