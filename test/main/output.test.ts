import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Writable } from "node:stream";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { openLineOutput, watchOutput } from "../../src/main/output.ts";

const folder = mkdtempSync(path.join(tmpdir(), "tocsin-output-"));
afterAll(() => rmSync(folder, { recursive: true }));
const exitCode = process.exitCode;
afterEach(() => {
  process.exitCode = exitCode;
  vi.restoreAllMocks();
});

/** Standard output whose reader takes so many lines and then fails. */
function readBy(taken: number, code: string): Writable {
  let count = 0;
  return new Writable({
    highWaterMark: 1,
    write(_chunk, _encoding, done) {
      count += 1;
      done(count > taken ? Object.assign(new Error(`write ${code}`), { code }) : null);
    },
  });
}

async function writeAll(stdout: Writable): Promise<unknown> {
  const out = openLineOutput(undefined, stdout);
  try {
    for (let line = 1; line <= 10; line += 1) await out.write(`line ${line}`);
    await out.end();
    return null;
  } catch (error) {
    return error;
  }
}

test.each([0, 3])("a reader that takes %i lines and goes away ends the writing, quietly", async (taken) => {
  const said = vi.spyOn(console, "error");
  const stdout = readBy(taken, "EPIPE");
  const isReaderGone = watchOutput(stdout);
  const error = await writeAll(stdout);
  expect(error).toBeInstanceOf(Error);
  expect(isReaderGone(error)).toBe(true);
  expect(said).not.toHaveBeenCalled();
});

test("an output that fails otherwise is a failure, in words", async () => {
  const said = vi.spyOn(console, "error").mockReturnValue();
  const stdout = readBy(0, "ENOSPC");
  const isReaderGone = watchOutput(stdout);
  expect(isReaderGone(await writeAll(stdout))).toBe(false);
  expect(said).toHaveBeenCalledWith("tocsin: standard output: write ENOSPC");
  expect(process.exitCode).toBe(1);
});

test("another connection that broke is no reader of ours", async () => {
  const stdout = readBy(0, "EPIPE");
  const isReaderGone = watchOutput(stdout);
  await writeAll(stdout);
  expect(isReaderGone(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }))).toBe(false);
});

test("a file has every line, and one that cannot be made is named", async () => {
  const file = path.join(folder, "lines");
  const out = openLineOutput(file);
  for (const line of ["one", "two"]) await out.write(line);
  await out.end();
  expect(readFileSync(file, "utf8")).toBe("one\ntwo\n");
  const nowhere = openLineOutput(path.join(folder, "no", "lines"));
  await expect(nowhere.write("one").then(() => nowhere.end())).rejects.toThrow(/ENOENT.*no\/lines/);
});
