/** Deliveries that the bot itself makes are read by a source of their own, which no sender can reach. */
import alertmanager from "../adapters/sources/alertmanager.ts";
import type { ConfiguredSource } from "../app/parse-delivery.ts";
import { ownSource } from "../app/watch.ts";
import { declaredSource } from "../domain/alert/declaration.ts";

const own = [ownSource, declaredSource].map(
  (name): ConfiguredSource => ({ name, source: alertmanager, secrets: [], settings: undefined }),
);

/** The sources that stored deliveries may be from: those that senders can reach, and the bot's own. */
export function readableSources(
  reachable: ReadonlyMap<string, ConfiguredSource>,
): ReadonlyMap<string, ConfiguredSource> {
  return new Map([...reachable, ...own.map((source) => [source.name, source] as const)]);
}
