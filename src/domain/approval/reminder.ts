/** When people are reminded of a rollout that waits for them. */
import type { Rollout } from "../rollout.ts";

export interface ApprovalReminder {
  readonly key: "reminder 1" | "reminder 2";
  readonly at: Date;
}

/** Whoever has to be quicker than this needs no reminder, ms. */
const shortestWaitMs = 30 * 60_000;
/** The last reminder comes so long before the end, ms, or at the last quarter of a shorter wait. */
const lastLeadMs = 2 * 3_600_000;

/** True for the key of a note that reminds. */
export function isApprovalReminder(key: string): boolean {
  return key === "reminder 1" || key === "reminder 2";
}

/** Half-way, and once more before it expires; none for one that does not wait or not for long. */
export function approvalReminders(
  rollout: Pick<Rollout, "state" | "requestedAt" | "expiresAt">,
): readonly ApprovalReminder[] {
  const { state, requestedAt, expiresAt } = rollout;
  if (state !== "pending" || expiresAt === null) return [];
  const waitMs = expiresAt.getTime() - requestedAt.getTime();
  if (waitMs < shortestWaitMs) return [];
  return [
    { key: "reminder 1", at: new Date(requestedAt.getTime() + waitMs / 2) },
    { key: "reminder 2", at: new Date(expiresAt.getTime() - Math.min(lastLeadMs, waitMs / 4)) },
  ];
}

/** The one that is due, the newest if several are; and when to look again. */
export function reminderTurn(
  rollout: Pick<Rollout, "state" | "requestedAt" | "expiresAt">,
  now: Date,
): { readonly due: ApprovalReminder | null; readonly next: Date | null } {
  const reminders = approvalReminders(rollout);
  const due = reminders.filter(({ at }) => at <= now).at(-1) ?? null;
  const next = reminders.find(({ at }) => at > now)?.at ?? rollout.expiresAt;
  return { due, next };
}
