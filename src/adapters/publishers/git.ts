/** Commits checkpoints to a Git repository, a file for each, and pushes them where it says so. No shell; fixed arguments. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { Publisher } from "../../ports.ts";

const run = promisify(execFile);
const timeoutMs = 60_000;
const maxOutput = 1_000_000;

export interface GitOptions {
  /** Folder of a working tree that nobody else writes to. */
  readonly folder: string;
  /** Name of the remote to push to; null to commit only. */
  readonly remote: string | null;
  /** Environment of git: PATH, HOME, SSH_AUTH_SOCK and the like. */
  readonly environment: Readonly<Record<string, string>>;
}

export function createGitPublisher({ folder, remote, environment }: GitOptions): Publisher {
  const name = `git ${folder}`;

  async function git(...args: readonly string[]): Promise<string> {
    const fixed = ["-C", folder, "-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"];
    try {
      const { stdout } = await run("git", [...fixed, ...args], {
        env: { ...environment, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" },
        timeout: timeoutMs,
        maxBuffer: maxOutput,
      });
      return stdout;
    } catch (cause) {
      throw new Error(`${name}: git ${args[0]} failed: ${textOf(cause)}`, { cause });
    }
  }

  return {
    name,
    async publish({ origin, size, note }) {
      await git("rev-parse", "--is-inside-work-tree");
      const fileName = `${size}.checkpoint`;
      await writeFile(path.join(folder, fileName), note);
      await git("add", "--", fileName);
      // An attempt that was interrupted after its commit has left nothing to commit.
      if ((await git("status", "--porcelain", "--", fileName)) !== "") {
        const author = ["-c", "user.name=Tocsin", "-c", "user.email=tocsin@localhost"];
        await git(...author, "commit", "--quiet", "-m", `${origin}: checkpoint at ${size}`, "--", fileName);
      }
      if (remote !== null) await git("push", "--quiet", remote, "HEAD");
    },
  };
}

/** What git said, or why it could not be run, on one line. */
function textOf(cause: unknown): string {
  const said = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : "";
  const text = said === "" ? String(cause instanceof Error ? cause.message : cause) : said;
  return text.replace(/\s+/g, " ").slice(0, 300);
}
