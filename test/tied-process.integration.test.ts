import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { spawnTied } from "./tied-process.ts";

const options = { cwd: tmpdir(), env: process.env };

/** Waits until a process is gone, or is only waited for by its parent; at most ten seconds. */
async function gone(pid: number): Promise<boolean> {
  for (let waited = 0; waited < 500; waited += 1) {
    if (!existsSync(`/proc/${pid}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8")))
      return true;
    await sleep(20);
  }
  return false;
}

async function firstLine(output: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  for await (const chunk of output) {
    text += chunk.toString();
    if (text.includes("\n")) break;
  }
  return text.trim();
}

const tells = ["sh", "-c", "echo $$; exec sleep 600"];

test("a program that a test started is gone when the test is killed", async () => {
  const module = path.join(import.meta.dirname, "tied-process.ts");
  const code = `import { spawnTied } from ${JSON.stringify(module)};
    spawnTied(${JSON.stringify(tells)}, { cwd: "/", env: process.env }).stdout.pipe(process.stdout);`;
  const parent = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const pid = Number(await firstLine(parent.stdout));
  expect(pid).toBeGreaterThan(0);
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  parent.kill("SIGKILL");
  expect(await gone(pid)).toBe(true);
});

test("a program that ends by itself takes its shell with it", async () => {
  const child = spawnTied(["true"], options);
  await new Promise((resolve) => child.once("exit", resolve));
  expect(child.signalCode).toBe("SIGKILL");
});
