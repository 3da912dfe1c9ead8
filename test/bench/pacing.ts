/**
 * How far behind the pace that a platform allows its channels are shown: 50 channels, 500 incidents in a minute, one
 * channel in a storm. The real clients against fakes that answer 429 above Slack's and Discord's limits, the real jobs
 * and store, in one process. For each channel: when its last state was shown, against when a perfect poster that keeps
 * to the platform's pace would have shown it.
 *   node --import tsx test/bench/pacing.ts [SECONDS [PLATFORM...]]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createDiscord } from "../../src/adapters/chat/discord.ts";
import { createSlack } from "../../src/adapters/chat/slack.ts";
import { startEmbedded } from "../../src/adapters/store/embedded.ts";
import { runJobs } from "../../src/adapters/store/jobs.ts";
import { migrate } from "../../src/adapters/store/migrate.ts";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createPost } from "../../src/app/post.ts";
import type { View } from "../../src/domain/view.ts";
import { type Chat, noMetrics, type Post, silentLog, systemClock } from "../../src/ports.ts";
import { startFakeDiscord } from "../fakes/discord.ts";
import { startFakeSlack } from "../fakes/slack.ts";
import { percentile, report } from "./report.ts";

const channelCount = 50;
const incidentCount = 500;
/** Incidents of the one channel that storms. */
const stormCount = 60;
const patienceMs = 90_000;
/** As in src/main.ts. */
const concurrency = 40;

interface Write {
  readonly at: number;
  readonly channel: string;
  readonly kind: "post" | "edit";
}

interface Platform {
  readonly name: string;
  readonly chat: Chat;
  readonly channels: readonly string[];
  /** Least time between two new messages in one channel that the platform promises to take, ms. */
  readonly paceMs: number;
  writes(): readonly Write[];
  /** Channels of the calls that were answered 429. */
  refusals(): readonly string[];
  close(): Promise<void>;
}

/** One thing to be shown in a channel. */
interface Wanted {
  readonly at: number;
  readonly kind: "post" | "edit";
}

async function onSlack(): Promise<Platform> {
  const slack = await startFakeSlack();
  const channels = Array.from({ length: channelCount }, (_, at) => `C0TEAM${at}`);
  for (const id of channels) slack.addChannel({ id, name: id.toLowerCase() });
  const { botToken, appToken, apiUrl } = slack;
  const chat = await createSlack({ botToken, appToken, apiUrl, log: silentLog, metrics: noMetrics });
  const writing = () => slack.calls.filter(({ method }) => /^chat\.(postMessage|update)$/.test(method));
  return {
    name: "Slack",
    chat,
    channels,
    paceMs: 1_000,
    writes: () =>
      writing()
        .filter(({ outcome }) => outcome === "ok")
        .map(({ at, channel, method }) => ({
          at,
          channel: channel ?? "",
          kind: method === "chat.update" ? "edit" : "post",
        })),
    refusals: () =>
      writing()
        .filter(({ outcome }) => outcome === "429")
        .map(({ channel, method }) => `${channel} ${method}`),
    close: () => slack.close(),
  };
}

async function onDiscord(): Promise<Platform> {
  const discord = await startFakeDiscord({ isIdentifyPaced: false });
  const places = Array.from({ length: channelCount }, (_, at) => discord.addChannel(`team-${at}`));
  const { token, apiUrl } = discord;
  const chat = await createDiscord({ token, apiUrl, log: silentLog, metrics: noMetrics });
  /** A thread counts to its channel. */
  const channelOf = (address: string) => {
    const id = /^\/channels\/(\d+)/.exec(address)?.[1] ?? "";
    return discord.parentOf(id) ?? id;
  };
  const messages = () =>
    discord.calls.filter(
      ({ path: address, method }) => /\/messages(\/\d+)?$/.test(address) && method !== "GET",
    );
  return {
    name: "Discord",
    chat,
    channels: places.map(({ id }) => id),
    paceMs: 200,
    writes: () =>
      messages()
        .filter(({ isCommitted }) => isCommitted)
        .map(({ at, path, method }) => ({
          at,
          channel: channelOf(path),
          kind: method === "PATCH" ? "edit" : "post",
        })),
    refusals: () => discord.calls.filter(({ status }) => status === 429).map(({ path }) => channelOf(path)),
    close: () => discord.close(),
  };
}

const platforms: Readonly<Record<string, () => Promise<Platform>>> = { slack: onSlack, discord: onDiscord };

export async function benchPacing(names: readonly string[], seconds: number): Promise<void> {
  for (const name of names) {
    const create = platforms[name];
    if (create === undefined)
      throw new Error(`pacing: "${name}" is not one of ${Object.keys(platforms).join(", ")}`);
    await measure(await create(), seconds);
  }
}

