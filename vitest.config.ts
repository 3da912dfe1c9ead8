import { defineConfig } from "vitest/config";

/**
 * test/ mirrors src/ and commands/. By name: *.test.ts is unit, *.integration.test.ts integration, e2e/ is e2e.
 * unit: pure, no database, threads. integration: real PostgreSQL, real chat clients against the fakes.
 * e2e: the built bot as a child process, Chromium, Prometheus, Alertmanager.
 */
export default defineConfig({
  test: {
    reporters: ["default", "./test/reporter.ts"],
    // What comes in a moment may take many seconds on a machine that does other things too.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          // One project after the other: they share two cores, and some tests measure time.
          sequence: { groupOrder: 0 },
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.integration.test.ts", "test/e2e/**"],
          globalSetup: ["test/temporary-folder.ts"],
          setupFiles: ["test/property-limits.ts"],
          pool: "threads",
          isolate: false,
          // Property tests of the correlator take half a minute on a machine that does other things too.
          testTimeout: 180_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          sequence: { groupOrder: 1 },
          include: ["test/**/*.integration.test.ts"],
          globalSetup: ["test/temporary-folder.ts", "test/database-server.ts"],
          pool: "forks",
          // Each file has a database of its own, and waits for it more than it computes.
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          sequence: { groupOrder: 2 },
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/temporary-folder.ts", "test/e2e/build.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
