import { z } from "zod";
import type { Feedback } from "./feedback.ts";

/** What a split or a move keeps of its alerts: those that left, and those that stayed. */
const sidesSchema = z.object({ alerts: z.array(z.string()), rest: z.array(z.string()) });

/**
 * The newest split or move that took an alert and any of some others apart; null when nobody did.
 * @param said - in the order in which it was said.
 * @param others - keys of alerts.
 */
export function saidApart(
  said: readonly Feedback[],
  key: string,
  others: ReadonlySet<string>,
): Feedback | null {
  const isAny = (keys: readonly string[]) => keys.some((other) => others.has(other));
  const parts = ({ kind, data }: Feedback) => {
    const sides = kind === "split" || kind === "move" ? sidesSchema.safeParse(data).data : undefined;
    if (sides === undefined) return false;
    const { alerts, rest } = sides;
    return (alerts.includes(key) && isAny(rest)) || (rest.includes(key) && isAny(alerts));
  };
  return said.findLast(parts) ?? null;
}
