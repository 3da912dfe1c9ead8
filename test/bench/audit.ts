/**
 * Audit entries appended per second, beside plain inserts of the same rows, by writers that each commit on their own.
 *   node --import tsx test/bench/audit.ts [SECONDS] [ROUNDS]
 * Both take turns in one run, since a machine is never equally quiet twice; on an embedded server that syncs to disk.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import postgres from "postgres";
import { startEmbedded } from "../../src/adapters/store/embedded.ts";
import { migrate } from "../../src/adapters/store/migrate.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { readEntries } from "../../src/app/read-log.ts";
import { type AuditRecord, createChainCheck } from "../../src/domain/audit.ts";
import { silentLog } from "../../src/ports/observability.ts";
import { report } from "./report.ts";

const writers = 8;
const aimPerSecond = 250;

/** Runs and prints the figure; throws when the chain is not intact afterwards. */
export async function benchAudit(seconds = 3, rounds = 3): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "tocsin-bench-"));
  await chmod(folder, 0o711);
  const server = await startEmbedded({ dataDir: path.join(folder, "data"), log: silentLog });
  try {
    await migrate(server.url);
    const store = await openStore({ url: server.url, maxConnections: writers });
    const plain = postgres(server.url, { max: writers, onnotice: () => undefined });
    await plain`create table plain_entries (seq bigserial primary key, at timestamptz, actor text, action text,
      subject text, outcome text, data jsonb)`;
    const turns: { ours: number; theirs: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const ours = await perSecond(seconds, (index) => store.audit.append(record(index)));
      const theirs = await perSecond(seconds, (index) => insertPlain(plain, record(index)));
      turns.push({ ours, theirs });
    }
    await expectIntact(store);
    await plain.end({ timeout: 5 });
    await store.close();
    const middle = turns.sort((a, b) => a.ours - b.ours)[Math.floor(turns.length / 2)];
    if (middle === undefined) throw new Error("audit bench: no turns");
    report({
      measure: `audit entries appended, ${writers} writers, each in a transaction of its own`,
      figure: `${Math.round(middle.ours)}/s, plain inserts ${Math.round(middle.theirs)}/s, ratio ${(middle.ours / middle.theirs).toFixed(2)}`,
      aim: `>= ${aimPerSecond}/s`,
      isMet: middle.ours >= aimPerSecond,
    });
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function perSecond(seconds: number, append: (index: number) => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  let count = 0;
  async function write(): Promise<void> {
    while (performance.now() < endsAt) {
      await append(count);
      count += 1;
    }
  }
  await Promise.all(Array.from({ length: writers }, write));
  return count / ((performance.now() - startedAt) / 1000);
}

function record(index: number): AuditRecord {
  return {
    at: new Date(),
    actor: `person-${index % 20}`,
    action: "rollout.approved",
    subject: `rollout:${index}`,
    outcome: "done",
    data: { planHash: "f".repeat(64), reason: "the metrics of the challenger look better", via: "slack" },
  };
}

async function insertPlain(client: postgres.Sql, { at, actor, action, subject, outcome, data }: AuditRecord) {
  await client`insert into plain_entries (at, actor, action, subject, outcome, data)
    values (${at}, ${actor}, ${action}, ${subject}, ${outcome}, ${client.json(data as postgres.JSONValue)})`;
}

async function expectIntact(store: OpenStore): Promise<void> {
  const check = createChainCheck();
  for await (const entry of readEntries(store, 1)) if (check.add(entry) !== null) break;
  const verdict = check.end();
  if (verdict.kind === "broken") throw new Error(`audit bench: ${verdict.problem}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  await benchAudit(Number(process.argv[2] ?? 3), Number(process.argv[3] ?? 3));
