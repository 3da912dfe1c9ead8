import { expect, test } from "vitest";
import { type ConfiguredSource, inspectDelivery, parseDelivery } from "../../src/app/parse-delivery.ts";
import { buildAlert } from "../../src/domain/alert/intake.ts";
import { fingerprint } from "../../src/domain/alert.ts";
import { defineSource, type ParseResult, type Source } from "../../src/ports/source.ts";

const receivedAt = new Date("2026-03-01T12:00:00Z");
const labels = { alertname: "Smoke" };
const alert = buildAlert({
  source: "smoke",
  status: "firing",
  labels,
  startsAt: receivedAt,
  endsAt: null,
  receivedAt,
});
const parsed: ParseResult = { kind: "parsed", delivery: { alerts: [alert], changes: [], topology: null } };

function configured(parse: Source["parse"], more: Partial<Source> = {}, name = "smoke"): ConfiguredSource {
  const source = defineSource({
    name: "smoke",
    summary: "smoke detectors",
    checks: ["bearer"],
    parse,
    ...more,
  });
  return { name, source, secrets: [], settings: { a: 1 } };
}

function deliver(text: string) {
  return { body: Buffer.from(text), headers: {}, receivedAt };
}

test("a source gets the JSON, the delivery and its settings", () => {
  const seen: unknown[] = [];
  const delivery = deliver('{"id": 9007199254740993}');
  const source = configured((...given) => {
    seen.push(given);
    return parsed;
  });
  expect(parseDelivery(source, delivery)).toBe(parsed);
  expect(seen).toEqual([[{ id: "9007199254740993" }, delivery, { a: 1 }]]);
});

test("what is not JSON never reaches the source", () => {
  const source = configured(() => {
    throw new Error("must not be called");
  });
  expect(parseDelivery(source, deliver("{"))).toMatchObject({
    kind: "unparseable",
    problem: expect.stringContaining("not JSON"),
  });
  expect(inspectDelivery(source, deliver(""))).toMatchObject({
    kind: "unparseable",
    problem: "the body is empty",
  });
});

test("a source that throws makes an unparseable delivery, not a fault", () => {
  const source = configured(() => {
    throw new TypeError("x is undefined");
  });
  for (const result of [parseDelivery(source, deliver("{}")), inspectDelivery(source, deliver("{}"))]) {
    expect(result).toMatchObject({
      kind: "unparseable",
      problem: 'the source "smoke" failed on it: x is undefined',
    });
  }
});

test("under another name, alerts carry that name and the same identity", () => {
  const result = parseDelivery(
    configured(() => parsed, {}, "garage"),
    deliver("{}"),
  );
  expect(result).toMatchObject({
    delivery: { alerts: [{ source: "garage", fingerprint: fingerprint(labels) }] },
  });
});

test("intake parses only what the source does not vouch for", () => {
  let parses = 0;
  const parse = () => {
    parses += 1;
    return parsed;
  };
  const vouching = configured(parse, { readsCleanly: (body) => Array.isArray(body) });
  expect(inspectDelivery(vouching, deliver("[]"))).toBeNull();
  expect(parses).toBe(0);
  expect(inspectDelivery(vouching, deliver("{}"))).toBe(parsed);
  expect(inspectDelivery(configured(parse), deliver("[]"))).toBe(parsed);
  expect(parses).toBe(2);
});
