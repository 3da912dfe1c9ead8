/** `tocsin doctor`: what is wrong, and what to do; and dead deliveries, replayed on request. */

import { examine } from "../app/doctor.ts";
import { parseDelivery } from "../app/parse-delivery.ts";
import { isLoopback } from "../domain/alert/sender.ts";
import { oneLine } from "../domain/view.ts";
import { closedSources, openSources } from "../http.ts";
import { type DeadDelivery, type Finding, noMetrics, systemClock } from "../ports.ts";
import { examineAudit } from "./audit-doctor.ts";
import { configuredChannels, createChats } from "./chats.ts";
import { budgetFindings } from "./explaining.ts";
import { checkMetricSource } from "./measuring.ts";
import { type Offline, withBot } from "./offline.ts";
import { readableSources } from "./own-source.ts";
import { formatFindings } from "./print.ts";
import { secretFindings } from "./secrets.ts";
import { checkWatch } from "./watching.ts";

const maxDead = 50;

/** Exit code 1 when something keeps the bot from its work. */
export async function doctor(options: { readonly json?: boolean; readonly replay?: string }): Promise<void> {
  const replay = options.replay;
  if (replay !== undefined) return await withBot((offline) => replayDead(offline, replay));
  const findings = await withBot(findAll);
  console.log(options.json === true ? JSON.stringify(findings, null, 2) : formatFindings(findings));
  if (findings.some((finding) => finding.status === "failure")) process.exitCode = 1;
}

async function findAll(offline: Offline): Promise<readonly Finding[]> {
  const { config, plugins, store, log } = offline;
  const chats = await createChats({ config, store, log, metrics: noMetrics, clock: systemClock });
  const findings = await examine({
    store,
    database: offline.database,
    databaseTime: () => store.now(),
    chats: [...chats.byPlatform.values()],
    channels: configuredChannels(config),
    openSources: openSources(plugins.sources.values(), config.host),
    closedSources: closedSources(plugins.sources.values(), config.host),
    startFindings: [
      ...plugins.findings,
      configFinding(offline),
      ...secretFindings(config),
      ...budgetFindings(config),
    ],
    clock: systemClock,
  });
  const dead = await store.deliveries.dead(maxDead);
  const ahead = [
    ...(await examineAudit(offline)),
    ...(await checkMetricSource(config, systemClock)),
    ...(await checkWatch(config, store.audit)),
  ];
  return [...findings, ...ahead, ...dead.map(deadFinding)];
}

function configFinding({ config }: Offline): Finding {
  const where = config.configFile ?? "no tocsin.yaml; defaults";
  const bound = isLoopback(config.host) ? "loopback only" : "reachable from outside";
  return {
    status: "ok",
    subject: "configuration",
    text: `${where}; ${config.host}:${config.port}, ${bound}`,
  };
}

function deadFinding(dead: DeadDelivery): Finding {
  return {
    status: "warning",
    subject: `dead delivery ${dead.id}`,
    text: `${dead.source}, ${dead.receivedAt.toISOString()}: ${oneLine(dead.problem, 300)}`,
    remedy: `after a fix: tocsin doctor --replay ${dead.id}`,
  };
}

/** Puts dead deliveries that can now be parsed back among the others; the running bot takes them up. */
async function replayDead({ store, plugins }: Offline, which: string): Promise<void> {
  const list =
    which === "all"
      ? await store.deliveries.dead(1_000)
      : [await findOne(which)].filter((dead) => dead !== null);
  if (list.length === 0)
    throw new Error(
      which === "all"
        ? "there is no dead delivery"
        : `there is no dead delivery ${which}; tocsin doctor lists them`,
    );
  for (const dead of list) {
    const problem = stillWrong(dead);
    if (problem === null) {
      await store.transaction(async (tx) => {
        await tx.deliveries.insert([
          { source: dead.source, receivedAt: dead.receivedAt, headers: dead.headers, body: dead.body },
        ]);
        await tx.deliveries.markReplayed(dead.id, new Date());
      });
    } else process.exitCode = 1;
    console.log(`${dead.id} ${dead.source}: ${problem ?? "replayed"}`);
  }

  async function findOne(text: string): Promise<DeadDelivery | null> {
    const id = Number(text);
    if (!Number.isSafeInteger(id))
      throw new Error(`--replay is "${text}"; expected the number of a dead delivery, or all`);
    return await store.deliveries.findDead(id);
  }

  function stillWrong(dead: DeadDelivery): string | null {
    const configured = readableSources(plugins.sources).get(dead.source);
    if (configured === undefined) return `there is no source "${dead.source}"`;
    const result = parseDelivery(configured, dead);
    return result.kind === "unparseable" ? `still not understood: ${result.problem}` : null;
  }
}
