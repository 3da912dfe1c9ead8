/**
 * The composition root: the one place where configuration, adapters and use cases meet. Everything is made here in
 * the order of dependence, and stopped in the opposite order.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createCron } from "./adapters/cron.ts";
import { createLog } from "./adapters/log.ts";
import { createMetrics } from "./adapters/metrics.ts";
import { type JobHandlers, runJobs } from "./adapters/store/jobs.ts";
import { type OpenStore, openStore } from "./adapters/store/store.ts";
import { createApply } from "./app/apply.ts";
import { createBakeLook } from "./app/bake-look.ts";
import { createDenials } from "./app/denials.ts";
import { createDigest } from "./app/digest.ts";
import { unprovenSources } from "./app/doctor.ts";
import { createIngest } from "./app/ingest.ts";
import { createKnownMoves } from "./app/known-moves.ts";
import { announceLimits } from "./app/left-out.ts";
import { nameInCards } from "./app/name-commands.ts";
import { type ConfiguredSource, parseDelivery } from "./app/parse-delivery.ts";
import { createPost } from "./app/post.ts";
import { createReconcile } from "./app/reconcile.ts";
import { createRender } from "./app/render.ts";
import { createTriage, type Triage } from "./app/triage.ts";
import { wake } from "./app/wake.ts";
import { type Config, timeoutOf } from "./config.ts";
import { createKindOf } from "./domain/alert/evidence-kind.ts";
import { createCorrelator } from "./domain/clustering.ts";
import { namesIn } from "./domain/people/person.ts";
import { createCallbacks } from "./http/callbacks.ts";
import { closedSources, createHttpServer, openSources } from "./http.ts";
import { followChampion } from "./main/champion.ts";
import { configuredChannels, createChats } from "./main/chats.ts";
import { createCheckpoints } from "./main/checkpoints.ts";
import { keepCoFirings } from "./main/co-firings.ts";
import { createCommandDesk, rolloutChannels } from "./main/commands.ts";
import { openDatabase } from "./main/database.ts";
import { carryOut, connectChats, createDoor } from "./main/door.ts";
import { createEscalating, createRotas } from "./main/escalating.ts";
import { budgetFindings, createExplaining } from "./main/explaining.ts";
import { composeChannels } from "./main/incident-channels.ts";
import { createMeasuring, metricSourceOf } from "./main/measuring.ts";
import { createMonitoring } from "./main/monitoring.ts";
import { readableSources } from "./main/own-source.ts";
import { packageVersion } from "./main/package.ts";
import { composePages } from "./main/pages.ts";
import { loadPlugins } from "./main/plugins.ts";
import { createReadiness } from "./main/readiness.ts";
import { recordStart } from "./main/record-start.ts";
import { recordPassword } from "./main/secrets.ts";
import { startSweep } from "./main/sweep.ts";
import { watchTriageLag } from "./main/triage-lag.ts";
import { createWatching } from "./main/watching.ts";
import { setWindows } from "./main/windows.ts";
import {
  type CommandRequest,
  type Finding,
  type Log,
  type ParseResult,
  type StoredDelivery,
  systemClock,
} from "./ports.ts";

export interface Bot {
  /** Where webhooks, metrics and the console are. */
  readonly url: string;
  readonly store: OpenStore;
  /** What start-up noticed; doctor says the same. */
  readonly findings: readonly Finding[];
  /** A command request, as a chat platform would make it. */
  submit(request: CommandRequest): Promise<void>;
  /** Orderly, within ten seconds. */
  stop(): Promise<void>;
}

export interface BotOptions {
  readonly log?: Log;
  /** The bot cannot go on: its embedded database is lost. */
  readonly onFatal: (error: Error) => void;
}

/** Jobs at once on one replica: most of them wait for a platform's pace. */
const concurrency = 40;
const stopJobsMs = 4_000;
const stopWithinMs = 9_000;

/** Things to stop, last made first. */
type Stops = (() => Promise<void> | void)[];

/**
 * Starts the bot. When anything fails, what was already started is stopped again.
 * @throws Error naming what is wrong and what to do.
 */
export async function startBot(config: Config, options: BotOptions): Promise<Bot> {
  const stops: Stops = [];
  try {
    return await assemble(config, options, stops);
  } catch (error) {
    await stopAll(stops, null);
    throw error;
  }
}

