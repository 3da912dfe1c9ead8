import { mkdirSync, writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** Tests over recordings that belong to others and lie beside a checkout only on some machines. */
const thirdParty = "recorded payloads";

/** Names what was skipped, and leaves `N passed, N failed, N skipped` in test-results/summary.txt. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      if (module.state() === "failed" && [...module.children.allTests()].length === 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === "passed" || state === "failed") counts[state] += 1;
        else if (test.fullName.startsWith(thirdParty)) {
          console.log(`not run, its data is not part of this repository: ${test.fullName}`);
        } else {
          counts.skipped += 1;
          const note =
            test.result().state === "skipped" ? (test.result() as { note?: string }).note : undefined;
          console.log(`skipped: ${test.fullName}${note === undefined ? "" : ` (${note})`}`);
        }
      }
    }
    const line = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
    mkdirSync("test-results", { recursive: true });
    writeFileSync("test-results/summary.txt", `${line}\n`);
    console.log(line);
  }
}
