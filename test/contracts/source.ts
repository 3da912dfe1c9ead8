/** What every webhook source must do, whatever it reads. */
import { describe, expect, test } from "vitest";
import { isRecord } from "../../src/domain/alert/intake.ts";
import { severities } from "../../src/domain/alert.ts";
import { changeKinds } from "../../src/domain/change.ts";
import { parseJsonText } from "../../src/domain/text/json.ts";
import type { ParseResult, RawDelivery, Source } from "../../src/ports/source.ts";

const receivedAt = new Date("2026-03-01T12:45:00.000Z");
const delivery: RawDelivery = { body: new Uint8Array(), headers: {}, receivedAt };

/** Values that senders, mistakes and attackers put where something else belongs. */
const oddValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  Number.POSITIVE_INFINITY,
  "",
  " ",
  "nonsense",
  "constructor",
  "__proto__",
  [],
  {},
  [[]],
  [null],
  { a: { b: { c: [1] } } },
  "0001-01-01T00:00:00Z",
  "9999-99-99T99:99:99Z",
  "18446744073709551615",
  "javascript:alert(1)",
  "https://user:password@example.com/",
  "@everyone <!channel> <@U1> [a](http://b) `x` *y*",
  "line one\nline two\u2028line three\u0000\u0007\u202e",
  "\ud800 lone, \udfff lone",
  "x".repeat(40_000),
  JSON.parse('{"__proto__": {"polluted": "yes"}, "constructor": "c", "toString": "t"}'),
  nest(5_000),
];

/** A whole number that JSON.parse would round to ...992. */
const bigNumber = "9007199254740993";

/**
 * @param fileName - without its ending; must be the source's name.
 * @param samples - bodies that the source reads whole.
 */
export function describeSource(fileName: string, source: Source, samples: readonly unknown[]): void {
  describe(`source ${fileName}`, () => {
    test("is named as its file and says what it reads and how senders prove themselves", () => {
      expect(source.name).toBe(fileName);
      expect(source.summary).toMatch(/^\S.{5,100}$/);
      expect(source.checks.length).toBeGreaterThan(0);
      expect(source.checks.includes("hmac")).toBe(source.hmac !== undefined);
    });

    test("reads its samples whole", () => {
      expect(samples.length).toBeGreaterThan(0);
      for (const sample of samples) {
        const result = source.parse(sample, delivery, undefined);
        expect(result).toMatchObject({ kind: "parsed" });
        if (result.kind !== "parsed") continue;
        const { alerts, changes, topology, profiles = [], problems = [] } = result.delivery;
        expect(
          alerts.length + changes.length + profiles.length + (topology === null ? 0 : 1),
        ).toBeGreaterThan(0);
        expect(problems).toEqual([]);
        expectSound(result);
      }
    });

    test("says the same of the same body, and leaves the body as it was", () => {
      for (const sample of samples) {
        const frozen = freeze(structuredClone(sample));
        const first = source.parse(frozen, delivery, undefined);
        expect(source.parse(structuredClone(sample), delivery, undefined)).toEqual(first);
      }
    });

    test("never throws and never gives what cannot be stored, whatever stands in place of the body", () => {
      for (const odd of [undefined, ...oddValues]) expectSound(source.parse(odd, delivery, undefined));
    });

    test("never throws and never gives what cannot be stored, whatever stands in place of a field", () => {
      for (const sample of samples) {
        for (const path of pathsOf(sample)) {
          for (const odd of oddValues)
            expectSound(source.parse(replaced(sample, path, odd), delivery, undefined));
        }
      }
    });

    test("never throws, whichever field is missing", () => {
      for (const sample of samples) {
        for (const path of pathsOf(sample))
          expectSound(source.parse(removed(sample, path), delivery, undefined));
      }
    });

    test("keeps every digit of whole numbers beyond 2^53", () => {
      let seen = 0;
      for (const sample of samples) {
        for (const path of pathsOf(sample)) {
          const marked = JSON.stringify(replaced(sample, path, "@big@")).replace('"@big@"', bigNumber);
          const json = parseJsonText(marked);
          const text =
            json.kind === "json" ? JSON.stringify(source.parse(json.value, delivery, undefined)) : "";
          expect(text).not.toContain("9007199254740992");
          if (text.includes(bigNumber)) seen += 1;
        }
      }
      expect(seen).toBeGreaterThan(0);
    });

    test("promises to read cleanly only what it does read cleanly", () => {
      for (const sample of samples) {
        for (const path of [[], ...pathsOf(sample)]) {
          for (const odd of [undefined, ...oddValues]) {
            const body = odd === undefined ? removed(sample, path) : replaced(sample, path, odd);
            if (source.readsCleanly?.(body) !== true) continue;
            const result = source.parse(body, delivery, undefined);
            expect(result.kind === "parsed" ? (result.delivery.problems ?? []) : result).toEqual([]);
          }
        }
      }
    });

    test("gives a problem and a remedy in plain words when it cannot read a body", () => {
      for (const odd of [null, 7, "text", [[]], {}]) {
        const result = source.parse(odd, delivery, undefined);
        if (result.kind !== "unparseable") continue;
        expect(result.problem).toMatch(/\S.{9,}/);
        expect(result.remedy).toMatch(/\S.{19,}/);
      }
    });
  });
}

