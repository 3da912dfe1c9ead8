/** A replay, for people. */
import type { ReplayResult } from "../app/replay.ts";
import { entityOf } from "../domain/alert/entity.ts";
import type { Cause } from "../domain/clustering/correlation.ts";
import { answerName, type FirstAnswer } from "../domain/explanation/first-answer.ts";
import { blames } from "../domain/learning/feedback.ts";
import { duration, oneLine } from "../domain/view.ts";

const maxIncidents = 40;

/** What a person wants to see of a replay: how much it was, and the incidents with their first suspects. */
export function formatReplay(name: string, result: ReplayResult): string {
  const alerts = result.incidents.reduce((sum, incident) => sum + incident.alerts.length, 0);
  const head = `${name}: ${result.deliveries} deliveries, ${alerts} alerts, ${result.incidents.length} incidents`;
  const largest = [...result.incidents]
    .sort((a, b) => b.alerts.length - a.alerts.length)
    .slice(0, maxIncidents);
  const lines = largest.map((incident) => {
    const times = incident.alerts.map(({ alert }) => alert.startsAt.getTime());
    const first = new Date(Math.min(...times));
    const services = new Set(incident.alerts.flatMap(({ alert }) => entityOf(alert) ?? []));
    const span = duration(Math.max(...times) - Math.min(...times));
    return `  ${String(incident.id).padStart(5)}  ${first.toISOString().slice(0, 16)}  ${String(incident.alerts.length).padStart(4)} alerts  ${String(services.size).padStart(3)} services  over ${span.padEnd(10)}  ${answerText(incident.answer.kind, incident.causes[0] ?? null)}`;
  });
  const rest = result.incidents.length - largest.length;
  return [head, ...lines, ...(rest > 0 ? [`  and ${rest} smaller ones; --json has them all`] : [])].join(
    "\n",
  );
}

/** "payments (change deploy-4711), 78 %", or that there is not enough evidence. */
export function answerText(
  kind: FirstAnswer["kind"],
  cause: Pick<Cause, "service" | "changeId" | "confidence"> | null,
): string {
  if (kind === "not_enough" || cause === null)
    return answerName({ kind: "not_enough", only: cause !== null && blames(cause) ? cause : null });
  const change = cause.changeId === null ? ", without a change" : ` (change ${oneLine(cause.changeId, 40)})`;
  return `${oneLine(cause.service ?? "unknown service", 60)}${change}, ${Math.round(cause.confidence * 100)} %`;
}
