/** Says something in the thread of each card of a rollout, once. */
import { comparisonAlt, comparisonChart } from "../domain/rollout/comparison-chart.ts";
import type { Rollout } from "../domain/rollout.ts";
import type { StoreSlices } from "../ports.ts";

/** @param note - `key` names it: said again it is not posted again. */
export async function tellRollout(
  tx: StoreSlices,
  rollout: Pick<Rollout, "id">,
  note: { readonly key: string; readonly text: string },
  now: Date,
): Promise<void> {
  const id = await tx.rollouts.addNote({ rolloutId: rollout.id, at: now, ...note });
  if (id === null) return;
  const channels = await tx.posts.channelsOf("rollout", rollout.id);
  if (channels.length === 0) return;
  const threadOf = { kind: "rollout", subject: rollout.id } as const;
  await tx.posts.want(
    channels.map((target) => ({
      ...target,
      kind: "rollout_note",
      subject: id,
      desiredRevision: 1,
      threadOf,
    })),
    now,
  );
  for (const { platform, channel } of channels) await tx.jobs.add({ task: "post", platform, channel });
}

/** Key of the note that is drawn: the version beside the one that serves. */
export const comparisonNote = "comparison";

/** Shows what was measured of both versions, once; nothing where nobody measured. */
export async function tellComparison(tx: StoreSlices, rollout: Rollout, now: Date): Promise<void> {
  const chart = comparisonChart(rollout);
  if (chart === null) return;
  await tellRollout(tx, rollout, { key: comparisonNote, text: comparisonAlt(chart) }, now);
}
