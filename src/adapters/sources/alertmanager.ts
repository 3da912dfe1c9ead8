import {
  buildAlert,
  isRecord,
  own,
  readAnnotations,
  readLabels,
  readMoment,
  shown,
  textOfValue,
} from "../../domain/alert/intake.ts";
import type { Alert } from "../../domain/alert.ts";
import { defineSource, type ParseResult, type RawDelivery } from "../../ports/source.ts";

const remedy =
  'Send what Alertmanager\'s webhook_config sends (version "4"): {"alerts": [{"status", "labels", "annotations", "startsAt", "endsAt"}]}.';

/**
 * Prometheus Alertmanager. Takes the webhook's body, and also the bare list of alerts that Prometheus and scripts send
 * to Alertmanager's own API; there the status follows from `endsAt`.
 * An entry that cannot be read is named in `problems`; the others stand, so that one bad alert hides no good one.
 * @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export default defineSource({
  name: "alertmanager",
  summary: "Prometheus Alertmanager webhooks (version 4)",
  checks: ["bearer", "basic", "token"],
  parse,
  readsCleanly,
});

/** Labels make an alert; nothing else is required of it. */
function readsCleanly(body: unknown): boolean {
  const entries = isRecord(body) ? own(body, "alerts") : body;
  return Array.isArray(entries) && entries.every(isSurelyAlert);
}

function isSurelyAlert(entry: unknown): boolean {
  if (!isRecord(entry) || entry["alerts"] !== undefined) return false;
  const labels = entry["labels"];
  if (!isRecord(labels)) return false;
  for (const name in labels) {
    const value = labels[name];
    if (typeof value === "string" && value !== "" && name !== "" && name !== "__proto__") return true;
  }
  return false;
}

function parse(body: unknown, delivery: RawDelivery): ParseResult {
  const group = isRecord(body) ? body : {};
  const entries = Array.isArray(body) ? body : own(group, "alerts");
  if (!Array.isArray(entries)) {
    return { kind: "unparseable", problem: `"alerts" must be a list; got ${shown(entries)}`, remedy };
  }
  const alerts: Alert[] = [];
  const problems: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const alert = readAlert(entry, group, delivery.receivedAt);
    if (typeof alert === "string") problems.push(`alerts[${index}]${alert}`);
    else alerts.push(alert);
  }
  if (alerts.length === 0 && problems.length > 0) {
    return { kind: "unparseable", problem: problems.slice(0, 5).join("; "), remedy };
  }
  return { kind: "parsed", delivery: { alerts, changes: [], topology: null, problems } };
}

/** The alert, or what is wrong with it, to be read after its place in the list. */
function readAlert(
  entry: unknown,
  group: Readonly<Record<string, unknown>>,
  receivedAt: Date,
): Alert | string {
  if (!isRecord(entry)) return ` must be an object; got ${shown(entry)}`;
  if (Array.isArray(own(entry, "alerts"))) {
    return " is a group, as the API answers on /api/v2/alerts/groups, not an alert";
  }
  const labels = labelsOf(entry, group);
  if (Object.keys(labels).length === 0)
    return `.labels must hold at least one label; got ${shown(own(entry, "labels"))}`;
  const endsAt = readMoment(own(entry, "endsAt"));
  return buildAlert({
    source: "alertmanager",
    status: statusOf(own(entry, "status") ?? own(group, "status"), endsAt, receivedAt),
    labels,
    annotations: readAnnotations(own(entry, "annotations")),
    externalId: textOfValue(own(entry, "fingerprint"), 256),
    url: textOfValue(own(entry, "generatorURL")),
    startsAt: readMoment(own(entry, "startsAt")),
    endsAt,
    receivedAt,
  });
}

/** Without labels of its own, an alert has at least those that its group shares. */
function labelsOf(entry: Readonly<Record<string, unknown>>, group: Readonly<Record<string, unknown>>) {
  const labels = readLabels(own(entry, "labels"));
  return Object.keys(labels).length > 0 ? labels : readLabels(own(group, "commonLabels"));
}

function statusOf(status: unknown, endsAt: Date | null, receivedAt: Date): Alert["status"] {
  if (status === "resolved" || status === "firing") return status;
  return endsAt !== null && endsAt <= receivedAt ? "resolved" : "firing";
}
