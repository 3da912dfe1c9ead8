/** Watches: what happened since a version, then what happens; bookmarks in between; 410 when the past is forgotten. */
import type { ServerResponse } from "node:http";
import { apiVersionOf, type KubeObject, type Resource } from "./objects.ts";
import { StatusError } from "./status.ts";
import type { KubeStore, StoreEvent } from "./store.ts";

export interface WatchQuestion {
  readonly resource: Resource;
  readonly namespace: string | null;
  readonly url: URL;
  isSelected(object: KubeObject): boolean;
}

/** The real server sends one a minute; here they come so often that a test meets them. */
const bookmarkMs = 25;

/** @throws StatusError when the version is too old before anything was sent. */
export function serveWatch(store: KubeStore, response: ServerResponse, question: WatchQuestion): void {
  const { resource, namespace, url } = question;
  const given = url.searchParams.get("resourceVersion") ?? "";
  const isFromNow = given === "" || given === "0";
  const past = store.since(resource, isFromNow ? store.version : Number(given));
  response.writeHead(200, { "content-type": "application/json", "transfer-encoding": "chunked" });
  response.flushHeaders();
  const send = (type: string, object: unknown) => response.write(`${JSON.stringify({ type, object })}\n`);
  const tell = (event: StoreEvent) => {
    const isOurs =
      event.resource === resource && (namespace === null || event.object.metadata.namespace === namespace);
    if (isOurs && question.isSelected(event.object)) send(event.type, event.object);
  };
  if (isFromNow)
    for (const object of store.list(resource, namespace))
      if (question.isSelected(object)) send("ADDED", object);
  for (const event of past) tell(event);
  const stop = store.onEvent(tell);
  const wantsBookmarks = ["1", "true"].includes(url.searchParams.get("allowWatchBookmarks") ?? "");
  const bookmarks = setInterval(() => {
    const metadata = { resourceVersion: String(store.version), creationTimestamp: null };
    if (wantsBookmarks)
      send("BOOKMARK", { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata });
  }, bookmarkMs);
  const seconds = Number(url.searchParams.get("timeoutSeconds") ?? "1800");
  const end = setTimeout(() => response.end(), seconds * 1_000);
  response.on("close", () => {
    stop();
    clearInterval(bookmarks);
    clearTimeout(end);
  });
}

/** The past was forgotten while the watch was open: the real server says so inside the stream. */
export function goneEvent(version: string): string {
  const status = new StatusError(410, "Expired", `too old resource version: ${version}`).body();
  return `${JSON.stringify({ type: "ERROR", object: status })}\n`;
}
