/** Where commands write: standard output, whose reader may have read enough (`| head`), or a file. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";

/**
 * Keeps what goes wrong with standard output from ending the process in the middle of its work.
 * @returns tells whether an error is that the reader went away, which is a quiet end and no failure.
 */
export function watchOutput(stdout: Writable = process.stdout): (error: unknown) => boolean {
  let readerGone: Error | null = null;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") {
      readerGone = error;
      return;
    }
    console.error(`tocsin: standard output: ${error.message}`);
    process.exitCode = 1;
  });
  return (error) => readerGone !== null && error === readerGone;
}

export interface LineOutput {
  /** Resolves when there is room for more. @throws the error of what is written to. */
  write(line: string): Promise<void>;
  /** Resolves when everything is written. @throws the same. */
  end(): Promise<void>;
}

/** @param file - made for its owner alone; undefined for standard output. */
export function openLineOutput(file: string | undefined, stdout: Writable = process.stdout): LineOutput {
  const out = file === undefined ? stdout : createWriteStream(file, { mode: 0o600 });
  let failure: Error | null = null;
  out.on("error", (error: Error) => {
    failure = error;
  });
  return {
    async write(line) {
      // A stream that failed never drains.
      if (failure !== null) throw failure;
      if (!out.write(`${line}\n`)) await once(out, "drain");
    },
    async end() {
      if (failure !== null) throw failure;
      if (file === undefined) return;
      out.end();
      await finished(out);
    },
  };
}
