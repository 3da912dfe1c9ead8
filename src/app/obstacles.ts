/**
 * What stands in the way of posting: noticed once, explained where somebody will read it, tried again now and then, and
 * forgotten as soon as a message goes through. What waits is brought up to date then, in its latest state.
 */
import {
  type AsidePlace,
  covers,
  isAside,
  isOverBy,
  nameOfTrouble,
  placeOfAside,
  placeOfTrouble,
  probeDelayMs,
} from "../domain/chat/trouble.ts";
import type { Aside, Channel, Clock, Log, Obstacle, Post, Store, StoreSlices, Trouble } from "../ports.ts";

export interface ObstacleOptions {
  readonly store: Store;
  /** Every channel that the configuration names: where a trouble elsewhere may be explained. */
  readonly channels: readonly Channel[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface Obstacles {
  /** A post met one. Resolves to the moment at which it may be tried again. */
  met(post: Post, obstacle: Obstacle): Promise<Date>;
  /** Whether this post may be tried although these troubles were open; takes the right of every one that covers it. */
  mayTry(post: Post, troubles: readonly Trouble[]): Promise<boolean>;
  /** A post went through: whatever stood in its way is over. */
  overcome(post: Post, troubles: readonly Trouble[]): Promise<void>;
  /** What goes with messages at a place did not work, or does again. Keeps no message back. */
  beside(where: AsidePlace, aside: Aside, troubles: readonly Trouble[]): Promise<void>;
}

/** Open troubles that are looked at when a channel is chosen to explain another one in. */
const maxOpen = 200;

export function createObstacles({ store, channels, clock, log }: ObstacleOptions): Obstacles {
  async function met(post: Post, obstacle: Obstacle): Promise<Date> {
    const place = placeOfTrouble(post, obstacle.reach);
    const now = clock.now();
    const { trouble, isNews } = await store.transaction(async (tx) => {
      const metBy = post.ref === null ? "post" : "edit";
      const noted = await tx.troubles.note({ ...place, ...obstacle, metBy }, now);
      if (place.part?.startsWith("thread:") && post.threadOf !== null)
        await tx.posts.holdThread(post.threadOf, noted.trouble.probeAt);
      if (noted.isNews) await explain(tx, noted.trouble, now);
      return noted;
    });
    const { problem, remedy } = obstacle;
    const level = isNews ? "error" : "debug";
    log[level](
      { where: nameOfTrouble(trouble), problem, remedy },
      "post: the platform takes no messages here",
    );
    return trouble.probeAt;
  }

  /** In the first other chat channel that is well, and in the console where that has channels. */
  async function explain(tx: StoreSlices, trouble: Trouble, now: Date): Promise<void> {
    const open = await tx.troubles.open(maxOpen);
    const well = channels.filter(
      ({ platform, id }) =>
        !open.some(
          (one) => !isAside(one) && one.platform === platform && (one.channel === null || one.channel === id),
        ),
    );
    const told = [
      well.find(({ platform }) => platform !== "console"),
      well.find(({ platform }) => platform === "console"),
    ];
    await show(
      tx,
      trouble,
      told.filter((channel) => channel !== undefined).map(({ platform, id }) => ({ platform, channel: id })),
      now,
    );
  }

  async function show(
    tx: StoreSlices,
    { id, revision }: Trouble,
    where: readonly { readonly platform: string; readonly channel: string }[],
    now: Date,
  ): Promise<void> {
    const wanted = where.map((channel) => ({
      ...channel,
      kind: "trouble" as const,
      subject: id,
      desiredRevision: revision,
      threadOf: null,
    }));
    await tx.posts.want(wanted, now);
    await tx.jobs.addAll(where.map((channel) => ({ task: "post", ...channel })));
  }

  async function mayTry(post: Post, troubles: readonly Trouble[]): Promise<boolean> {
    const now = clock.now();
    for (const { id, probes } of troubles.filter((trouble) => covers(trouble, post))) {
      const nextAt = new Date(now.getTime() + probeDelayMs(probes + 1));
      if (!(await store.troubles.claimProbe(id, now, nextAt))) return false;
    }
    return true;
  }

  async function overcome(post: Post, troubles: readonly Trouble[]): Promise<void> {
    const now = clock.now();
    for (const trouble of troubles.filter((one) => isOverBy(one, post))) {
      const healed = await heal(trouble, now);
      if (healed !== null)
        log.info({ where: nameOfTrouble(healed), since: healed.since }, "post: messages go through again");
    }
  }

  function heal({ id }: Trouble, now: Date): Promise<Trouble | null> {
    return store.transaction(async (tx) => {
      const over = await tx.troubles.heal(id, now);
      if (over === null) return null;
      const freed = await tx.posts.release(over);
      await tx.jobs.addAll(freed.map((channel) => ({ task: "post", ...channel })));
      await show(tx, over, await tx.posts.channelsOf("trouble", over.id), now);
      return over;
    });
  }

  async function beside(where: AsidePlace, aside: Aside, troubles: readonly Trouble[]): Promise<void> {
    const { obstacle } = aside;
    const place = placeOfAside(where, aside.part);
    const now = clock.now();
    if (obstacle === null) {
      const open = troubles.filter(({ part }) => part === place.part);
      for (const trouble of open) await heal(trouble, now);
      return;
    }
    const isNews = await store.transaction(async (tx) => {
      const noted = await tx.troubles.note({ ...place, ...obstacle, reach: "message", metBy: "edit" }, now);
      if (noted.isNews) await explain(tx, noted.trouble, now);
      return noted.isNews;
    });
    if (isNews) log.error({ where: nameOfTrouble(place), ...obstacle }, "post: something is left out");
  }

  return { met, mayTry, overcome, beside };
}
