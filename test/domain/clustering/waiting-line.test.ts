import { expect, test } from "vitest";
import { createWaitingLine } from "../../../src/domain/clustering/waiting-line.ts";

function lineOf(guests: number, length = guests) {
  const line = createWaitingLine(length);
  const places = Array.from({ length: guests }, () => line.enter());
  return { line, places };
}

test("the first goes first, and nobody when nobody is left", () => {
  const { line, places } = lineOf(2);
  expect(new Set(places).size).toBe(2);
  expect([line.leave(), line.leave(), line.leave()]).toEqual([...places, -1]);
  expect([line.left(), line.size()]).toEqual([2, 0]);
});

test("one that was used is passed over once, and stands at the end then", () => {
  const { line, places } = lineOf(3);
  const [a = -1, b, c] = places;
  line.use(a);
  expect([line.leave(), line.leave(), line.leave()]).toEqual([b, c, a]);
});

test("a place that came free is given again, as if never used, and never one that somebody has", () => {
  const { line } = lineOf(2, 3);
  line.use(0);
  expect(line.leave()).toBe(1);
  line.use(0);
  expect(line.leave()).toBe(0);
  const places = [line.enter(), line.enter(), line.enter()];
  expect(new Set(places)).toEqual(new Set([0, 1, 2]));
  expect(line.leave()).toBe(places[0]);
});

test("a full line takes nobody", () => {
  expect(() => lineOf(4, 3)).toThrow("a line of 3 places is full");
});

test("where all are used, one goes after a bounded number of chances", () => {
  const { line, places } = lineOf(1_000);
  for (const place of places) line.use(place);
  expect(line.leave()).toBe(places[64]);
  // Those that were passed over have no second chance left, those behind them have.
  for (let index = 65; index < 129; index += 1) line.leave();
  expect(line.size()).toBe(1_000 - 65);
});
