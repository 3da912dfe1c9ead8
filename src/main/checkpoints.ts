/** Checkpoints of the audit log, put together: who signs, when, and where they go. */
import { createFilePublisher } from "../adapters/publishers/file.ts";
import { createGitPublisher } from "../adapters/publishers/git.ts";
import { createHttpPublisher } from "../adapters/publishers/http.ts";
import type { OpenStore } from "../adapters/store/store.ts";
import { type Checkpointer, createCheckpointer } from "../app/checkpoint.ts";
import { createPublish, type Publish } from "../app/publish.ts";
import type { Config } from "../config.ts";
import { type CheckpointSigner, formatVerifier, verifierOf } from "../domain/audit/checkpoint.ts";
import { type Channel, type Clock, type Log, type Metrics, type Publisher, parseChannel } from "../ports.ts";
import { auditOrigin, openSigner } from "./audit-key.ts";

/** How often a replica looks whether a checkpoint is due, ms. */
const lookMs = 60_000;

export interface Checkpoints extends Checkpointer {
  readonly publish: Publish;
  /** What others check signatures with; one line. */
  readonly verifierLine: string;
  readonly signer: CheckpointSigner;
  /** Looks at once and then every minute; what is due is a job, which one replica does. */
  start(): Promise<void>;
  stop(): void;
}

export function createCheckpoints(parts: {
  readonly config: Config;
  readonly store: OpenStore;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}): Checkpoints {
  const { config, store, log, metrics, clock } = parts;
  const origin = auditOrigin(config, store.installationId);
  const signer = openSigner(config, origin);
  const { publishers, channels } = destinationsOf(config);
  const publish = createPublish({ store, publishers, channels, origin, clock, metrics });
  const { destinations } = publish;
  const checkpointer = createCheckpointer({ store, signer, destinations, clock, log, metrics });
  let timer: NodeJS.Timeout | null = null;

  async function look(): Promise<void> {
    const [newest, head] = await Promise.all([store.checkpoints.newest(), store.audit.mark()]);
    const ageMs = newest === null ? Number.POSITIVE_INFINITY : clock.now().getTime() - newest.at.getTime();
    if (head === null || head.seq <= (newest?.size ?? 0) || ageMs < config.audit.checkpointEveryMs) return;
    await store.jobs.add({ task: "checkpoint" });
  }

  async function start(): Promise<void> {
    for (const destination of destinations) await store.jobs.add({ task: "publish", destination });
    await look();
    const again = () =>
      void look().catch((error: unknown) =>
        log.warn({ error: String(error) }, "checkpoint: could not look whether one is due; trying again"),
      );
    timer = setInterval(again, lookMs);
    timer.unref();
  }

  return {
    ...checkpointer,
    publish,
    signer,
    verifierLine: formatVerifier(verifierOf(signer)),
    start,
    stop: () => clearInterval(timer ?? undefined),
  };
}

function destinationsOf(config: Config): {
  readonly publishers: readonly Publisher[];
  readonly channels: readonly Channel[];
} {
  const { environment } = config;
  const publishers: Publisher[] = [];
  const channels: Channel[] = [];
  for (const each of config.audit.publish) {
    if (each.kind === "file") publishers.push(createFilePublisher(each.path));
    else if (each.kind === "git") publishers.push(createGitPublisher({ ...each, environment }));
    else if (each.kind === "http") publishers.push(createHttpPublisher(each));
    else channels.push(...[parseChannel(each.channel)].filter((channel) => channel !== null));
  }
  return { publishers, channels };
}
