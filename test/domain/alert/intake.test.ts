import { expect, test } from "vitest";
import {
  type AlertFields,
  buildAlert,
  readLabels,
  readMoment,
  storable,
  textOfValue,
} from "../../../src/domain/alert/intake.ts";

const receivedAt = new Date("2026-03-01T12:45:00.000Z");
const fields: AlertFields = {
  source: "generic",
  status: "firing",
  labels: { alertname: "Smoke" },
  startsAt: new Date("2026-03-01T12:00:00.000Z"),
  endsAt: null,
  receivedAt,
};

test.each([
  ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"],
  ["2026-03-01T12:00:00.9999999Z", "2026-03-01T12:00:00.999Z"],
  ["2026-03-01T12:00:00.5-04:00", "2026-03-01T16:00:00.500Z"],
  ["2026-03-01T12:00:00+0530", "2026-03-01T06:30:00.000Z"],
  ["2026-03-01T12:00:00+02", "2026-03-01T10:00:00.000Z"],
  ["2026-03-01 12:00:00", "2026-03-01T12:00:00.000Z"],
  ["2026-03-01 12:00:00 UTC", "2026-03-01T12:00:00.000Z"],
  ["2026-03-01t12:00z", "2026-03-01T12:00:00.000Z"],
  ["2026-12-31T23:59:60Z", "2026-12-31T23:59:59.000Z"],
  ["2026-03-01", "2026-03-01T00:00:00.000Z"],
  [1_499_368_214, "2017-07-06T19:10:14.000Z"],
  ["1483557272", "2017-01-04T19:14:32.000Z"],
  [1_713_755_131_352, "2024-04-22T03:05:31.352Z"],
  [1_713_755_131_352_123, "2024-04-22T03:05:31.352Z"],
  ["1502709956288000110", "2017-08-14T11:25:56.288Z"],
  [1_499_368_214.25, "2017-07-06T19:10:14.250Z"],
])("reads the moment %s", (value, moment) => {
  expect(readMoment(value)?.toISOString()).toBe(moment);
});

test.each([
  ["0001-01-01T00:00:00Z"],
  ["0001-01-01T00:00:00.000+00:00"],
  ["2026-02-30T00:00:00Z"],
  ["2026-13-01T00:00:00Z"],
  ["2026-03-01T25:00:00Z"],
  ["yesterday"],
  [""],
  [0],
  [-5],
  [Number.NaN],
  [1e30],
  ["9".repeat(20)],
  [null],
  [undefined],
  [{}],
])("finds no moment in %j", (value) => {
  expect(readMoment(value)).toBeNull();
});

test("labels are texts: numbers and flags become text, empty ones are left out", () => {
  const labels = readLabels(
    JSON.parse('{"a":"x","n":7,"f":1.5,"t":true,"e":"","z":null,"l":[1],"__proto__":"p"}'),
  );
  expect(labels).toEqual({ a: "x", n: "7", f: "1.5", t: "true", l: "[1]" });
  expect(Object.hasOwn(labels, "__proto__")).toBe(false);
});

test.each([[undefined], [null], ["text"], [7], [["a"]]])("there are no labels in %j", (value) => {
  expect(readLabels(value)).toEqual({});
});

test("labels are bounded in number and length", () => {
  const many = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`label${index}`, "v".repeat(10_000)]),
  );
  const labels = readLabels(many);
  expect(Object.keys(labels)).toHaveLength(256);
  expect(labels["label0"]).toHaveLength(4_096);
});

test("what cannot be stored is replaced", () => {
  expect(storable("a\0b\ud800c\u{1f514}", 100)).toBe("a\ufffdb\ufffdc\u{1f514}");
  expect(storable(`${"x".repeat(9)}\u{1f514}`, 10)).toBe(`${"x".repeat(9)}…`);
  expect(readLabels({ "na\0me": "va\ud800lue" })).toEqual({ "na\ufffdme": "va\ufffdlue" });
});

test("text of values nested beyond any use is a remark, not an error", () => {
  let value: unknown = [];
  for (let level = 0; level < 100_000; level += 1) value = [value];
  expect(textOfValue(value)).toBe("(nested too deeply to show)");
});

test("a firing alert has no end, whatever its sender's time-out says", () => {
  expect(buildAlert({ ...fields, endsAt: new Date("2026-03-01T13:00:00Z") }).endsAt).toBeNull();
});

test("a resolved alert has an end, never before its start", () => {
  const resolved = { ...fields, status: "resolved" as const };
  expect(buildAlert(resolved).endsAt).toEqual(receivedAt);
  expect(buildAlert({ ...resolved, endsAt: new Date("2026-03-01T11:00:00Z") }).endsAt).toEqual(
    fields.startsAt,
  );
});

test("an alert without a start starts when it was received, and says that this is a guess", () => {
  expect(buildAlert({ ...fields, startsAt: null })).toMatchObject({
    startsAt: receivedAt,
    isStartGuessed: true,
  });
  expect(buildAlert(fields)).not.toHaveProperty("isStartGuessed");
  const endsAt = new Date("2026-03-01T12:30:00Z");
  expect(buildAlert({ ...fields, status: "resolved", startsAt: null, endsAt }).startsAt).toEqual(endsAt);
});

test("a start or an end that is still to come is none, for it would be newer than all that comes until then", () => {
  const tomorrow = new Date("2026-03-02T12:45:00Z");
  expect(buildAlert({ ...fields, startsAt: tomorrow })).toMatchObject({
    startsAt: receivedAt,
    isStartGuessed: true,
  });
  const resolved = { ...fields, status: "resolved" as const, endsAt: tomorrow };
  expect(buildAlert(resolved)).toMatchObject({ startsAt: fields.startsAt, endsAt: receivedAt });
  expect(buildAlert({ ...resolved, startsAt: tomorrow })).toMatchObject({
    startsAt: receivedAt,
    endsAt: receivedAt,
  });
  const clockAhead = new Date("2026-03-01T12:47:00Z");
  expect(buildAlert({ ...fields, startsAt: clockAhead })).toMatchObject({ startsAt: clockAhead });
});

test.each([
  [{ summary: "S", description: "D", message: "M" }, "S"],
  [{ description: "D", message: "M" }, "D"],
  [{ message: "M" }, "M"],
  [{ summary: " \n " }, "Smoke"],
  [{}, "Smoke"],
])("sums up %j as %s", (annotations, summary) => {
  expect(buildAlert({ ...fields, annotations }).summary).toBe(summary);
});

test("severity comes from the labels a sender uses for it", () => {
  const severityWith = (labels: Record<string, string>) => buildAlert({ ...fields, labels }).severity;
  expect(severityWith({ severity: "page" })).toBe("critical");
  expect(severityWith({ priority: "P2" })).toBe("high");
  expect(severityWith({ level: "info" })).toBe("info");
  expect(severityWith({ alertname: "x" })).toBe("warning");
  expect(buildAlert({ ...fields, annotations: { severity: "critical" } }).severity).toBe("critical");
});
