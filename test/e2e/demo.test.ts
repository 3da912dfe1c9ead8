/** `npm run demo` as a stranger runs it: the first of the README's two commands. */
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { processesIn } from "./ledger.ts";
import { eventually, freePort } from "./process.ts";

const root = path.resolve(import.meta.dirname, "../..");

test("the demo plays its storm, shows one incident with its suspect, and leaves nothing behind", async ({
  onTestFinished,
}) => {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-demo-test-"));
  chmodSync(folder, 0o711);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const child = spawn(process.execPath, [path.join(root, "scripts/run.mjs"), "demo"], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder, PORT: String(port), HOST: "", OPENAI_API_KEY: "" },
    stdio: ["ignore", "pipe", "pipe"],
    // A terminal's Ctrl-C goes to a group of processes; this one gets a group of its own.
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error("the demo did not start");
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, "SIGKILL");
  });
  let output = "";
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));

  await eventually("the demo says where it is, once it is built", 150_000, () =>
    output.includes(`Tocsin is at http://127.0.0.1:${port}`) ? true : null,
  );
  await eventually("the incident with the rollout as its suspect", 90_000, async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/state?channel=incidents`);
    const shown = await answer.text();
    if (!answer.ok) throw new Error(shown);
    return /probable cause/i.test(shown) && shown.includes("Roll back recommender") ? true : null;
  });
  await eventually("what to do next", 60_000, () => (output.includes("Ctrl-C ends the demo") ? true : null));
  expect(readdirSync(folder).length).toBeGreaterThan(0);

  process.kill(-pid, "SIGINT");
  expect(await exited, output).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
  expect(processesIn(folder)).toEqual([]);
  expect(output).not.toMatch(/broke off|^\s+at .*\.js:/m);
});
