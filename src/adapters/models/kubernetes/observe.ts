/** How an operation does, from the object that it changed: whether it is still ours, and how far its kind says it is. */
import type { ExternalRef, Observed } from "../../../ports/model.ts";
import { KubernetesError } from "./failure.ts";
import { originOf } from "./origin.ts";
import type { Place, ServingKind, Sight } from "./place.ts";
import { recordFor } from "./record.ts";
import { waitForChange } from "./watch.ts";

export function createObserve<Seen>(
  kind: ServingKind<Seen>,
): (place: Place, ref: ExternalRef) => Promise<Observed> {
  async function observe(place: Place, ref: ExternalRef): Promise<Observed> {
    const first = await look(place, ref);
    if (first.observed.kind !== "running" || first.resourceVersion === null || place.settings.watchMs === 0)
      return first.observed;
    const { collection, name, client } = place;
    const watched = { collection, name, resourceVersion: first.resourceVersion };
    const waited = await waitForChange(client, watched, place.settings.watchMs).catch((error: unknown) => {
      // Without the right to watch it is polled alone.
      if (error instanceof KubernetesError) return "unchanged" as const;
      throw error;
    });
    return waited === "unchanged" ? first.observed : (await look(place, ref)).observed;
  }

  async function look(
    place: Place,
    ref: ExternalRef,
  ): Promise<{ readonly observed: Observed; readonly resourceVersion: string | null }> {
    const lost = (problem: string) => ({
      observed: { kind: "lost", problem, logTail: "" } as const,
      resourceVersion: null,
    });
    const sight = await readIfThere(kind, place);
    if (sight === null) return lost(`${place.title} is gone`);
    const { resourceVersion, uid } = sight.metadata;
    if (uid !== ref["uid"]) return lost(`${place.title} was deleted and made anew since`);
    const record = recordFor(sight.records, ref["operationId"] ?? "");
    if (record === null) return lost(`${place.title} no longer tells of this operation`);
    if (record !== sight.records.at(-1)) return lost(`${place.title}: another operation came after this one`);
    const expected = record.state === "asked" ? record.to : record.from;
    if (sight.wanted !== expected) {
      const { by } = originOf(sight.metadata, [], sight.wanted);
      const problem = `${place.title} asks for ${sight.wanted ?? "nothing"} instead of ${expected ?? "nothing"}: ${by ?? "someone"} changed it outside the bot`;
      return { observed: { kind: "failed", problem, logTail: "" }, resourceVersion };
    }
    const observed = await kind.progress(place, sight, record);
    return { observed: record.state === "asked" ? observed : undone(place, observed), resourceVersion };
  }

  return observe;
}

/** The object, or null when it is gone. */
export async function readIfThere<Seen>(kind: ServingKind<Seen>, place: Place): Promise<Sight<Seen> | null> {
  try {
    return await kind.read(place);
  } catch (error) {
    if (error instanceof KubernetesError && error.mishap === "absent") return null;
    throw error;
  }
}

/** Of an operation that is taken back: it is over when what served before serves again. */
function undone(place: Place, observed: Observed): Observed {
  const { logTail } = observed;
  if (observed.kind === "succeeded") return { kind: "cancelled", logTail };
  if (observed.kind === "failed")
    return {
      ...observed,
      problem: `${place.title} does not get back to what served before: ${observed.problem}`,
    };
  if (observed.kind === "holding") return { kind: "running", steps: observed.steps, logTail };
  return observed;
}
