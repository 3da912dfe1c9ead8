import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const manifest = z.object({ name: z.literal("tocsin"), version: z.string() });

/** The folder of this package, whether this file runs from src/ or from dist/. */
export const packageRoot = findRoot(import.meta.dirname);

/** Of the release that runs. */
export const packageVersion = manifest.parse(readManifest(packageRoot)).version;

function findRoot(folder: string): string {
  if (manifest.safeParse(readManifest(folder)).success) return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error("tocsin: its package.json is missing; install it again");
  return findRoot(parent);
}

function readManifest(folder: string): unknown {
  const file = path.join(folder, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}
