/** Which alerts of an incident somebody means by a few words. */
import { closest } from "../command/spelling.ts";
import { oneLine } from "../view.ts";
import { entityOf } from "./entity.ts";
import type { TrackedAlert } from "./tracked.ts";

export type AlertChoice =
  | { readonly kind: "chosen"; readonly alerts: readonly TrackedAlert[] }
  /** No alert goes with `word`; `near` is what may have been meant. */
  | { readonly kind: "unknown"; readonly word: string; readonly near: string | null };

/** Shorter beginnings of a key are more likely a word. */
const minKey = 6;
const maxWords = 50;

/**
 * Reads "HighLatency, api" or "3fa9c1d2 api": each word names alerts by the beginning of their key, their name, their
 * service, as they call it or as the incident does, or "NAME on SERVICE"; in any case of letters. Names with spaces are
 * told apart by commas.
 * @returns the alerts in the order in which they were given, each once; unknown when any word goes with none.
 */
export function chooseAlerts(text: string, alerts: readonly TrackedAlert[]): AlertChoice {
  const chosen = new Set<TrackedAlert>();
  for (const word of wordsOf(text, alerts)) {
    const found = alerts.filter((alert) => isMeant(alert, word));
    if (found.length === 0) return { kind: "unknown", word, near: closest(word, namesOf(alerts)) };
    for (const alert of found) chosen.add(alert);
  }
  return { kind: "chosen", alerts: alerts.filter((alert) => chosen.has(alert)) };
}

/** "HighLatency on api". Untrusted text. */
export function alertName({ alert }: Pick<TrackedAlert, "alert">): string {
  return oneLine(`${alert.name}${alert.service === null ? "" : ` on ${alert.service}`}`, 160);
}

/** "A, B and 3 more", each name once. */
export function alertNames(alerts: readonly Pick<TrackedAlert, "alert">[], max = 3): string {
  const names = [...new Set(alerts.map(alertName))];
  const more = names.length - max;
  return more <= 0 ? names.join(", ") : `${names.slice(0, max).join(", ")} and ${more} more`;
}

/** True when the word names this alert. */
export function isMeant(tracked: TrackedAlert, word: string): boolean {
  const wanted = word.toLowerCase();
  const { name, service } = tracked.alert;
  return (
    (wanted.length >= minKey && tracked.key.startsWith(wanted)) ||
    [name, service ?? "", entityOf(tracked.alert) ?? "", alertName(tracked)].some(
      (own) => own !== "" && own.toLowerCase() === wanted,
    )
  );
}

/** Commas part names; without them the whole text is one name if it is one at all, else every word is. */
function wordsOf(text: string, alerts: readonly TrackedAlert[]): readonly string[] {
  const clean = (words: readonly string[]) =>
    words
      .map((word) => word.trim())
      .filter((word) => word !== "")
      .slice(0, maxWords);
  if (text.includes(",")) return clean(text.split(","));
  const whole = text.trim();
  return alerts.some((alert) => isMeant(alert, whole)) ? [whole] : clean(whole.split(/\s+/));
}

function namesOf(alerts: readonly TrackedAlert[]): readonly string[] {
  const named = alerts.flatMap(({ alert }) => [alert.name, alert.service, entityOf(alert)]);
  return [...new Set(named.filter((name) => name !== null))];
}
