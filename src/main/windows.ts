/** Maintenance windows and freezes of tocsin.yaml, made known to every replica. */
import { type Config, ConfigError, type ConfiguredMaintenance } from "../config.ts";
import type { ConfiguredWindow, Cron, Store } from "../ports.ts";

/**
 * Stores the windows of tocsin.yaml in the place of those that it named before.
 * @throws ConfigError when a cron expression is none.
 */
export async function setWindows(
  store: Pick<Store, "incidents" | "rollouts">,
  config: Pick<Config, "maintenance" | "freezes">,
  cron: Pick<Cron, "parse">,
  now: Date,
): Promise<void> {
  const { maintenance, freezes } = config;
  await store.incidents.setConfiguredMaintenance(configuredWindows("maintenance", maintenance, cron), now);
  await store.rollouts.setConfiguredFreezes(configuredWindows("freezes", freezes, cron), now);
}

/**
 * @param key - under which they stand in tocsin.yaml.
 * @throws ConfigError when a cron expression is none.
 */
export function configuredWindows(
  key: string,
  windows: readonly ConfiguredMaintenance[],
  cron: Pick<Cron, "parse">,
): readonly ConfiguredWindow[] {
  return windows.map((window) => resolved(key, window, cron));
}

function resolved(
  key: string,
  { schedule, ...window }: ConfiguredMaintenance,
  cron: Pick<Cron, "parse">,
): ConfiguredWindow {
  if (schedule.kind !== "cron") return { ...window, schedule };
  const fields = cron.parse(schedule.cron);
  if (fields === null)
    throw new ConfigError(
      `tocsin.yaml ${key} ${window.name}: cron is "${schedule.cron}"; expected five fields ` +
        `(minute hour day month weekday), for example "0 2 * * 0"`,
    );
  return { ...window, schedule: { ...schedule, fields } };
}
