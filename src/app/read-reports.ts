/** Asks backends what was measured of what serves, where somebody logs it there, and tells what passed a limit. */
import { oneLine } from "../domain/view.ts";
import type { Clock, Log, ModelEntry, Store } from "../ports.ts";
import { withDeadline } from "./deadline.ts";
import type { TellReport } from "./tell-report.ts";

export interface ReadReportsOptions {
  readonly store: Pick<Store, "jobs">;
  readonly models: readonly ModelEntry[];
  readonly tell: TellReport;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ReadReports {
  /** Asks for a first look at each place that can be asked. */
  begin(): Promise<void>;
  /** One look, and the next one in a while; does nothing where nobody can be asked. */
  look(model: string, environment: string): Promise<void>;
}

const everyMs = 300_000;
const lookMs = 30_000;

export function createReadReports(options: ReadReportsOptions): ReadReports {
  const { store, clock, log } = options;

  async function look(model: string, environment: string): Promise<void> {
    const backend = options.models.find(({ name }) => name === model)?.backend;
    if (backend?.report === undefined) return;
    const runAt = new Date(clock.now().getTime() + everyMs);
    await store.jobs.add({ task: "monitor", model, environment }, { runAt });
    try {
      const report = await withDeadline(
        backend.report(model, environment),
        lookMs,
        `the backend "${backend.name}"`,
      );
      if (report !== null) await options.tell(report);
    } catch (error) {
      const problem = oneLine(error instanceof Error ? error.message : String(error), 300);
      log.warn({ model, environment, problem }, "monitor: what was measured could not be read; trying again");
    }
  }

  return {
    begin: async () => {
      const asked = options.models.filter(({ backend }) => backend.report !== undefined);
      for (const { name: model, environments } of asked)
        for (const environment of environments) await store.jobs.add({ task: "monitor", model, environment });
    },
    look,
  };
}
