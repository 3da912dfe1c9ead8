/** Programs of the machine's own, which outlive the bot. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readStatus, runFiles } from "../../../../src/adapters/models/exec/state.ts";
import type { Store } from "../../../../src/ports.ts";
import { mortalBackend } from "../../../app/mortal.ts";
import { createTestClock } from "../../../app/rollout-world.ts";
import { execSystem } from "../exec/scene.ts";
import { everything, type MortalRow, type MortalScene, manifest, newName, nothing } from "./scene.ts";

/** A program that says that it ran before it does anything. */
const program = `
  const [ran, live, version] = process.argv.slice(1);
  require("fs").appendFileSync(ran, "x");
  if (version !== undefined) require("fs").writeFileSync(live, version);`;

function open(store: Store): Promise<MortalScene> {
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-mortal-"));
  const [ran, live] = [path.join(folder, "ran"), path.join(folder, "live")];
  writeFileSync(ran, "");
  const run = [process.execPath, "-e", program, ran, live];
  const over = {
    ...{ deploy: [...run, "{version}"], retrain: run },
    ...{ live: ["cat", live], versions: ["printf", "2\n1\n"] },
  };
  const scene = execSystem({ store, model: newName(), folder, over });
  return Promise.resolve({
    ...{ ...scene, manifest },
    clock: createTestClock(),
    // Its process outlives the bot, which may die before it asks for it and before it hears of it.
    backendIn: (bot, death) => mortalBackend(scene.backendIn(bot), death),
    begun: () => Promise.resolve([readFileSync(ran, "utf8").length]),
    settle: () => untilEnded(path.join(folder, "exec")),
    close: () => {
      rmSync(folder, { recursive: true, force: true });
      return nothing();
    },
  });
}

/** Waits until no command runs any more; at most thirty seconds. */
async function untilEnded(folder: string): Promise<void> {
  for (let waited = 0; waited < 1_500; waited += 1) {
    const runs = existsSync(folder) ? readdirSync(folder).map((run) => path.join(folder, run)) : [];
    const isRunning = runs.some((run) => {
      const status = readStatus(run);
      return existsSync(runFiles(run).spec) && (status === null || status.state === "running");
    });
    if (!isRunning) return;
    await sleep(20);
  }
  throw new Error(`a command in ${folder} runs for more than thirty seconds`);
}

export const execRow: MortalRow = { name: "exec", kinds: everything, mayAsk: true, open };
