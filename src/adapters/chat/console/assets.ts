/** The page's files: read once at start from `assets/console/`, served from memory with an entity tag. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

export interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** File name to asset; the page itself is "index.html". */
export type Assets = ReadonlyMap<string, Asset>;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Reads every file of the page; others in the folder are left alone. */
export async function loadAssets(folder = findAssets()): Promise<Assets> {
  const assets = new Map<string, Asset>();
  for (const name of await readdir(folder)) {
    const type = types[path.extname(name)];
    if (type === undefined) continue;
    const body = await readFile(path.join(folder, name));
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    assets.set(name, { body, type, etag });
  }
  return assets;
}

/** The folder is beside `src` in a checkout and beside `dist` when built, so it is looked for upwards from here. */
function findAssets(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  for (let level = 0; level < 8; level += 1) {
    const candidate = path.join(folder, "assets", "console");
    if (existsSync(path.join(candidate, "index.html"))) return candidate;
    folder = path.dirname(folder);
  }
  throw new Error("console: assets/console/index.html is missing above the program; reinstall tocsin");
}
