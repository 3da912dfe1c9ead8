/** A replay, for people. */
import type { ReplayResult } from "../app/replay.ts";
import type { Cause } from "../domain/clustering/correlation.ts";
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
    const services = new Set(
      incident.alerts.map(({ alert }) => alert.service).filter((service) => service !== null),
    );
    const span = duration(Math.max(...times) - Math.min(...times));
    return `  ${String(incident.id).padStart(5)}  ${first.toISOString().slice(0, 16)}  ${String(incident.alerts.length).padStart(4)} alerts  ${String(services.size).padStart(3)} services  over ${span.padEnd(10)}  ${suspectText(incident.causes[0])}`;
  });
  const rest = result.incidents.length - largest.length;
  return [head, ...lines, ...(rest > 0 ? [`  and ${rest} smaller ones; --json has them all`] : [])].join(
    "\n",
  );
}

/** "payments (change deploy-4711), 78 %", or that there is none. */
export function suspectText(
  cause: Pick<Cause, "service" | "changeId" | "confidence"> | null | undefined,
): string {
  if (cause === null || cause === undefined || (cause.service === null && cause.changeId === null))
    return "no likely cause";
  const change = cause.changeId === null ? "" : ` (change ${oneLine(cause.changeId, 40)})`;
  return `${oneLine(cause.service ?? "unknown service", 60)}${change}, ${Math.round(cause.confidence * 100)} %`;
}
