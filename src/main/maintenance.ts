/** Maintenance windows of tocsin.yaml, made known to every replica. */
import { ConfigError, type ConfiguredMaintenance } from "../config.ts";
import type { ConfiguredWindow, Cron, Store } from "../ports.ts";

/**
 * Stores the windows of tocsin.yaml in the place of those that it named before.
 * @throws ConfigError when a cron expression is none.
 */
export async function setMaintenance(
  store: Pick<Store, "incidents">,
  windows: readonly ConfiguredMaintenance[],
  cron: Pick<Cron, "parse">,
  now: Date,
): Promise<void> {
  await store.incidents.setConfiguredMaintenance(
    windows.map((window) => resolved(window, cron)),
    now,
  );
}

function resolved(
  { schedule, ...window }: ConfiguredMaintenance,
  cron: Pick<Cron, "parse">,
): ConfiguredWindow {
  if (schedule.kind !== "cron") return { ...window, schedule };
  const fields = cron.parse(schedule.cron);
  if (fields === null)
    throw new ConfigError(
      `tocsin.yaml maintenance ${window.name}: cron is "${schedule.cron}"; expected five fields ` +
        `(minute hour day month weekday), for example "0 2 * * 0"`,
    );
  return { ...window, schedule: { ...schedule, fields } };
}