async function assemble(config: Config, options: BotOptions, stops: Stops): Promise<Bot> {
  const replica = randomUUID();
  const log = options.log ?? createLog({ level: config.logLevel, base: { replica: replica.slice(0, 8) } });
  const { metrics, exposition } = createMetrics(log);
  announceLimits(metrics);
  const clock = systemClock;
  const plugins = await loadPlugins(config);
  const database = await openDatabase(config, log, options.onFatal);
  stops.push(() => database.stop());
  const { url: databaseUrl, password } = database;
  const address = { url: databaseUrl, password: password?.current };
  const store = await openStore({ ...address, maxConnections: 16 });
  stops.push(() => store.close());
  password?.onChange(() => void recordPassword({ store, clock, log }));
  // However many cards, commands and explanations are under way, alerts go on becoming incidents.
  const triageStore = await openStore({ ...address, maxConnections: 3, name: "tocsin triage" });
  stops.push(() => triageStore.close());
  // Whoever held leases and jobs on the embedded server is dead: nobody else can reach it.
  if (database.kind === "embedded") await store.takeOver();

  const triageOf: { current: Triage | null } = { current: null };
  const champion = await followChampion(store, log, () => triageOf.current?.reload());
  stops.push(() => champion.stop());
  const triageLag = watchTriageLag({ store, clock, log, metrics });
  stops.push(() => triageLag.stop());
  const desk = await createCommandDesk({ config, plugins, store, log, metrics, clock });
  stops.push(() => desk.stop());
  const chats = await createChats({
    ...{ config, store, log, metrics, clock },
    pages: composePages({ config, store, desk, clock }),
    lagMs: triageLag.ms,
  });
  const coFirings = keepCoFirings({ store, replica, log, metrics, clock });
  stops.push(() => coFirings.stop());
  const kindOf = createKindOf(config.evidenceKinds);
  const readable = readableSources(plugins.sources);
  const onCall = createRotas({ config, clock, log });
  const channels = composeChannels({
    ...{ config, chats: chats.byPlatform, onCall, models: desk.models },
    ...{ effects: desk.effects, store, clock, log },
  });
  const triage = createTriage({
    store: triageStore,
    clock,
    log,
    metrics,
    replica,
    routes: config.routes,
    follow: channels.follow,
    createCorrelator: () => createCorrelator({ weights: champion.weights(), kindOf }),
    correlatorVersion: champion.version,
    parse: (delivery) => parse(readable, delivery),
    timeoutMs: timeoutOf(config),
    onNewAlerts: coFirings.count,
    knownMoves: createKnownMoves({ store, models: desk.models }),
    inhibition: config.inhibition,
    flapping: config.flapping,
    reminders: config.silenceReminders,
    monitoring: config.monitoring,
    nameOf: namesIn(config.people),
    escalates: config.escalation.length > 0,
  });
  triageOf.current = triage;
  const reconcile = createReconcile({
    store,
    models: desk.models,
    channels: rolloutChannels(config),
    replica,
    clock,
    log,
    metrics,
    everyMs: config.lookEveryMs,
    random: Math.random,
  });
  const explain = createExplaining({ config, store, clock, log, metrics, weights: champion.weights });
  const post = createPost({
    store,
    clock,
    log,
    metrics,
    sleep,
    chats: chats.byPlatform,
    channels: configuredChannels(config),
    render: nameInCards(
      createRender({
        store,
        charts: desk.charts,
        clock,
        policy: desk.policy,
        people: config.people,
        models: desk.models,
        log,
        explain: explain.explainFirst,
      }),
      desk.naming,
    ),
  });
  const measuring = createMeasuring({ config, store, clock, log, metrics });
  const look = createBakeLook({ store, source: metricSourceOf(config, clock) });
  const { people, approvalExpiryMs } = config;
  const apply = createApply({ ...desk, store, people, look, approvalExpiryMs, log, clock });
  const escalate = createEscalating({ config, onCall, store, effects: desk.effects, clock, log, metrics });
  const cron = await createCron(log);
  const digests = createDigest({
    ...{ store, cron, schedules: config.digests, onCall, models: desk.models },
    senders: desk.senders,
    ...{ clock, log },
  });
  const ingest = createIngest({ store: store.deliveries, metrics, log, clock, wake: () => triage.wake() });
  const { policy, models } = desk;
  const watched = createMonitoring({ config, store, policy, models, ingest, clock, log, metrics });
  const checkpoints = createCheckpoints({ config, store, log, metrics, clock });
  const handlers: JobHandlers = {
    post: ({ platform, channel }) => post.reconcile({ platform, id: channel }),
    explain: async ({ incidentId }) => {
      await explain.explain(incidentId);
      await measuring?.consider(incidentId);
      await watched.retrain.consider(incidentId);
    },
    escalate: ({ incidentId }) => escalate.look(incidentId),
    channel: ({ incidentId }) => channels.reconcile(incidentId),
    page: ({ incidentId }) => escalate.page(incidentId),
    wake: ({ incidentId }) => wake(incidentId, { store, effects: desk.effects, clock }),
    measure: async ({ incidentId }) => measuring?.measure(incidentId),
    execute: ({ requestKey }) =>
      carryOut(requestKey, { store, execute: desk.execute, chats: chats.byPlatform, log }),
    apply: ({ rolloutId }) => apply.step(rolloutId),
    digest: ({ digestRunId }) => digests.run(digestRunId),
    monitor: async ({ model, environment }) => {
      await watched.monitor.judge(model, environment);
      await watched.reports.look(model, environment);
    },
    checkpoint: async () => {
      await checkpoints.sign();
    },
    publish: ({ destination }) => checkpoints.publish.publish(destination),
  };
  await recordStart(store, config, desk.policy, clock.now());
  await store.incidents.saveTopology("tocsin.yaml", config.topology, clock.now());
  await setWindows(store, config, cron, clock.now());
  await retryRefused(store, config, clock.now());

  const jobs = await runJobs({
    ...address,
    handlers,
    concurrency,
    log,
    replica,
    version: packageVersion,
  });
  stops.push(() => jobs.stop(stopJobsMs));
  triage.start();
  stops.push(() => triage.stop());
  reconcile.start();
  stops.push(() => reconcile.stop());
  const sweep = startSweep({ store, config, log, clock, metrics });
  stops.push(() => sweep.stop());
  await watched.reports.begin();
  await digests.start();
  await checkpoints.start();
  stops.push(() => checkpoints.stop());
  stops.push(() => digests.stop());

  const watching = createWatching({ config, store, ingest, replica, clock, log, metrics });
  watching?.start();
  stops.push(async () => watching?.stop());
  const denials = createDenials({ store, clock, log });
  stops.push(() => denials.stop());
  const http = createHttpServer({
    host: config.host,
    port: config.port,
    sources: plugins.sources,
    ingest,
    clock,
    log,
    metrics,
    exposition,
    onDenied: denials.note,
    console: (request, response) => chats.console.handle(request, response),
    extraRoutes: new Map([
      ...chats.routes,
      ["callbacks", createCallbacks({ receivers: desk.receivers, clock, log })],
    ]),
    readiness: createReadiness({ store, triage, triageLag, chats: chats.byPlatform }),
  });
  const door = createDoor(store, desk.execute);
  // Chat connects on its own time: a platform that is away must not keep webhooks out.
  for (const chat of chats.byPlatform.values()) stops.push(() => chat.stop());
  connectChats(chats.byPlatform, door, desk.execute.shapes(), log);
  const url = await http.listen();
  // Pushed last, so closed first: nothing new comes in while the rest winds down.
  stops.push(async () => {
    await http.close();
    await ingest.stop();
  });
  const sources = [...plugins.sources.values()];
  const unproven = unprovenSources({
    openSources: openSources(sources, config.host),
    closedSources: closedSources(sources, config.host),
  });
  const findings = [...plugins.findings, ...unproven, ...budgetFindings(config)];
  for (const finding of findings)
    log.warn({ subject: finding.subject, remedy: finding.remedy }, finding.text);
  log.info({ url, database: database.kind, version: packageVersion }, "tocsin is up");
  return {
    url,
    store,
    findings,
    submit: (request) => door.submit(request),
    stop: () => stopAll(stops, log),
  };
}

function parse(sources: ReadonlyMap<string, ConfiguredSource>, delivery: StoredDelivery): ParseResult {
  const configured = sources.get(delivery.source);
  if (configured !== undefined) return parseDelivery(configured, delivery);
  return {
    kind: "unparseable",
    problem: `there is no source "${delivery.source}" any more`,
    remedy: "bring back its file or its entry in tocsin.yaml, then replay it",
  };
}

/** Stops what was made, last first; a failure of one does not keep the others from stopping. */
async function stopAll(stops: Stops, log: Log | null): Promise<void> {
  const deadline = sleep(stopWithinMs, undefined, { ref: false });
  for (const stop of stops.splice(0).reverse()) {
    await Promise.race([
      Promise.resolve()
        .then(stop)
        .catch((error: unknown) => log?.warn({ error: String(error) }, "a part did not stop in good order")),
      deadline,
    ]);
  }
}

/** What a platform refused before may have been put right since. */
async function retryRefused(store: OpenStore, config: Config, now: Date): Promise<void> {
  await store.troubles.probeSoon(now);
  for (const { platform, id } of configuredChannels(config)) await store.posts.retryRefused(platform, id);
}
