import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const memory = path.join(import.meta.dirname, "../../src/main/memory.ts");

/** Most room for young objects, in MB, that a process takes which makes and drops many. */
async function mostYoungMb(begin: string): Promise<number> {
  const program = `
    import { getHeapSpaceStatistics } from "node:v8";
    import { setImmediate as nextTurn } from "node:timers/promises";
    ${begin}
    let most = 0;
    let kept = [];
    // In small steps, as a bot works: the bound is looked at between two collections.
    for (let turn = 0; turn < 800; turn += 1) {
      for (let index = 0; index < 5_000; index += 1) kept.push({ index });
      if (kept.length > 300_000) kept = kept.slice(150_000);
      await nextTurn();
      const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
      most = Math.max(most, young.space_size);
    }
    console.log(most / 1_048_576);`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    // What V8 takes by itself depends on the machine.
    ...["--max-semi-space-size=64", "--import", "tsx", "--input-type=module", "--eval", program],
  ]);
  return Number(stdout);
}

test("the room for young objects is bounded however the process was started", async () => {
  const keep = `import { keepHeapSmall } from ${JSON.stringify(memory)}; keepHeapSmall();`;
  const [bounded, unbounded] = await Promise.all([mostYoungMb(keep), mostYoungMb("")]);
  expect(bounded).toBeLessThanOrEqual(16);
  expect(unbounded).toBeGreaterThan(16);
});
