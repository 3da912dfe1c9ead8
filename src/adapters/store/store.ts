/** The store: everything the bot remembers, in PostgreSQL. */
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { ConsoleMessages } from "../../ports/console.ts";
import type { CommandRequest, DeliveryStore, Store, StoreSlices } from "../../ports.ts";
import { auditSlice } from "./audit.ts";
import { checkpointSlice } from "./checkpoints.ts";
import { type DatabaseAddress, type Db, openClient, openDrizzle } from "./client.ts";
import { consoleSlice } from "./console.ts";
import { deliverySlice } from "./deliveries.ts";
import { writeDeliveries } from "./delivery-writer.ts";
import { digestSlice } from "./digests.ts";
import { escalationSlice } from "./escalations.ts";
import { explanationSlice } from "./explanations.ts";
import { feedbackSlice } from "./feedback.ts";
import { incidentChannelSlice } from "./incident-channels.ts";
import { incidentSlice } from "./incidents.ts";
import { jobSlice, jobsAtTheEnd } from "./job-queue.ts";
import { learningSlice } from "./learning.ts";
import { leaseSlice } from "./leases.ts";
import { linkSlice } from "./links.ts";
import { freeEverything } from "./liveness.ts";
import { monitoringSlice } from "./monitoring.ts";
import { noiseSlice } from "./noise.ts";
import { operationRecordSlice } from "./operation-records.ts";
import { postSlice } from "./posts.ts";
import { writeRequest } from "./request-writer.ts";
import { requestSlice } from "./requests.ts";
import { excessRights } from "./rights.ts";
import { rolloutSlice } from "./rollouts.ts";
import { installation } from "./schema.ts";
import { searchSlice } from "./search.ts";
import { servingSlice } from "./serving.ts";
import { similarSlice } from "./similar-incidents.ts";
import { subscriptionSlice } from "./subscriptions.ts";
import { troubleSlice } from "./troubles.ts";
import { watchSlice } from "./watch.ts";

/** Of a migrated database; see migrate.ts. */
export interface StoreOptions extends DatabaseAddress {
  /** For everything but what people and senders wait for, see {@link OpenStore.keepRequest}; default 10. */
  readonly maxConnections?: number;
  /** Shown by pg_stat_activity; default "tocsin". */
  readonly name?: string;
}

/** A store with what only main.ts needs. */
export interface OpenStore extends Store {
  readonly console: ConsoleMessages;
  /** 32 bytes, the same on every replica: signs the console's session cookies. */
  readonly sessionKey: Uint8Array;
  /** Unique to this database. */
  readonly installationId: string;
  /**
   * Makes a request durable together with the job that carries it out; one that is there already is left alone. A
   * platform is acknowledged after it, so that it goes by connections of its own: no work of the bot makes a person wait.
   */
  keepRequest(request: CommandRequest): Promise<void>;
  /** What the connected role could do to the audit log beyond reading and adding, in words. */
  excessRights(): Promise<readonly string[]>;
  /** The database's clock. */
  now(): Promise<Date>;
  /** Rejects when the database does not answer within `timeoutMs`. */
  ping(timeoutMs?: number): Promise<void>;
  /**
   * Takes every lease and job from whoever holds them. Only right after the start of an embedded server, which no other
   * bot can use.
   */
  takeOver(): Promise<void>;
  close(): Promise<void>;
}

/** Inserts of deliveries that may be under way at once. */
const deliveryConnections = 3;
/** Command requests that may be kept at once. */
const requestConnections = 2;

/**
 * Connects, and reads which installation this is.
 * @throws Error when the database does not answer or is not migrated.
 */
export async function openStore(options: StoreOptions): Promise<OpenStore> {
  const { url, password, name = "tocsin", maxConnections = 10 } = options;
  const open = (clientName: string, most: number) =>
    openClient({ url, password, name: clientName, maxConnections: most });
  const client = open(name, maxConnections);
  const writerClient = open(`${name} deliveries`, deliveryConnections);
  const requestClient = open(`${name} requests`, requestConnections);
  const db = openDrizzle(client);
  try {
    const { id, secret } = await readInstallation(db);
    return {
      ...slicesOf(db, id, (group) => writeDeliveries(writerClient, group)),
      transaction: (work) =>
        db.transaction(async (tx) => {
          const { jobs, addAll } = jobsAtTheEnd(tx);
          const result = await work({ ...slicesOf(tx, id), jobs });
          await addAll();
          return result;
        }),
      keepRequest: (request) => writeRequest(requestClient, request),
      console: consoleSlice(db, client),
      installationId: id,
      excessRights: () => excessRights(client),
      sessionKey: Buffer.from(secret, "hex"),
      now: () => databaseTime(db),
      ping: (timeoutMs = 3_000) => ping(db, timeoutMs),
      takeOver: () => freeEverything(client),
      close: () => close(),
    };
  } catch (error) {
    await close();
    throw error;
  }

  async function close(): Promise<void> {
    await Promise.all([client, writerClient, requestClient].map((each) => each.end({ timeout: 5 })));
  }
}

function slicesOf(db: Db, installationId: string, write?: DeliveryStore["insert"]): StoreSlices {
  return {
    deliveries: deliverySlice(db, write),
    leases: leaseSlice(db),
    incidents: incidentSlice(db),
    posts: postSlice(db, installationId),
    troubles: troubleSlice(db),
    incidentChannels: incidentChannelSlice(db),
    subscriptions: subscriptionSlice(db),
    links: linkSlice(db),
    requests: requestSlice(db),
    audit: auditSlice(db),
    checkpoints: checkpointSlice(db),
    rollouts: rolloutSlice(db),
    operationRecords: operationRecordSlice(db),
    explanations: explanationSlice(db),
    feedback: feedbackSlice(db),
    similar: similarSlice(db),
    search: searchSlice(db),
    noise: noiseSlice(db),
    learning: learningSlice(db),
    digests: digestSlice(db),
    escalations: escalationSlice(db),
    watch: watchSlice(db),
    monitoring: monitoringSlice(db),
    serving: servingSlice(db),
    jobs: jobSlice(db),
  };
}

/** Made by the first who opens the database. */
async function readInstallation(db: Db): Promise<typeof installation.$inferSelect> {
  const [known] = await db.select().from(installation);
  if (known !== undefined) return known;
  return await db.transaction(async (tx) => {
    await tx.execute(sql`lock table ${installation} in exclusive mode`);
    const [row] = await tx.select().from(installation);
    if (row !== undefined) return row;
    const made = { id: randomUUID(), secret: randomBytes(32).toString("hex") };
    await tx.insert(installation).values(made);
    return made;
  });
}

async function databaseTime(db: Db): Promise<Date> {
  const [row] = await db.execute<{ ms: string }>(
    sql`select extract(epoch from clock_timestamp()) * 1000 as ms`,
  );
  return new Date(Number(row?.ms));
}

async function ping(db: Db, timeoutMs: number): Promise<void> {
  const timer = new AbortController();
  const late = sleep(timeoutMs, "late" as const, { signal: timer.signal }).catch(() => "late" as const);
  try {
    const first = await Promise.race([db.execute(sql`select 1`), late]);
    if (first === "late") throw new Error(`The database did not answer within ${timeoutMs} ms.`);
  } finally {
    timer.abort();
  }
}
