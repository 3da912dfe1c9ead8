/** Both halves of what triage does to a memory that holds everything: nothing has to be read back between them. */
import { passTime as endInTime, placeAfterTime } from "../../src/app/pass-time.ts";
import { observeRulings, placeRulings } from "../../src/app/rulings.ts";
import { placeReports, takeReports as takeIn } from "../../src/app/take-reports.ts";
import type { TriageMemory } from "../../src/app/triage/memory.ts";
import type { Movement, Report } from "../../src/app/triage/movement.ts";
import type { Ruling } from "../../src/domain/clustering/correlation.ts";

export function takeReports(
  memory: TriageMemory,
  reports: readonly Report[],
  context: Parameters<typeof takeIn>[2],
): Movement {
  return placeReports(memory, takeIn(memory, reports, context));
}

export function passTime(
  memory: TriageMemory,
  context: Parameters<typeof endInTime>[1] & Parameters<typeof placeAfterTime>[2],
): Movement {
  return placeAfterTime(memory, endInTime(memory, context), context);
}

export function takeRulings(memory: TriageMemory, rulings: readonly Ruling[], now: Date): Movement {
  return placeRulings(memory, rulings, observeRulings(memory, rulings, now));
}
