import { expect, test } from "vitest";
import { approvalReminders, reminderTurn } from "../../../src/domain/approval/reminder.ts";
import { now, rolloutIn } from "../rollout/build.ts";

const hour = 3_600_000;
const waiting = (hours: number) =>
  rolloutIn("pending", { expiresAt: new Date(now.getTime() + hours * hour) });
const at = (hours: number) => new Date(now.getTime() + hours * hour);

test.each([
  [24, [12, 22]],
  [4, [2, 3]],
  [0.25, []],
])("of a wait of %d h people are reminded after %j h", (hours, moments) => {
  expect(
    approvalReminders(waiting(hours)).map((reminder) => (reminder.at.getTime() - now.getTime()) / hour),
  ).toEqual(moments);
});

test("nobody is reminded of what does not wait", () => {
  expect(approvalReminders(rolloutIn("running"))).toEqual([]);
});

test.each([
  [1, null, 12],
  [12, "reminder 1", 22],
  [21, "reminder 1", 22],
  // After a long stop only the last is said.
  [23, "reminder 2", 24],
] as const)("after %d h %s is due, and the next look is at %d h", (hours, due, next) => {
  const turn = reminderTurn(waiting(24), at(hours));
  expect([turn.due?.key ?? null, turn.next]).toEqual([due, at(next)]);
});
