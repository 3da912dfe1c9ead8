/**
 * Retraining without being asked, where the policy permits it to the bot itself. It goes through the same door as any
 * command: the request is stored, carried out by a job, decided by the policy once more, planned, approved if a rule
 * says so, and audited.
 */
import type { ModelReport } from "../domain/monitoring/report.ts";
import { reportedModel, standingReports } from "../domain/monitoring/report-view.ts";
import { botPerson, ownPlatform } from "../domain/people/person.ts";
import type { CommandRequest } from "../ports/chat.ts";
import type { Clock, Log, ModelEntry, Policy, Store, StoreSlices } from "../ports.ts";

export interface AutoRetrainOptions {
  readonly store: Store;
  readonly policy: Policy;
  readonly models: readonly ModelEntry[];
  /** In 24 hours, for each model in an environment; zero for never. */
  readonly perDay: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface AutoRetrain {
  /** Looks whether the models of an incident are to be retrained; asks at most once for each of its drift alerts. */
  consider(incidentId: number): Promise<void>;
}

const action = "retrain.automatic";
const dayMs = 24 * 3_600_000;
const maxAlerts = 200;
/** Entries about one model that are looked through. */
const maxEntries = 200;

export function createAutoRetrain(options: AutoRetrainOptions): AutoRetrain {
  const { store, policy, models, clock, log } = options;

  async function consider(incidentId: number): Promise<void> {
    if (options.perDay === 0) return;
    const incident = await store.incidents.find(incidentId);
    if (
      incident === null ||
      incident.state === "resolved" ||
      incident.mergedInto !== null ||
      incident.isMuted
    )
      return;
    const alerts = await store.incidents.alerts(incidentId, maxAlerts);
    for (const tracked of alerts) {
      const [standing] = tracked.mutedBy === null ? standingReports([tracked]) : [];
      if (standing !== undefined && isPermitted(standing.report))
        await ask(incidentId, tracked.key, standing.report);
    }
  }

  function isPermitted(report: ModelReport): boolean {
    const resource = reportedModel(report, models);
    if (resource === null) return false;
    const question = { person: botPerson, action: "retrain", resource, via: ownPlatform } as const;
    return policy.decide({ ...question, now: clock.now() }).kind === "allow";
  }

  async function ask(incidentId: number, alertKey: string, report: ModelReport): Promise<void> {
    const { model, environment } = report;
    const asked = await store.transaction(async (tx) => {
      const now = clock.now();
      const subject = `model:${model}/${environment}`;
      const entries = await tx.audit.list({ action, subject, limit: maxEntries });
      if (entries.some(({ data }) => data["alert"] === alertKey)) return false;
      const recent = entries.filter(({ at }) => now.getTime() - at.getTime() < dayMs);
      if (recent.length >= options.perDay) return false;
      return await request(tx, { incidentId, alertKey, report, subject, now });
    });
    if (asked) log.info({ model, environment, incident: incidentId }, "retrain: asked for by the bot itself");
  }

  async function request(
    tx: StoreSlices,
    given: {
      readonly incidentId: number;
      readonly alertKey: string;
      readonly report: ModelReport;
      readonly subject: string;
      readonly now: Date;
    },
  ): Promise<boolean> {
    const { incidentId, alertKey, report, subject, now } = given;
    const key = `retrain ${subject} ${alertKey}`;
    // The key is what keeps two replicas from asking at the same moment.
    if (!(await tx.requests.add(requestFor(key, incidentId, report, now)))) return false;
    await tx.audit.append({
      at: now,
      actor: botPerson.id,
      action,
      subject,
      outcome: "done",
      data: { alert: alertKey, incident: incidentId, request: key, perDay: options.perDay },
    });
    await tx.jobs.add({ task: "execute", requestKey: key });
    return true;
  }

  return { consider };
}

function requestFor(key: string, incident: number, report: ModelReport, now: Date): CommandRequest {
  const { model, environment } = report;
  const reason = `drift that the bot found, incident ${incident}`;
  return {
    key,
    account: { platform: ownPlatform, id: botPerson.id, name: botPerson.name },
    channel: null,
    command: "retrain",
    input: { kind: "options", options: { model, environment, incident: String(incident), reason } },
    receivedAt: now,
    reply: {},
  };
}
