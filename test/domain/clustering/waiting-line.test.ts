import { expect, test } from "vitest";
import { createWaitingLine, type Waiting } from "../../../src/domain/clustering/waiting-line.ts";

interface Guest extends Waiting<Guest> {
  readonly name: string;
}

function lineOf(...names: readonly string[]) {
  const line = createWaitingLine<Guest>();
  const guests = names.map((name): Guest => ({ name, isUsed: false, next: null }));
  for (const guest of guests) line.join(guest);
  return { line, guests };
}

test("the first goes first, and nobody when nobody is left", () => {
  const { line } = lineOf("a", "b");
  expect([line.leave()?.name, line.leave()?.name, line.leave()]).toEqual(["a", "b", null]);
  expect(line.left).toBe(2);
});

test("one that was used is passed over once, and stands at the end then", () => {
  const { line, guests } = lineOf("a", "b", "c");
  if (guests[0] !== undefined) guests[0].isUsed = true;
  expect([line.leave()?.name, line.leave()?.name, line.leave()?.name]).toEqual(["b", "c", "a"]);
});

test("an emptied line can be joined again", () => {
  const { line } = lineOf("a");
  line.leave();
  line.join({ name: "b", isUsed: false, next: null });
  expect(line.leave()?.name).toBe("b");
});

test("where all are used, one goes after a bounded number of chances", () => {
  const { line, guests } = lineOf(...Array.from({ length: 1_000 }, (_none, index) => `${index}`));
  for (const guest of guests) guest.isUsed = true;
  expect(line.leave()?.name).toBe("64");
  expect(guests.filter(({ isUsed }) => !isUsed)).toHaveLength(64);
});
