import { expect, test } from "vitest";
import { DeadlineError, withDeadline } from "../../src/app/deadline.ts";
import { isDatabaseAway } from "../../src/app/faults.ts";

function coded(code: string, cause?: Error): Error {
  return Object.assign(new Error(code, { cause }), { code });
}

test.each([
  ["a refused connection", coded("ECONNREFUSED"), true],
  ["a server that shuts down", coded("57P01"), true],
  ["one that is wrapped", new Error("query failed", { cause: coded("CONNECTION_CLOSED") }), true],
  ["a broken rule of the database", coded("23505"), false],
  ["any other error", new Error("no"), false],
  ["no error at all", "ECONNREFUSED", false],
])("%s: the database is away is %s", (_name, error, expected) => {
  expect(isDatabaseAway(error)).toBe(expected);
});

test("a circle of causes ends", () => {
  const first = new Error("a");
  first.cause = new Error("b", { cause: first });
  expect(isDatabaseAway(first)).toBe(false);
});

test("what answers in time is passed on, and what does not is named", async () => {
  await expect(withDeadline(Promise.resolve(1), 1_000, "x")).resolves.toBe(1);
  await expect(withDeadline(Promise.reject(new Error("its own")), 1_000, "x")).rejects.toThrow("its own");
  const never = new Promise(() => undefined);
  await expect(withDeadline(never, 5, 'the backend "x"')).rejects.toThrow(DeadlineError);
  await expect(withDeadline(never, 5, 'the backend "x"')).rejects.toThrow('the backend "x" did not answer');
});
