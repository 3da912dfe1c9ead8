import type { SenderSecret } from "../domain/alert/sender.ts";
import { parseJson } from "../domain/text/json.ts";
import type { ParseResult, RawDelivery, Source } from "../ports/source.ts";

/** A source as it is configured: under its own name, or several times under others (`use` in tocsin.yaml). */
export interface ConfiguredSource {
  /** The last part of `/webhooks/:source`. */
  readonly name: string;
  readonly source: Source;
  /** Empty: open, but only on a loopback address. */
  readonly secrets: readonly SenderSecret[];
  readonly settings: unknown;
}

const jsonRemedy = "Send one JSON text in UTF-8.";

/**
 * What a delivery says: bytes to JSON to the source's own words. Never throws: a fault of a source is a delivery that
 * cannot be parsed, and is kept like any other.
 */
export function parseDelivery(configured: ConfiguredSource, delivery: RawDelivery): ParseResult {
  const json = parseJson(delivery.body);
  if (json.kind === "invalid") return { kind: "unparseable", problem: json.problem, remedy: jsonRemedy };
  return parseBody(configured, delivery, json.value);
}

/**
 * As {@link parseDelivery}, for intake, which needs to know only whether it is readable.
 * @returns null when every entry surely reads; else what {@link parseDelivery} returns.
 */
export function inspectDelivery(configured: ConfiguredSource, delivery: RawDelivery): ParseResult | null {
  const json = parseJson(delivery.body);
  if (json.kind === "invalid") return { kind: "unparseable", problem: json.problem, remedy: jsonRemedy };
  const isClean = configured.source.readsCleanly?.(json.value) ?? false;
  return isClean ? null : parseBody(configured, delivery, json.value);
}

/** What a body says that is JSON already. Never throws. */
export function parseBody(configured: ConfiguredSource, delivery: RawDelivery, body: unknown): ParseResult {
  const { name, source, settings } = configured;
  try {
    const result = source.parse(body, delivery, settings);
    return name === source.name ? result : rename(result, name);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    return {
      kind: "unparseable",
      problem: `the source "${source.name}" failed on it: ${what}`,
      remedy: "Report this with the delivery's shape; it was kept and can be replayed after a fix.",
    };
  }
}

/** Alerts carry the name under which the source is configured, as deliveries do. */
function rename(result: ParseResult, name: string): ParseResult {
  if (result.kind === "unparseable") return result;
  const alerts = result.delivery.alerts.map((alert) => ({ ...alert, source: name }));
  return { ...result, delivery: { ...result.delivery, alerts } };
}
