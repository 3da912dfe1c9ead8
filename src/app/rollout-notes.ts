/** Says something in the thread of each card of a rollout, once. */
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
