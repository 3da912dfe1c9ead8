/**
 * Brings signed checkpoints to their destinations, each one there at least once and in order. A destination that fails
 * is tried again by the job queue; until it succeeds the row stays and doctor shows it.
 */
import {
  type Channel,
  type Clock,
  channelName,
  type Metrics,
  type Publication,
  type Publisher,
  type Store,
} from "../ports.ts";

export interface PublishOptions {
  readonly store: Store;
  readonly publishers: readonly Publisher[];
  /** Channels that each checkpoint is posted to. */
  readonly channels: readonly Channel[];
  /** Name of the log. */
  readonly origin: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

export interface Publish {
  /** Names of all destinations. */
  readonly destinations: readonly string[];
  /** The job. @throws Error when the destination could not be reached: to be tried again. */
  publish(destination: string): Promise<void>;
}

/** Checkpoints that one job brings to a destination; the next job goes on. */
const batch = 50;
const maxProblem = 500;

export function createPublish(options: PublishOptions): Publish {
  const { store, clock, metrics } = options;
  const publishers = new Map(options.publishers.map((publisher) => [publisher.name, publisher]));
  const channels = new Map(options.channels.map((channel) => [`channel ${channelName(channel)}`, channel]));

  async function publish(destination: string): Promise<void> {
    // What tocsin.yaml no longer names keeps its rows, so that it can be caught up when it comes back.
    if (!publishers.has(destination) && !channels.has(destination)) return;
    const waiting = await store.checkpoints.unpublished(destination, batch);
    const [kind = ""] = destination.split(" ");
    for (const publication of waiting) {
      try {
        await publishOne(publication);
      } catch (error) {
        metrics.count("tocsin_audit_publications_total", { kind: kind, outcome: "failed" });
        const problem = error instanceof Error ? error.message : String(error);
        await store.checkpoints.markFailed(publication, problem.slice(0, maxProblem));
        throw error;
      }
      metrics.count("tocsin_audit_publications_total", { kind: kind, outcome: "published" });
    }
    if (waiting.length === batch) await store.jobs.add({ task: "publish", destination });
  }

  async function publishOne(publication: Publication): Promise<void> {
    const { destination, size, note } = publication;
    const channel = channels.get(destination);
    if (channel !== undefined) return await post(channel, publication);
    await publishers.get(destination)?.publish({ origin: options.origin, size, note });
    await store.checkpoints.markPublished(publication, clock.now());
  }

  /** The channel's own queue does the rest: effectively once, retried, shown by doctor when it is refused. */
  async function post({ platform, id }: Channel, publication: Publication): Promise<void> {
    const now = clock.now();
    await store.transaction(async (tx) => {
      const target = { platform, channel: id, kind: "checkpoint" as const, subject: publication.size };
      await tx.posts.want([{ ...target, desiredRevision: 1, threadOf: null }], now);
      await tx.jobs.add({ task: "post", platform, channel: id });
      await tx.checkpoints.markPublished(publication, now);
    });
  }

  return { destinations: [...publishers.keys(), ...channels.keys()], publish };
}
