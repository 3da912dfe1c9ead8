/** Builds the bot once before the end-to-end tests, for they run what is in dist/. */
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Vitest's global setup. A build that fails ends the run: tests of an old build would prove nothing. */
export default function build(): void {
  // What was removed from src must not live on in dist.
  rmSync(path.join(root, "dist"), { recursive: true, force: true });
  const compiler = path.join(
    path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    "bin",
    "tsc",
  );
  const result = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], {
    cwd: root,
    encoding: "utf8",
    timeout: 180_000,
  });
  if (result.error !== undefined) throw new Error("e2e: the compiler did not run", { cause: result.error });
  if (result.status !== 0) {
    throw new Error(`e2e: the build failed, so nothing was tested\n${result.stdout}${result.stderr}`);
  }
}
