/** The console's pages beside its channels, and the files that are on them. */
import type { Page } from "../../../domain/view/page.ts";
import type { Pages } from "../../../ports/page.ts";
import type { Member } from "./access.ts";
import { accountOf } from "./desk.ts";
import { type Answer, download, json, missing, refusal, tooMany } from "./http.ts";
import { createLimiter } from "./limiter.ts";
import { pageToWire } from "./page-wire.ts";

/** Addresses of pages: lists, one thing by its number or name, and the report of an incident. */
export const pagePath =
  /^\/(?:home|noise|settings|(?:incidents|rollouts|audit)(?:\/\d{1,9})?|incidents\/\d{1,9}\/report|models(?:\/[^/]{1,600})?)$/;

/** @param pages - null for nothing but channels. */
export function createPageRoutes(pages: Pages | null) {
  const looked = createLimiter({ limit: 200, windowMs: 10_000, maxKeys: 10_000 });

  async function page(visit: Member): Promise<Answer> {
    const [path = ""] = visit.parts;
    const found = await open(visit, path);
    if ("status" in found) return found;
    return json(
      200,
      pageToWire(found, (index) => `/api/page-files/${index}${path}`),
    );
  }

  /** The file that is one of the blocks of a page, for whoever may see the page. */
  async function file(visit: Member): Promise<Answer> {
    const [index = "", path = ""] = visit.parts;
    const found = await open(visit, path);
    if ("status" in found) return found;
    const block = found.blocks[Number(index)];
    return block?.kind === "file" ? download(block) : missing("There is no such file.");
  }

  /** The page, or why it is not shown. */
  async function open(visit: Member, path: string): Promise<Page | Answer> {
    if (pages === null || !pagePath.test(path)) return missing("There is no such page.");
    const waitMs = looked.take(visit.session.id, visit.now);
    if (waitMs > 0) return tooMany("Too many pages at once.", waitMs);
    const segments = decoded(path);
    if (segments === null) return missing("There is no such page.");
    const found = await pages.open({
      account: accountOf(visit.session.person),
      path: segments,
      query: Object.fromEntries(visit.url.searchParams),
      now: visit.now,
    });
    if (found.kind === "page") return found.page;
    return refusal({ denied: 403, missing: 404, bad: 400 }[found.because], found);
  }

  return { page, file };
}

/** The segments of a path, or null where one is no percent-encoding. */
function decoded(path: string): readonly string[] | null {
  try {
    return path.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return null;
  }
}
