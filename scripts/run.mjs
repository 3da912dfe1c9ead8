// `npm start` and `npm run demo`: builds when a source is newer than the build, then runs the command line.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");
const stamp = path.join(root, "dist", ".built");
const sources = ["src", "commands", "tsconfig.json", "tsconfig.build.json", "package.json"];

if (newest(sources.map((source) => path.join(root, source))) > builtAt()) build();
run(process.argv.slice(2));

function builtAt() {
  return existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
}

function newest(paths) {
  return Math.max(
    ...paths.map((target) => {
      const stat = statSync(target);
      // A folder's own time changes when a file is added to it or removed from it.
      return stat.isDirectory()
        ? Math.max(stat.mtimeMs, ...readdirSync(target).map((name) => newest([path.join(target, name)])))
        : stat.mtimeMs;
    }),
  );
}

/** A type error in one file must not keep the bot from starting: the compiler names it and still writes the rest. */
function build() {
  process.stderr.write("building ... ");
  const startedAt = Date.now();
  rmSync(path.join(root, "dist"), { recursive: true, force: true });
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const result = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
    cwd: root,
    encoding: "utf8",
  });
  process.stderr.write(`${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`);
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0)
    process.stderr.write(
      `${result.stdout}${result.stderr}The files above have type errors; starting all the same.\n`,
    );
  mkdirSync(path.join(root, "dist"), { recursive: true });
  writeFileSync(stamp, "");
}

function run(args) {
  const cli = path.join(root, "dist", "src", "cli.js");
  const child = spawn(process.execPath, ["--enable-source-maps", cli, ...args], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}
