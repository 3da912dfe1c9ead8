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
import { isSignedBody } from "../../domain/alert/sender.ts";
import type { Alert, Labels } from "../../domain/alert.ts";
import { safeUrl } from "../../domain/view.ts";
import { defineSource, type ParseResult, type RawDelivery } from "../../ports/source.ts";

const remedy =
  'Send what a Grafana Alerting contact point of type "Webhook" sends, without a custom payload template: {"alerts": [{"status", "labels", "annotations", "startsAt", "endsAt"}]}.';
const legacyRemedy =
  "This is Grafana's legacy alerting, removed in Grafana 11: move to Grafana Alerting, or map it with a source of your own in tocsin.yaml (use: generic, with name: ruleName, status: state, firing: [alerting, no_data], resolved: [ok], url: ruleUrl).";

/** Signed by default in this header; another name cannot be told apart from a missing signature. */
const signatureHeader = "x-grafana-alerting-signature";
/** Grafana has no default for the time; this is the name its documentation uses. */
const usualTimestampHeader = "x-grafana-alerting-timestamp";

type Fields = Readonly<Record<string, unknown>>;

/**
 * Grafana Alerting. DatasourceNoData and DatasourceError alerts are alerts like any other.
 * @see https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
 */
export default defineSource({
  name: "grafana",
  summary: "Grafana Alerting webhooks",
  checks: ["hmac", "bearer", "basic", "token"],
  hmac: { isSigned, header: "X-Grafana-Alerting-Signature" },
  parse,
});

/**
 * Hex HMAC-SHA256 over the body, or over "timestamp:body" where a timestamp header is configured.
 * @see https://github.com/grafana/alerting/blob/main/http/hmac.go
 */
function isSigned(delivery: RawDelivery, secret: string, names: { timestampHeader?: string } = {}): boolean {
  const usual = delivery.headers[usualTimestampHeader];
  const timestamp =
    names.timestampHeader === undefined
      ? usual
      : (delivery.headers[names.timestampHeader.toLowerCase()] ?? "");
  return isSignedBody({
    body: delivery.body,
    secret,
    signature: delivery.headers[signatureHeader] ?? "",
    timestamp: timestamp ?? null,
    receivedAt: delivery.receivedAt,
  });
}

function parse(body: unknown, delivery: RawDelivery): ParseResult {
  if (!isRecord(body))
    return { kind: "unparseable", problem: `the body must be an object; got ${shown(body)}`, remedy };
  const entries = own(body, "alerts");
  if (!Array.isArray(entries)) return refuseShape(body);
  const alerts: Alert[] = [];
  const problems: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const alert = readAlert(entry, body, delivery.receivedAt);
    if (typeof alert === "string") problems.push(`alerts[${index}]${alert}`);
    else alerts.push(alert);
  }
  if (alerts.length === 0 && problems.length > 0) {
    return { kind: "unparseable", problem: problems.slice(0, 5).join("; "), remedy };
  }
  return { kind: "parsed", delivery: { alerts, changes: [], topology: null, problems } };
}

function refuseShape(body: Fields): ParseResult {
  const isLegacy = own(body, "ruleName") !== undefined || own(body, "evalMatches") !== undefined;
  return isLegacy
    ? { kind: "unparseable", problem: '"ruleName" without "alerts": the legacy format', remedy: legacyRemedy }
    : { kind: "unparseable", problem: `"alerts" must be a list; got ${shown(own(body, "alerts"))}`, remedy };
}

/** The alert, or what is wrong with it, to be read after its place in the list. */
function readAlert(entry: unknown, group: Fields, receivedAt: Date): Alert | string {
  if (!isRecord(entry)) return ` must be an object; got ${shown(entry)}`;
  const ownLabels = readLabels(own(entry, "labels"));
  const labels = Object.keys(ownLabels).length > 0 ? ownLabels : readLabels(own(group, "commonLabels"));
  if (Object.keys(labels).length === 0)
    return `.labels must hold at least one label; got ${shown(own(entry, "labels"))}`;
  const annotations = withValues(readAnnotations(own(entry, "annotations")), own(entry, "values"));
  return buildAlert({
    source: "grafana",
    status: (own(entry, "status") ?? own(group, "status")) === "resolved" ? "resolved" : "firing",
    labels,
    annotations,
    externalId: textOfValue(own(entry, "fingerprint"), 256),
    summary: summaryOf(labels, annotations),
    url: firstUrl(entry, ["generatorURL", "panelURL", "dashboardURL"]),
    startsAt: readMoment(own(entry, "startsAt")),
    endsAt: readMoment(own(entry, "endsAt")),
    receivedAt,
  });
}

/** The measured values, as people would write them; an annotation of the rule's own by that name stands. */
function withValues(annotations: Labels, values: unknown): Labels {
  if (!isRecord(values) || annotations["values"] !== undefined) return annotations;
  const list = Object.entries(values).slice(0, 20);
  const text = list.map(([name, value]) => `${name}=${textOfValue(value) ?? "none"}`).join(", ");
  return text === "" ? annotations : { ...annotations, values: textOfValue(text, 500) ?? "" };
}

/** Alerts about missing data and failing queries carry no summary of their own; their rule is in `rulename`. */
function summaryOf(labels: Labels, annotations: Labels): string | null {
  if (annotations["summary"] || annotations["description"] || annotations["message"]) return null;
  const rule = labels["rulename"] ?? labels["alertname"] ?? "the rule";
  if (labels["alertname"] === "DatasourceNoData") return `No data for ${rule}`;
  if (labels["alertname"] !== "DatasourceError") return null;
  return `The query of ${rule} fails${annotations["Error"] ? `: ${annotations["Error"]}` : ""}`;
}

/** Behind a proxy that is not configured, Grafana sends relative addresses; those lead nowhere from here. */
function firstUrl(entry: Fields, names: readonly string[]): string | null {
  for (const name of names) {
    const url = safeUrl(textOfValue(own(entry, name)));
    if (url !== null) return url;
  }
  return null;
}
