import { expect, test } from "vitest";
import { createLog, type LogOptions } from "../../src/adapters/log.ts";
import { secretSamples } from "../fixtures/secrets.ts";

function collect(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLog({ level: "debug", destination, ...options });
  return { log, lines, last: (): unknown => JSON.parse(lines.at(-1) ?? "null") };
}

test("a line is one JSON object with its level, time, fields and message", () => {
  const { log, lines, last } = collect({ base: { replica: "r1" } });
  log.child({ incident: 12 }).warn({ channel: "console:incidents" }, "post: refused\nby the platform");
  expect(lines).toHaveLength(1);
  expect(lines[0]?.trimEnd()).not.toContain("\n");
  expect(last()).toEqual({
    level: "warn",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    replica: "r1",
    incident: 12,
    channel: "console:incidents",
    msg: "post: refused\nby the platform",
  });
});

test("what is below the level is not written", () => {
  const { log, lines } = collect({ level: "warn" });
  log.debug({}, "a");
  log.info({}, "b");
  log.warn({}, "c");
  log.error({}, "d");
  expect(lines).toHaveLength(2);
});

test("fields named like secrets are blanked, also one level down", () => {
  const { log, lines } = collect();
  log.info(
    { token: "t0p", headers: { authorization: "Basic eDp5", cookie: "c00kie" }, password: "p4ss" },
    "x",
  );
  log.child({ databaseUrl: "postgres://h4ndle" }).info({}, "y");
  expect(lines.join("")).not.toMatch(/t0p|eDp5|c00kie|p4ss|h4ndle/);
  expect(lines.join("")).toContain("[redacted]");
});

test.each(secretSamples().map(({ name, text, secret }) => [name, text, secret] as const))(
  "%s is found wherever it stands",
  (_name, text, secret) => {
    const { log, lines } = collect();
    log.info({ detail: text }, "field");
    log.info({}, text);
    log.error({ error: new Error(text) }, "error");
    log.error({ err: new Error("outer", { cause: new Error(text) }) }, "cause");
    log.child({ detail: text }).info({}, "child");
    expect(lines).toHaveLength(5);
    for (const line of lines) expect(line).not.toContain(JSON.stringify(secret).slice(1, -1));
  },
);

test("errors keep their kind, message and cause", () => {
  const { log, last } = collect();
  log.error({ error: new TypeError("it broke", { cause: new Error("because") }) }, "x");
  expect(last()).toMatchObject({
    error: {
      type: "TypeError",
      message: "it broke",
      cause: "Error: because",
      stack: expect.stringContaining("log.test"),
    },
  });
});

test("a secret that a cut would halve is not written in part (issue 3)", () => {
  const { log, lines } = collect();
  const secret = "Zq7vXw2Lp9Rt".repeat(3);
  for (const length of [1_960, 1_970, 1_980, 1_990, 2_000, 3_960, 3_970, 3_980, 3_990, 4_000])
    log.info({ detail: `${"x ".repeat(length / 2)}ghp_${secret}` }, "field");
  expect(lines.join("")).not.toContain("Zq7v");
});

test("a text without end does not fill the disk", () => {
  const { log, lines } = collect();
  log.info({ detail: "x".repeat(100_000) }, "y".repeat(100_000));
  expect(lines[0]?.length).toBeLessThan(5_000);
});