async function measure(platform: Platform, seconds: number): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "tocsin-bench-"));
  const database = await startEmbedded({ dataDir: folder, log: silentLog });
  await migrate(database.url);
  const store = await openStore({ url: database.url, maxConnections: 16 });
  const revisions = new Map<number, number>();
  const post = createPost({
    store,
    chats: new Map([[platform.chat.platform, platform.chat]]),
    channels: [],
    render: async (one) => render(one, revisions.get(one.subject) ?? 1),
    clock: systemClock,
    log: silentLog,
    metrics: noMetrics,
    sleep,
  });
  const nothing = async () => undefined;
  const jobs = await runJobs({
    url: database.url,
    concurrency,
    log: silentLog,
    replica: "bench",
    handlers: {
      post: ({ platform: name, channel }) => post.reconcile({ platform: name, id: channel }),
      explain: nothing,
      channel: nothing,
      escalate: nothing,
      page: nothing,
      wake: nothing,
      measure: nothing,
      execute: nothing,
      apply: nothing,
      digest: nothing,
      monitor: nothing,
      checkpoint: nothing,
      publish: nothing,
    },
  });
  try {
    const wanted = await storm({ store, platform, revisions, seconds });
    const endsBy = Date.now() + patienceMs;
    while ((await store.posts.channelsBehind()).length > 0 && Date.now() < endsBy) await sleep(250);
    tell(platform, wanted, (await store.posts.channelsBehind()).length);
  } finally {
    await jobs.stop(2_000);
    await platform.chat.stop();
    await platform.close();
    await store.close();
    await database.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function render(post: Post, revision: number): { readonly view: View; readonly revision: number } {
  const title = `#${post.subject} at revision ${revision}`;
  const kind = post.kind === "entry" ? "entry" : "incident";
  return { view: { kind, title, tone: "high", summary: title, blocks: [], actions: [] }, revision };
}

/** Incidents one after another; each gets a line in its thread soon after, and every tenth changes. */
async function storm(world: {
  readonly store: OpenStore;
  readonly platform: Platform;
  readonly revisions: Map<number, number>;
  readonly seconds: number;
}): Promise<ReadonlyMap<string, readonly Wanted[]>> {
  const { store, platform, revisions, seconds } = world;
  const wanted = new Map<string, Wanted[]>(platform.channels.map((channel) => [channel, []]));
  const startedAt = Date.now();
  const everyMs = (seconds * 1000) / incidentCount;
  const want = async (channel: string, subject: number, kind: "incident" | "entry", of: number | null) => {
    const at = Date.now();
    const desiredRevision = kind === "incident" ? (revisions.get(subject) ?? 1) : 1;
    const threadOf = of === null ? null : { kind: "incident" as const, subject: of };
    const name = platform.chat.platform;
    await store.transaction(async (tx) => {
      await tx.posts.want(
        [{ platform: name, channel, kind, subject, desiredRevision, threadOf }],
        new Date(at),
      );
      await tx.jobs.add({ task: "post", platform: name, channel });
    });
    wanted.get(channel)?.push({ at, kind: desiredRevision > 1 ? "edit" : "post" });
  };
  const others = platform.channels.slice(1);
  for (let index = 0; index < incidentCount; index += 1) {
    const waitMs = startedAt + index * everyMs - Date.now();
    if (waitMs > 0) await sleep(waitMs);
    const isStorm = index % Math.floor(incidentCount / stormCount) === 0;
    const channel = (isStorm ? platform.channels[0] : others[index % others.length]) ?? "";
    await want(channel, index + 1, "incident", null);
    if (!isStorm) await want(channel, 10_000 + index, "entry", index + 1);
    const changed = index - 40;
    if (changed < 0 || changed % 10 !== 1) continue;
    revisions.set(changed + 1, 2);
    await want(others[changed % others.length] ?? "", changed + 1, "incident", null);
  }
  return wanted;
}

/** When a perfect poster would have shown the last of these. */
function perfectAt(wanted: readonly Wanted[], paceMs: number): number {
  let at = 0;
  for (const one of wanted.toSorted((a, b) => a.at - b.at)) at = Math.max(one.at, at + paceMs);
  return at;
}

function tell(platform: Platform, wanted: ReadonlyMap<string, readonly Wanted[]>, behind: number): void {
  const writes = platform.writes();
  const lags = [...wanted].map(([channel, all]) => {
    const last = (kind: Write["kind"]) =>
      Math.max(
        0,
        ...writes.filter((one) => one.channel === channel && one.kind === kind).map(({ at }) => at),
      );
    const lagOf = (kind: Write["kind"]) =>
      last(kind) -
      perfectAt(
        all.filter((one) => one.kind === kind),
        platform.paceMs,
      );
    const hasEdits = all.some(({ kind }) => kind === "edit");
    return Math.max(0, lagOf("post"), hasEdits ? lagOf("edit") : 0);
  });
  const [storming = 0, ...quiet] = lags;
  const aim = "<= 2 s, every channel";
  report({
    measure: `${platform.name}: last state shown after a perfect poster, ${channelCount} channels, ${incidentCount} incidents in a minute`,
    figure: `p50 ${percentile(quiet, 0.5).toFixed(0)} ms, most ${Math.max(...quiet).toFixed(0)} ms; the channel in a storm ${storming.toFixed(0)} ms; ${behind} channels never`,
    aim,
    isMet: behind === 0 && Math.max(...lags) <= 2_000,
  });
  const counts = new Map<string, number>();
  for (const place of platform.refusals()) counts.set(place, (counts.get(place) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  report({
    measure: `${platform.name}: 429s provoked`,
    figure: `${platform.refusals().length} in ${counts.size} channels, at most ${most} in one; ${writes.length} messages and edits`,
    aim: "<= 1 in a channel",
    isMet: most <= 1,
  });
}

if (process.argv[1] === import.meta.filename) {
  const [seconds = "60", ...names] = process.argv.slice(2);
  await benchPacing(names.length === 0 ? Object.keys(platforms) : names, Number(seconds));
}
