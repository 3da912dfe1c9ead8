/** Appends checkpoints to a file: on a share, a write-once volume, a folder that someone else backs up. */
import { type FileHandle, open } from "node:fs/promises";
import type { Publisher } from "../../ports.ts";

/** A note that an interrupted attempt wrote is looked for in the last bytes of the file. */
const tailBytes = 262_144;

/** @param file - created when it is not there; its folder is not. */
export function createFilePublisher(file: string): Publisher {
  return { name: `file ${file}`, publish: ({ note }) => appendNote(file, note) };
}

/**
 * Appends a note and waits until the disk has it. A file that ends with part of the note, after a crash, gets the whole.
 * @returns once the note is in the file, whoever wrote it.
 */
async function appendNote(file: string, note: string): Promise<void> {
  const handle = await open(file, "a+", 0o644);
  try {
    const tail = await readTail(handle);
    if (tail.includes(note)) return;
    await handle.appendFile(tail === "" || tail.endsWith("\n") ? note : `\n${note}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readTail(handle: FileHandle): Promise<string> {
  const { size } = await handle.stat();
  const start = Math.max(0, size - tailBytes);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
  return buffer.toString("utf8", 0, bytesRead);
}
