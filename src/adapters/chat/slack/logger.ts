/** Carries the SDK's log into ours, without what may hold a secret. */
import type { webApi } from "@slack/bolt";
import type { Log } from "../../../ports/observability.ts";

/**
 * The SDK's debug lines hold whole payloads, among them response URLs and socket tickets: they go nowhere. Its other
 * lines are passed on one level lower, because every fault that matters is reported by us as well.
 */
export function sdkLogger(log: Log, levels: { readonly info: webApi.LogLevel }): webApi.Logger {
  const line = (parts: readonly unknown[]) => withoutSecrets(parts.map(textOf).join(" "));
  return {
    debug: () => undefined,
    info: (...parts) => log.debug({ sdk: "slack" }, line(parts)),
    warn: (...parts) => log.debug({ sdk: "slack" }, line(parts)),
    error: (...parts) => log.warn({ sdk: "slack" }, line(parts)),
    setLevel: () => undefined,
    setName: () => undefined,
    getLevel: () => levels.info,
  };
}

/** Tokens, and what follows the host of any address. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+/g, (token) => `${token.slice(0, 5)}…`)
    .replace(/((?:https?|wss?):\/\/[^/\s]+)\/\S*/g, "$1/…")
    .slice(0, 500);
}

function textOf(part: unknown): string {
  if (part instanceof Error) return part.message;
  return typeof part === "string" ? part : JSON.stringify(part);
}
