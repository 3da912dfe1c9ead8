import { createHash } from "node:crypto";

/** Name to value, as the source sent them. A missing label is absent, never an empty string. */
export type Labels = Readonly<Record<string, string>>;

/** From worst to mildest. */
export const severities = ["critical", "high", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

/** What a source says about one condition at one moment; the unit that sources parse deliveries into. */
export interface Alert {
  /** Identity across deliveries, from the labels only; see {@link fingerprint}. */
  readonly fingerprint: string;
  /** The sender's own identity for it (Alertmanager's `fingerprint`), or null where it has none. */
  readonly externalId: string | null;
  /** Name of the source, for example "alertmanager". */
  readonly source: string;
  readonly status: "firing" | "resolved";
  readonly labels: Labels;
  readonly annotations: Labels;
  /** What kind of condition: the `alertname` label or the source's nearest equivalent. */
  readonly name: string;
  /** What it is about, a node of the topology; null when the source does not say. */
  readonly service: string | null;
  readonly severity: Severity;
  /** One plain line for people. Untrusted text. */
  readonly summary: string;
  /** Where the sender shows it; http or https, or null. */
  readonly url: string | null;
  readonly startsAt: Date;
  /**
   * Set when the sender gave no start, or one that is still to come: `startsAt` is then the time of receipt, or the
   * end. Such a report belongs to the firing of the same fingerprint that has not ended, if there is one.
   */
  readonly isStartGuessed?: true;
  /** Null while firing without a known end. */
  readonly endsAt: Date | null;
}

/**
 * Identity of an alert across deliveries.
 * Labels only: annotations and times may differ between repeats. Fields are length-prefixed, so that
 * {a: "bc"} and {ab: "c"} differ.
 * @param labels - name to value; order is irrelevant; at least one.
 * @returns 64 lowercase hex characters.
 * @throws RangeError when there are no labels.
 * @see https://github.com/prometheus/common/blob/main/model/signature.go
 */
export function fingerprint(labels: Labels): string {
  const names = Object.keys(labels).sort();
  if (names.length === 0) throw new RangeError("fingerprint: an alert needs at least one identity label");
  const hash = createHash("sha256");
  for (const name of names) {
    const value = labels[name] ?? "";
    hash.update(`${name.length}:${name}${value.length}:${value}`);
  }
  return hash.digest("hex");
}

/** One firing of an alert: the same fingerprint may fire again later with a new startsAt. */
export function alertKey(alert: Pick<Alert, "fingerprint" | "startsAt">): string {
  // Joined at once: a template would keep its parts for as long as the key lives.
  return [alert.fingerprint, alert.startsAt.toISOString()].join("/");
}

/** True when two reports say the same of one firing. */
export function isSameAlert(a: Alert, b: Alert): boolean {
  return (
    a.status === b.status &&
    a.startsAt.getTime() === b.startsAt.getTime() &&
    a.endsAt?.getTime() === b.endsAt?.getTime() &&
    a.severity === b.severity &&
    a.name === b.name &&
    a.service === b.service &&
    a.summary === b.summary &&
    a.url === b.url &&
    a.externalId === b.externalId &&
    a.source === b.source &&
    isSameLabels(a.labels, b.labels) &&
    isSameLabels(a.annotations, b.annotations)
  );
}

/** True when both have the same names with the same values. */
export function isSameLabels(a: Labels, b: Labels): boolean {
  if (a === b) return true;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

const severityWords: Readonly<Record<string, Severity>> = {
  critical: "critical",
  crit: "critical",
  page: "critical",
  emergency: "critical",
  fatal: "critical",
  disaster: "critical",
  p1: "critical",
  sev0: "critical",
  sev1: "critical",
  "1": "critical",
  high: "high",
  error: "high",
  err: "high",
  major: "high",
  severe: "high",
  p2: "high",
  sev2: "high",
  "2": "high",
  warning: "warning",
  warn: "warning",
  medium: "warning",
  average: "warning",
  minor: "warning",
  moderate: "warning",
  p3: "warning",
  sev3: "warning",
  "3": "warning",
  ticket: "warning",
  info: "info",
  information: "info",
  informational: "info",
  low: "info",
  none: "info",
  notice: "info",
  debug: "info",
  ok: "info",
  p4: "info",
  p5: "info",
  sev4: "info",
  "4": "info",
  "5": "info",
};

/** The severity a sender's word stands for; "warning" when it says nothing that we know. */
export function severityOf(word: string | undefined): Severity {
  const known = (word ?? "").trim().toLowerCase();
  // Own words only: "constructor" is inherited by every object.
  return (Object.hasOwn(severityWords, known) ? severityWords[known] : undefined) ?? "warning";
}

/** Negative when `a` is worse than `b`; for sorting, worst first. */
export function compareSeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b);
}

/** The worst of some severities; "info" for none. */
export function worstSeverity(list: readonly Severity[]): Severity {
  return [...list].sort(compareSeverity)[0] ?? "info";
}
