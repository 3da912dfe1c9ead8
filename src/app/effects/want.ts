import type { StoreSlices, WantedPost } from "../../ports.ts";

/** Has posts made or edited, and the channels that they are in brought up to date. */
export async function want(tx: StoreSlices, posts: readonly WantedPost[], now: Date): Promise<void> {
  if (posts.length === 0) return;
  await tx.posts.want(posts, now);
  for (const { platform, channel } of posts) await tx.jobs.add({ task: "post", platform, channel });
}
