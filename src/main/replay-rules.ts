/** What triage is told in a replay: by a tocsin.yaml, and by what people set at the time. */
import { createCron } from "../adapters/cron.ts";
import { nothingSet, type PastSettings, type ReplayedRules } from "../app/replay/rules.ts";
import { type Config, timeoutOf } from "../config.ts";
import { subscriptionRoute } from "../domain/chat/subscription.ts";
import type { MaintenanceWindow } from "../domain/suppression/maintenance.ts";
import { type Store, silentLog } from "../ports.ts";
import { configuredWindows } from "./windows.ts";

/** @param past - nothing for recordings, which need not be of this bot. */
export async function replayedRules(config: Config, past: PastSettings = nothingSet): Promise<ReplayedRules> {
  return {
    inhibition: config.inhibition,
    flapping: config.flapping,
    timeoutMs: timeoutOf(config),
    windows: await windowsOf(config),
    routes: config.routes,
    ownChannels: config.incidentChannels.rules,
    past,
  };
}

/** Silences and windows of commands that were in force since then, and what channels are subscribed to now. */
export async function pastSettings(
  { incidents, subscriptions }: Pick<Store, "incidents" | "subscriptions">,
  since: Date,
): Promise<PastSettings> {
  return {
    silences: await incidents.silences(since),
    windows: await incidents.madeMaintenance(since),
    subscriptions: (await subscriptions.list(null)).map(subscriptionRoute),
  };
}

/** The windows of tocsin.yaml as if they were stored, with numbers of their own: below zero, as none of a command is. */
async function windowsOf(config: Config): Promise<readonly MaintenanceWindow[]> {
  const cron = await createCron(silentLog);
  return configuredWindows("maintenance", config.maintenance, cron).map((window, index) => ({
    ...window,
    id: -1 - index,
    createdBy: "tocsin.yaml",
    createdAt: new Date(0),
  }));
}
