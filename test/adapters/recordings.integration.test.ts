import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findRecordings, readRecording, writePrediction } from "../../src/adapters/recordings.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tocsin-recordings-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (n: number) => JSON.stringify({ at: "2026-03-01T12:00:00Z", source: "plain", body: { n } });

async function readAll(file: string) {
  const lines = [];
  for await (const delivery of readRecording(file)) lines.push(delivery);
  return lines;
}

test("plain and gzipped recordings read alike, blank lines skipped", async () => {
  const text = `${line(1)}\n\n${line(2)}\n`;
  const plain = path.join(folder, "a.jsonl");
  const zipped = path.join(folder, "a.jsonl.gz");
  writeFileSync(plain, text);
  writeFileSync(zipped, gzipSync(text));
  const lines = await readAll(plain);
  expect(lines.map((delivery) => delivery.body)).toEqual([{ n: 1 }, { n: 2 }]);
  expect(lines[1]?.where).toBe(`${plain}:3`);
  expect((await readAll(zipped)).map(({ at, source, body }) => ({ at, source, body }))).toEqual(
    lines.map(({ at, source, body }) => ({ at, source, body })),
  );
});

test("whole numbers beyond 2^53 keep their digits", async () => {
  const file = path.join(folder, "big.jsonl");
  writeFileSync(
    file,
    '{"at":"2026-03-01T12:00:00Z","source":"plain","body":{"id":9007199254740993,"x":1.5}}\n',
  );
  expect((await readAll(file))[0]?.body).toEqual({ id: "9007199254740993", x: 1.5 });
});

test.each([
  ["text that is no JSON", "{oops", /:2: not JSON/],
  ["a line that is no delivery", "[1]", /:2: "at" is undefined/],
  ["a time that is none", '{"at":"soon","source":"x","body":{}}', /:2: "at" is "soon"/],
  ["a missing source", '{"at":"2026-03-01T12:00:00Z","body":{}}', /:2: "source" is undefined/],
])("%s is refused with file and line", async (_name, bad, problem) => {
  const file = path.join(folder, "bad.jsonl");
  writeFileSync(file, `${line(1)}\n${bad}\n`);
  await expect(readAll(file)).rejects.toThrow(problem);
  await expect(readAll(file)).rejects.toThrow("bad.jsonl");
});

test("a file that is cut off or missing is refused by name", async () => {
  const file = path.join(folder, "cut.jsonl.gz");
  const whole = gzipSync(Array.from({ length: 500 }, (_, n) => line(n)).join("\n"));
  writeFileSync(file, whole.subarray(0, whole.length - 20));
  await expect(readAll(file)).rejects.toThrow(/cut\.jsonl\.gz.*cannot be read/);
  await expect(readAll(path.join(folder, "none.jsonl"))).rejects.toThrow(/none\.jsonl.*cannot be read/);
});

test("a folder yields its recordings with sub-folders, and predictions land beside their names", async () => {
  mkdirSync(path.join(folder, "set"));
  writeFileSync(path.join(folder, "set", "b.jsonl"), line(1));
  writeFileSync(path.join(folder, "set", "a.jsonl.gz"), gzipSync(line(1)));
  writeFileSync(path.join(folder, "set", "a.truth.json"), "{}");
  const found = await findRecordings(folder);
  expect(found.map((file) => file.name)).toEqual([path.join("set", "a"), path.join("set", "b")]);
  const [only] = await findRecordings(path.join(folder, "set", "b.jsonl"));
  expect(only?.name).toBe("b");
  const written = await writePrediction(path.join(folder, "out"), "set/a", { incidents: [] });
  expect(written).toBe(path.join(folder, "out", "set/a.pred.json"));
  expect(JSON.parse(readFileSync(written, "utf8"))).toEqual({ incidents: [] });
});

test("a folder without recordings is refused", async () => {
  await expect(findRecordings(folder)).rejects.toThrow("holds no *.jsonl");
});
