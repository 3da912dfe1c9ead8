/** A serving system of two files, driven by node so that no shell is needed. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createExec } from "../../../../src/adapters/models/exec.ts";
import type { Operation, Store } from "../../../../src/ports.ts";
import { contextOf, rememberRollout } from "../scene.ts";

export function execSystem({
  store,
  model = "scorer",
  folder = mkdtempSync(path.join(tmpdir(), "tocsin-exec-")),
  over = {},
  environment = {},
  steadyMs,
}: {
  readonly store: Store;
  readonly model?: string;
  readonly folder?: string;
  readonly over?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly steadyMs?: () => number;
}) {
  const live = path.join(folder, "live");
  writeFileSync(live, "1\n");
  const node = (code: string, ...args: readonly string[]) => [process.execPath, "-e", code, ...args];
  const settings = {
    deploy: node(
      "require('fs').writeFileSync(process.argv[1], process.argv[2]); console.log('now', process.argv[2])",
      live,
      "{version}",
    ),
    live: node("process.stdout.write(require('fs').readFileSync(process.argv[1]))", live),
    versions: node("console.log(JSON.stringify(['2', { version: 1, metrics: { recall: 0.9 } }]))"),
    ...over,
  };
  const backendIn = (bot: Store) =>
    createExec(
      new Map([[model, settings]]),
      contextOf(bot, {
        stateFolder: folder,
        environment: { PATH: process.env["PATH"] ?? "", ...environment },
      }),
      steadyMs,
    );
  const scene = { model, environment: "production", from: "1", to: "2" };
  return {
    ...scene,
    folder,
    node,
    backend: backendIn(store),
    backendIn,
    restart: () => Promise.resolve(backendIn(store)),
    remember: (operation: Operation) => rememberRollout(store, operation),
    close: () => Promise.resolve(),
  };
}
