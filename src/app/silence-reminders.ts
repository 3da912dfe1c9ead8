/**
 * Reminders of silences: one before a silence ends, while alerts that it mutes still fire, and one when it has long
 * matched nothing. A reminder is a post whose key follows from the silence, so whoever asks for it, and however often,
 * it is sent once.
 */

import type { TrackedAlert } from "../domain/alert/tracked.ts";
import { matchable } from "../domain/chat/routing.ts";
import { matchesAll } from "../domain/suppression/matcher.ts";
import type { Silence } from "../domain/suppression/silence.ts";
import { type PostKind, parseChannel, type StoreSlices } from "../ports.ts";

/** When to remind; `silences` in tocsin.yaml. */
export interface ReminderRule {
  /** So long before it ends, ms; zero for never. */
  readonly leadMs: number;
  /** After it has matched nothing for so long, ms; zero for never. */
  readonly idleMs: number;
}

export const shippedReminders: ReminderRule = { leadMs: 900_000, idleMs: 7 * 86_400_000 };

export interface Reminder {
  readonly kind: Extract<PostKind, "silence_ending" | "silence_idle">;
  readonly silence: Silence;
}

/** What a look at the silences found. */
export interface ReminderRound {
  readonly due: readonly Reminder[];
  /** Silences that were taken for idle, and match an alert that has been firing for long. */
  readonly matched: readonly number[];
}

/** Reminders are due again and again while their reason lasts. */
export function dueReminders(
  silences: readonly Silence[],
  firing: readonly TrackedAlert[],
  now: Date,
  rule: ReminderRule,
): ReminderRound {
  const active = silences.filter((silence) => silence.startsAt <= now && now < silence.endsAt);
  const ending = active.filter((silence) => isEnding(silence, now, rule) && isNeeded(silence, firing));
  const quiet = active.filter((silence) => isIdle(silence, now, rule));
  const labels = quiet.length === 0 ? [] : firing.map(({ alert }) => matchable(alert));
  const matches = (silence: Silence) => labels.some((each) => matchesAll(silence.matchers, each));
  return {
    due: [
      ...ending.map((silence): Reminder => ({ kind: "silence_ending", silence })),
      ...quiet
        .filter((silence) => !matches(silence))
        .map((silence): Reminder => ({ kind: "silence_idle", silence })),
    ],
    matched: quiet.filter(matches).map(({ id }) => id),
  };
}

/** Whoever made it for less than the lead knows how soon it ends. */
function isEnding({ startsAt, endsAt }: Silence, now: Date, { leadMs }: ReminderRule): boolean {
  const leftMs = endsAt.getTime() - now.getTime();
  return leftMs <= leadMs && endsAt.getTime() - startsAt.getTime() > leadMs;
}

/** An alert names the silence that lasts longest: its end lets the alert notify. */
function isNeeded({ id }: Silence, firing: readonly TrackedAlert[]): boolean {
  return firing.some(({ mutedBy }) => mutedBy?.by === "silence" && mutedBy.id === id);
}

function isIdle({ startsAt, matchedAt }: Silence, now: Date, { idleMs }: ReminderRule): boolean {
  return idleMs > 0 && now.getTime() - (matchedAt ?? startsAt).getTime() >= idleMs;
}

/** Asks for the posts: where the silence was made, or in the console. */
export async function wantReminders(tx: StoreSlices, due: readonly Reminder[], now: Date): Promise<void> {
  for (const { kind, silence } of due) {
    const channel = parseChannel(silence.createdIn ?? "") ?? { platform: "console", id: "incidents" };
    const target = { platform: channel.platform, channel: channel.id };
    await tx.posts.want([{ ...target, kind, subject: silence.id, desiredRevision: 1, threadOf: null }], now);
    await tx.jobs.add({ task: "post", ...target });
  }
}
