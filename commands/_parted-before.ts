/** What parted an alert and an incident before: what somebody said of them, or a split that their history tells. */

import { z } from "zod";
import { tellingReason } from "../src/domain/clustering/telling-reason.ts";
import { type Decision, signed } from "../src/domain/clustering/why-not.ts";
import { clock } from "../src/domain/explanation/wording.ts";
import type { Incident, TimelineEntry } from "../src/domain/incident.ts";
import { saidApart } from "../src/domain/learning/said-apart.ts";
import { oneLine } from "../src/domain/view.ts";
import type { CommandContext } from "../src/ports/command.ts";
import type { StoredAlert } from "../src/ports/incident.ts";
import { nameOf } from "./_lookup.ts";

const maxSaid = 500;
const maxEntries = 1_000;

/** What the entry of a split keeps; see `src/app/families.ts`. */
const splitSchema = z.object({
  from: z.number(),
  into: z.number(),
  reasons: z.array(z.object({ signal: z.string(), score: z.number(), because: z.string() })),
});

/** An alert, and an incident with its alerts that it is not in. */
export interface Parted {
  readonly stored: StoredAlert;
  readonly incident: Incident;
  readonly theirs: readonly StoredAlert[];
}

/** Null where nobody said anything, and neither of the two incidents came out of the other. */
export async function partedBefore(parted: Parted, context: CommandContext): Promise<Decision | null> {
  return (await bySomebody(parted, context)) ?? (await bySplit(parted, context));
}

async function bySomebody(
  { stored, incident, theirs }: Parted,
  { store, people, now }: CommandContext,
): Promise<Decision | null> {
  const said = await store.feedback.ofIncidents([incident.id, stored.incidentId], maxSaid);
  const apart = saidApart(said, stored.key, new Set(theirs.map(({ key }) => key)));
  if (apart === null) return null;
  const who = oneLine(nameOf(people, apart.person), 60);
  const how = apart.kind === "split" ? "split them" : "moved the one away from the other";
  return { step: "ruling", because: `${who} ${how} at ${clock(apart.at, { openedAt: now })}` };
}

async function bySplit(
  { stored, incident }: Parted,
  { store, now }: CommandContext,
): Promise<Decision | null> {
  const entries = await store.incidents.timeline(stored.incidentId, maxEntries);
  for (const entry of entries.toReversed()) {
    const split = splitOf(entry);
    if (split === null || entry.at < stored.alert.startsAt) continue;
    const telling = tellingReason(split.reasons, "against");
    const why = telling === null ? "" : `: ${oneLine(telling.because, 300)} (${signed(telling.score)})`;
    const when = `at ${clock(entry.at, { openedAt: now })}${why}`;
    if (split.into === stored.incidentId && split.from === incident.id)
      return {
        step: "split",
        because: `incident ${stored.incidentId}, where it is, was split from it ${when}`,
      };
    if (split.from === stored.incidentId && split.into === incident.id)
      return {
        step: "split",
        because: `it was split from incident ${stored.incidentId}, where the alert stayed, ${when}`,
      };
  }
  return null;
}

function splitOf({ kind, data }: TimelineEntry): z.infer<typeof splitSchema> | null {
  return kind === "split" ? (splitSchema.safeParse(data).data ?? null) : null;
}
