import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createFilePublisher } from "../../../src/adapters/publishers/file.ts";
import { createGitPublisher } from "../../../src/adapters/publishers/git.ts";
import { createHttpPublisher } from "../../../src/adapters/publishers/http.ts";

const origin = "tocsin.example/audit";
const note = (size: number) => `${origin}\n${size}\nroot=\n\n— ${origin} signature=\n`;
const checkpoint = (size: number) => ({ origin, size, note: note(size) });

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "tocsin-publish-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a file", () => {
  test("gets every checkpoint once, however often it is tried", async () => {
    const file = path.join(folder, "checkpoints");
    const publisher = createFilePublisher(file);
    for (const size of [1, 1, 2, 1]) await publisher.publish(checkpoint(size));
    expect(readFileSync(file, "utf8")).toBe(note(1) + note(2));
  });

  test("that ends with half a note gets the whole on lines of its own", async () => {
    const file = path.join(folder, "checkpoints");
    writeFileSync(file, note(1) + note(2).slice(0, 20));
    await createFilePublisher(file).publish(checkpoint(2));
    expect(readFileSync(file, "utf8")).toBe(`${note(1)}${note(2).slice(0, 20)}\n${note(2)}`);
  });

  test("in a folder that is not there is a failure", async () => {
    await expect(createFilePublisher(path.join(folder, "no", "x")).publish(checkpoint(1))).rejects.toThrow(
      "ENOENT",
    );
  });
});

const hasGit = existsSync("/usr/bin/git");

describe.skipIf(!hasGit)("a Git repository", () => {
  const environment = { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent" };
  const git = (where: string, ...args: string[]) =>
    execFileSync("git", ["-C", where, ...args], { encoding: "utf8", env: environment }).trim();

  test("gets a commit for each checkpoint, and the remote too", async () => {
    const [tree, remote] = [path.join(folder, "tree"), path.join(folder, "remote")];
    execFileSync("git", ["init", "--quiet", "--bare", remote]);
    execFileSync("git", ["clone", "--quiet", remote, tree], { stdio: "ignore" });
    const publisher = createGitPublisher({ folder: tree, remote: "origin", environment });
    for (const size of [1, 1, 2]) await publisher.publish(checkpoint(size));
    expect(git(remote, "log", "--format=%s")).toBe(`${origin}: checkpoint at 2\n${origin}: checkpoint at 1`);
    expect(git(remote, "show", "HEAD:2.checkpoint")).toBe(note(2).trim());
  });

  test("that is none is a failure that says so", async () => {
    const publisher = createGitPublisher({ folder, remote: null, environment });
    await expect(publisher.publish(checkpoint(1))).rejects.toThrow(
      /git .*rev-parse failed: .*not a git repository/,
    );
  });
});

describe("an address", () => {
  async function withServer(
    answer: (request: IncomingMessage) => number,
    work: (url: string) => Promise<void>,
  ): Promise<void> {
    const server = createServer((request, response) => {
      response.statusCode = answer(request);
      if (response.statusCode === 302) response.setHeader("location", "http://127.0.0.1:1/");
      request.resume().on("end", () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    try {
      await work(`http://127.0.0.1:${port}/checkpoints`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  test("gets the note with a key that is the same at every attempt, and the token", async () => {
    const seen: unknown[] = [];
    const answer = ({ method, headers }: IncomingMessage) => {
      seen.push([method, headers["idempotency-key"], headers.authorization, headers["content-type"]]);
      return 201;
    };
    await withServer(answer, (url) => createHttpPublisher({ url, token: "s3cret" }).publish(checkpoint(7)));
    expect(seen).toEqual([["POST", `${origin}/7`, "Bearer s3cret", "text/plain; charset=utf-8"]]);
  });

  test.each([
    [503, "answered 503"],
    [302, "redirect"],
  ])("that answers %i is a failure", async (status, problem) => {
    await withServer(
      () => status,
      (url) =>
        expect(createHttpPublisher({ url, token: null }).publish(checkpoint(1))).rejects.toThrow(problem),
    );
  });

  test("that nobody listens on is a failure", async () => {
    const publisher = createHttpPublisher({ url: "http://127.0.0.1:1/", token: null });
    await expect(publisher.publish(checkpoint(1))).rejects.toThrow("http http://127.0.0.1:1/");
  });
});
