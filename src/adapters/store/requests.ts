/** Command requests, kept before the platform is acknowledged. */
import { and, eq, lt } from "drizzle-orm";
import type { CommandRequest, RequestStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { requests } from "./schema.ts";

export function requestSlice(db: Db): RequestStore {
  return {
    add: async (request) => {
      const { key, receivedAt } = request;
      const added = await db
        .insert(requests)
        .values({ key, request, receivedAt })
        .onConflictDoNothing()
        .returning({ key: requests.key });
      return added.length > 0;
    },
    take: async (key) => {
      const [row] = await db
        .select()
        .from(requests)
        .where(and(eq(requests.key, key), eq(requests.state, "waiting")))
        .for("update");
      if (row === undefined) return null;
      // Written by add, from a request; only its moment is no JSON.
      return { ...(row.request as CommandRequest), receivedAt: row.receivedAt };
    },
    finish: async (key, outcome, at) => {
      await db.update(requests).set({ state: "done", outcome, doneAt: at }).where(eq(requests.key, key));
    },
    prune: async (before) => {
      const gone = await db
        .delete(requests)
        .where(and(eq(requests.state, "done"), lt(requests.receivedAt, before)))
        .returning({ key: requests.key });
      return gone.length;
    },
  };
}