/** Everything that the rest of the bot takes for granted about what a source gives. */
function expectSound(result: ParseResult): void {
  const problems: string[] = [];
  const require = (isSound: boolean, what: string) => {
    if (!isSound) problems.push(what);
  };
  if (result.kind === "unparseable") {
    require(result.problem.length > 0 && result.problem.length < 4_000, "a problem of sensible length");
    require(result.remedy.length > 0, "a remedy");
    expect(problems).toEqual([]);
    return;
  }
  for (const text of textsOf(result.delivery))
    require(!/\0|\p{Cs}/u.test(text), `storable: ${text.slice(0, 40)}`);
  for (const alert of result.delivery.alerts) {
    require(/^[0-9a-f]{64}$/.test(alert.fingerprint), "a fingerprint");
    require(Object.keys(alert.labels).length > 0, "a label");
    for (const value of [...Object.values(alert.labels), ...Object.values(alert.annotations)]) {
      require(typeof value === "string" && value !== "" && value.length <= 16_384, "bounded texts as labels");
    }
    require(alert.name !== "" && alert.name.length <= 256, "a bounded name");
    require(alert.service === null ||
      (alert.service !== "" && alert.service.length <= 4_096), "a bounded service");
    require(severities.includes(alert.severity), "a severity");
    require(/^[^\n\r\0]{1,500}$/.test(alert.summary), "a summary of one line");
    require(alert.url === null ||
      /^https?:\/\/[^@]*$/.test(alert.url.split("?", 1)[0] ?? ""), "a web address or null");
    require(isDate(alert.startsAt), "a start");
    require(alert.status === "firing"
      ? alert.endsAt === null
      : isDate(alert.endsAt), "an end exactly when resolved");
    require(alert.endsAt === null || alert.endsAt >= alert.startsAt, "an end after the start");
  }
  for (const change of result.delivery.changes) {
    require(change.id !== "" && change.id.length <= 256, "a bounded id");
    require(changeKinds.includes(change.kind) && change.kind !== "rollout", "a kind from outside");
    require(change.rolloutId === null, "no rollout of ours");
    require(/^[^\n\r\0]{1,300}$/.test(change.title), "a title of one line");
    require(isDate(change.at), "a time");
  }
  const { topology } = result.delivery;
  for (const name of topology === null ? [] : [...topology.services, ...topology.edges.flat()]) {
    require(typeof name === "string" && name !== "" && name.length <= 256, "bounded names of services");
  }
  expect(problems).toEqual([]);
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
}

function isDate(value: Date | null): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...textsOf(inner)]);
}

type Path = readonly string[];

/** Paths of all fields of a JSON value, containers included. */
function pathsOf(value: unknown): readonly Path[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    [name],
    ...pathsOf(inner).map((rest) => [name, ...rest]),
  ]);
}

function replaced(value: unknown, path: Path, by: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return by;
  if (Array.isArray(value))
    return value.map((inner, index) => (String(index) === name ? replaced(inner, rest, by) : inner));
  return isRecord(value) ? { ...value, [name]: replaced(value[name], rest, by) } : value;
}

function removed(value: unknown, path: Path): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return undefined;
  if (Array.isArray(value)) {
    return value.flatMap((inner, index) =>
      String(index) !== name ? [inner] : rest.length === 0 ? [] : [removed(inner, rest)],
    );
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).flatMap(([key, inner]) =>
    key !== name ? [[key, inner]] : rest.length === 0 ? [] : [[key, removed(inner, rest)]],
  );
  return Object.fromEntries(entries);
}

function nest(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

function freeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
