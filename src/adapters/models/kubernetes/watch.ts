/**
 * Waits until one object changes. Watching only makes a look come sooner: what is believed is what is read afterwards.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */

import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { jsonOf } from "../../../domain/text/json.ts";
import type { KubernetesClient } from "./client.ts";
import { KubernetesError } from "./failure.ts";

const event = z.object({
  type: z.enum(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]),
  object: z.looseObject({
    metadata: z.looseObject({ resourceVersion: z.string().optional() }).optional(),
    code: z.number().optional(),
  }),
});

export interface Watched {
  /** The collection: "apis/apps/v1/namespaces/ml/deployments". */
  readonly collection: string;
  readonly name: string;
  /** Of the object as it was read last. */
  readonly resourceVersion: string;
}

export type Waited =
  /** It changed or went; look at it. */
  | "changed"
  /** The server no longer knows what happened since; look at it. */
  | "expired"
  | "unchanged";

/** Pause before a watch that broke is taken up again, ms. */
const pauseMs = 200;

/**
 * Takes the watch up again where it was cut, from the newest version it heard of, until the time is over.
 * @param forMs - at most; the server is asked to end it then, and it is ended here when the server does not.
 * @throws KubernetesError when watching is refused.
 */
export async function waitForChange(
  client: KubernetesClient,
  watched: Watched,
  forMs: number,
): Promise<Waited> {
  const signal = AbortSignal.timeout(forMs);
  let since = watched.resourceVersion;
  while (!signal.aborted) {
    try {
      const query = {
        watch: "1",
        fieldSelector: `metadata.name=${watched.name}`,
        resourceVersion: since,
        allowWatchBookmarks: "true",
        timeoutSeconds: String(Math.max(1, Math.ceil(forMs / 1_000))),
      };
      for await (const line of client.lines(watched.collection, query, signal)) {
        const { type, object } = parseEvent(line);
        // 410 comes inside the stream, or as the answer.
        if (type === "ERROR") return object.code === 410 ? "expired" : "changed";
        const version = object.metadata?.resourceVersion ?? since;
        if (type !== "BOOKMARK" && version !== watched.resourceVersion) return "changed";
        since = version;
      }
    } catch (error) {
      if (error instanceof KubernetesError && error.mishap === "gone") return "expired";
      if (error instanceof KubernetesError && error.mishap !== "unclear") throw error;
    }
    // Cut off, or ended by the server: it goes on from the newest version it heard of.
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return "unchanged";
}

function parseEvent(line: string): z.output<typeof event> {
  const parsed = event.safeParse(jsonOf(line));
  if (!parsed.success) throw new KubernetesError("unclear", "its watch sent something else than events");
  return parsed.data;
}
