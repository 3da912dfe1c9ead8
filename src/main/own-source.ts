/** Deliveries that the bot itself makes are read by a source of their own, which no sender can reach. */
import alertmanager from "../adapters/sources/alertmanager.ts";
import type { ConfiguredSource } from "../app/parse-delivery.ts";
import { ownSource } from "../app/watch.ts";

const own: ConfiguredSource = { name: ownSource, source: alertmanager, secrets: [], settings: undefined };

/** The sources that stored deliveries may be from: those that senders can reach, and the bot's own. */
export function readableSources(
  reachable: ReadonlyMap<string, ConfiguredSource>,
): ReadonlyMap<string, ConfiguredSource> {
  return new Map([...reachable, [ownSource, own]]);
}
