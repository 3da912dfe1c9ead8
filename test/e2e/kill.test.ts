/**
 * The story again, told by people who insist, while the bot is killed twenty times at random moments, in some of them
 * together with its database: nothing is lost, nothing happens twice.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { liveThroughIt } from "./insistence.ts";
import { createKiller, seededRandom } from "./killer.ts";
import { drip, keyOf, type Ledger, openDatabaseOf, processesIn, startLedger, unfinished } from "./ledger.ts";
import { eventually } from "./process.ts";
import { prometheusMissing } from "./prometheus.ts";
import { discordText, type Stage, setStage, slackChannel, slackText, tellFailure } from "./story.ts";

const kills = 20;
const seed = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000);
const why = prometheusMissing();
let stage: Stage;
let ledger: Ledger;

beforeAll(async () => {
  if (why !== null) return;
  stage = await setStage(async (webhookUrl) => {
    ledger = await startLedger(webhookUrl);
    return ledger.url;
  });
});
afterAll(async () => {
  if (why !== null) return;
  await stage.close();
  await ledger.close();
});
beforeEach(({ skip, onTestFailed }) => {
  if (why !== null) skip(why);
  onTestFailed(() => console.error(`TEST_SEED=${seed}\n${cards()}\n${tellFailure(stage)}`));
});

test("twenty kills at random moments lose nothing and do nothing twice", { timeout: 900_000 }, async ({
  onTestFinished,
}) => {
  console.log(`TEST_SEED=${seed} repeats the moments of the kills`);
  const { bot, slack, discord, shop } = stage;
  await bot.start();
  const changes = drip(bot.url, 100);
  const killer = createKiller(bot, seededRandom(seed), messageAppears);
  const killing = killer.run(kills);
  onTestFinished(killer.stop);
  // Watched here, so that a bot that does not start again ends the test at once.
  const died = killing.then(() => new Promise<never>(() => undefined));
  let rounds = 0;
  do {
    await Promise.race([liveThroughIt(stage), died]);
    rounds += 1;
  } while (killer.kills.length < kills);
  await killing;
  await changes.stop();

  const sql = await openDatabaseOf(bot);
  try {
    await eventually("everything is done", 90_000, async () => {
      const rest = await unfinished(sql);
      if (rest.length > 0) throw new Error(rest.slice(0, 10).join("; "));
      return true;
    });

    // Messages: each that is wanted is there, once.
    const posts = await sql<
      { key: string; platform: string }[]
    >`select key, platform from posts order by key`;
    const keysOf = (platform: string) =>
      posts.filter((post) => post.platform === platform).map(({ key }) => key);
    const texts = slack.botMessages().filter(({ fileId }) => fileId === null);
    const inSlack = texts.map((message) => String(message.metadata?.event_payload["key"]));
    expect(inSlack.sort()).toEqual(keysOf("slack").sort());
    // Pictures are messages of their own there; one that a kill came before may be missing, its words are not.
    const pictures = [...slack.files.values()].flatMap((file) =>
      file.sharedIn === null ? [] : [file.filename],
    );
    expect(new Set(pictures).size).toBe(pictures.length);
    const rooms = [discord.channel, ...discord.threads(discord.channel)];
    const inDiscord = rooms.flatMap(({ id }) => discord.messages(id)).filter((message) => message.author.bot);
    expect(inDiscord.map((message) => String(message.nonce)).sort()).toEqual(keysOf("discord").sort());
    expect(slack.violations).toEqual([]);
    expect(discord.violations).toEqual([]);

    // Rollouts: each was started once, and is known to have succeeded.
    const rollouts = await sql<{ operation: string; kind: string; state: string; result: string }[]>`
      select operation_id as operation, kind, state, result from rollouts order by id`;
    expect(rollouts.filter(({ state }) => state !== "succeeded")).toEqual([]);
    expect(rollouts.map(({ kind }) => kind)).toEqual(
      Array.from({ length: rounds }, () => ["deploy", "rollback"]).flat(),
    );
    expect(shop.deploys().map((line) => line.split(" ")[1])).toEqual(
      rollouts.map(({ operation }) => operation),
    );

    // Deliveries: whatever was answered with 2xx is stored, once, as it was last told.
    const rows = await sql<
      { labels: Record<string, string>; starts_at: Date; status: string; ends_at: Date }[]
    >`
      select labels, starts_at, status, ends_at from alerts`;
    const stored = rows.map((row) => ({
      key: keyOf(row.labels, row.starts_at.toISOString()),
      status: row.status,
      endsAt: row.ends_at?.toISOString() ?? null,
    }));
    const told = [...ledger.accepted()].map(([key, { status, endsAt }]) => ({ key, status, endsAt }));
    const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
    expect(told.length).toBeGreaterThanOrEqual(rounds);
    expect(stored.sort(byKey)).toEqual(told.sort(byKey));
    expect(told.filter(({ status }) => status !== "resolved")).toEqual([]);
    const known = new Set((await sql<{ id: string }[]>`select id from changes`).map(({ id }) => id));
    expect(changes.accepted.length).toBeGreaterThan(100);
    expect(changes.accepted.filter((id) => !known.has(id))).toEqual([]);

    // The audit log: one entry of each kind and rollout, unbroken.
    const twice = await sql`
      select action, subject, count(*)::int from audit where subject like 'rollout:%'
      group by action, subject having count(*) > 1`;
    expect([...twice]).toEqual([]);
  } finally {
    await sql.end();
  }
  expect(await bot.cli("audit", "verify")).toMatchObject({
    code: 0,
    output: expect.stringMatching(/^intact: \d+ entries/),
  });
  expect(await bot.stop()).toBe(0);
  expect(processesIn(bot.folder)).toEqual([]);
  report(killer.kills, killer.startsMs, {
    rounds,
    changes: changes.accepted.length,
    refused: changes.refused(),
  });
});

/** The next message of the bot on either platform; late is as good as any other moment. */
function messageAppears(withinMs: number): Promise<unknown> {
  const { slack, discord } = stage;
  const count = () =>
    slack.botMessages().length +
    [discord.channel, ...discord.threads(discord.channel)].reduce(
      (sum, { id }) => sum + discord.messages(id).length,
      0,
    );
  const before = count();
  const inSlack = slack.until(() => count() > before, withinMs);
  const inDiscord = discord.until(() => count() > before, withinMs);
  return Promise.race([inSlack, inDiscord].map((seen) => seen.catch(() => undefined)));
}

/** What both platforms show, for whoever reads of a failure. */
function cards(): string {
  const { slack, discord } = stage;
  const inSlack = slack.messagesIn(slackChannel).map((message) => `slack: ${slackText(message)}`);
  const inDiscord = discord.messages(discord.channel.id).map((message) => `discord: ${discordText(message)}`);
  return [...inSlack, ...inDiscord].join("\n\n");
}

function report(
  died: readonly string[],
  startsMs: readonly number[],
  counts: { readonly rounds: number; readonly changes: number; readonly refused: number },
): void {
  const sorted = [...startsMs].sort((a, b) => a - b);
  const at = (ratio: number) => ((sorted[Math.floor((sorted.length - 1) * ratio)] ?? 0) / 1000).toFixed(1);
  const kinds = [...new Set(died)].map((kind) => `${died.filter((one) => one === kind).length} ${kind}`);
  console.log(
    `${died.length} kills (${kinds.join(", ")}) in ${counts.rounds} rounds; ready again after ${at(0.5)} s (median), ${at(1)} s (longest); ${counts.changes} changes accepted, ${counts.refused} refused or unanswered`,
  );
}
