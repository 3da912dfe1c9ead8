/** What was promised to senders, and what the database holds of it: for tests in which processes die. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { z } from "zod";
import { findEmbedded } from "../../src/adapters/store/embedded.ts";
import type { BotUnderTest } from "./bot.ts";

const notification = z.object({
  alerts: z.array(
    z.object({
      status: z.enum(["firing", "resolved"]),
      labels: z.record(z.string(), z.string()),
      startsAt: z.string(),
      endsAt: z.string(),
    }),
  ),
});

/** One firing of an alert, as its sender last told it. */
export interface ToldAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly status: "firing" | "resolved";
  readonly endsAt: string | null;
}

export interface Ledger {
  readonly url: string;
  /** The last word on every firing for which the sender was given a 2xx; by labels and start. */
  accepted(): ReadonlyMap<string, ToldAlert>;
  close(): Promise<void>;
}

/** Stands between Alertmanager and the bot; what the bot does not answer, Alertmanager sees cut off. */
export async function startLedger(target: string): Promise<Ledger> {
  const accepted = new Map<string, ToldAlert>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => void pass(Buffer.concat(chunks)).catch(() => response.destroy()));

    async function pass(body: Buffer): Promise<void> {
      const answer = await fetch(target, {
        method: "POST",
        headers: {
          "content-type": request.headers["content-type"] ?? "",
          authorization: request.headers.authorization ?? "",
        },
        body,
        signal: AbortSignal.timeout(9_000),
      });
      if (answer.ok) record(body);
      const text = await answer.text();
      response.writeHead(answer.status, { "retry-after": answer.headers.get("retry-after") ?? "1" });
      response.end(text);
    }
  });
  function record(body: Buffer): void {
    for (const alert of notification.parse(JSON.parse(body.toString("utf8"))).alerts) {
      const key = keyOf(alert.labels, alert.startsAt);
      // Deliveries of one firing that cross each other: an end is never taken back.
      if (accepted.get(key)?.status === "resolved") continue;
      accepted.set(key, {
        ...alert,
        startsAt: moment(alert.startsAt),
        endsAt: alert.status === "resolved" ? moment(alert.endsAt) : null,
      });
    }
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the ledger has no port");
  return {
    url: `http://127.0.0.1:${address.port}/`,
    accepted: () => accepted,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Names a firing the same way for a sender and for a row. */
export function keyOf(labels: Readonly<Record<string, string>>, startsAt: string): string {
  return JSON.stringify([Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)), moment(startsAt)]);
}

function moment(text: string): string {
  return new Date(text).toISOString();
}

export interface Drip {
  /** Ids of the changes for which the bot answered 202. */
  readonly accepted: readonly string[];
  /** How often it answered something else or nothing. */
  refused(): number;
  stop(): Promise<void>;
}

/**
 * Reports a change every `everyMs`, each once, whatever becomes of it. They are of yesterday and about a service that
 * has nothing to do with the story, so nobody suspects them and they leave no trace in chat.
 */
export function drip(botUrl: string, everyMs: number): Drip {
  const at = new Date(Date.now() - 86_400_000).toISOString();
  const accepted: string[] = [];
  const inFlight = new Set<Promise<void>>();
  let refused = 0;
  let isOver = false;

  async function send(number: number): Promise<void> {
    const id = `drip-${number}`;
    const change = { id, kind: "infra", service: "build-runner", title: `runner image ${number}`, at };
    try {
      const answer = await fetch(`${botUrl}/webhooks/changes`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ changes: [change] }),
        signal: AbortSignal.timeout(10_000),
      });
      if (answer.status === 202) accepted.push(id);
      else refused += 1;
    } catch {
      // The bot was dead, or died before it answered: nothing was promised.
      refused += 1;
    }
  }

  async function run(): Promise<void> {
    for (let number = 1; !isOver; number += 1) {
      const sending = send(number);
      inFlight.add(sending);
      void sending.finally(() => inFlight.delete(sending));
      await sleep(everyMs);
    }
  }

  const running = run();
  return {
    accepted,
    refused: () => refused,
    async stop() {
      isOver = true;
      await running;
      await Promise.all(inFlight);
    },
  };
}

/** Opens the embedded database of a bot that runs. The caller ends it. */
export async function openDatabaseOf(bot: BotUnderTest): Promise<postgres.Sql> {
  const url = await findEmbedded(path.join(bot.folder, "data"));
  if (url === null) throw new Error("the bot's embedded database does not run");
  return postgres(url, { max: 2, onnotice: () => undefined });
}

/** What still has to happen before everything is as it stays: empty when all is quiet. */
export async function unfinished(sql: postgres.Sql): Promise<readonly string[]> {
  const rows = await sql<{ what: string }[]>`
    select 'post ' || kind || ' ' || subject || ' in ' || platform || ': ' || state as what from posts
      where posted_revision < desired_revision or state <> 'posted'
    union all select 'request ' || key from requests where state = 'waiting'
    union all select 'rollout ' || id || ': ' || state from rollouts
      where state in ('pending', 'approved', 'starting', 'running', 'cancelling')
    union all select 'incident ' || id || ': ' || state from incidents where state <> 'resolved'
    union all select 'delivery ' || id from deliveries where id > (select cursor from leases where scope = 'default')
    union all select 'job ' || task_identifier || ' ' || coalesce(key, '') || coalesce(': ' || last_error, '')
      from graphile_worker.jobs where run_at <= now()`;
  return rows.map(({ what }) => what);
}

/** Command lines of processes that work in a folder, Linux only. */
export function processesIn(folder: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
        const isInside = readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) || command.includes(folder);
        return isInside ? [`${pid} ${command}`] : [];
      } catch {
        // It ended while it was looked at, or belongs to the kernel.
        return [];
      }
    });
}
