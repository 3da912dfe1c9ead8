/**
 * From the loose fields of a webhook to an {@link Alert}: what every source shares. Liberal in what it takes, strict
 * in what it gives: every text that leaves here can be stored (no NUL, no lone surrogate) and is bounded.
 */
import { type Alert, fingerprint, type Labels, type Severity, severityOf } from "../alert.ts";
import { oneLine, safeUrl, truncate } from "../view.ts";
import { serviceOf } from "./service-label.ts";

/** Longest label value and annotation that are kept; the delivery itself is stored whole. */
const maxLabelLength = 4_096;
const maxAnnotationLength = 16_384;
const maxNameLength = 256;
const maxLabels = 256;
const maxSummaryLength = 500;

/** For senders that give nothing to call it by. */
const unnamed = "unnamed alert";

/** Code points that PostgreSQL cannot store in text or jsonb: NUL, and halves of surrogate pairs. */
const unstorable = /\0|\p{Cs}/gu;
const hasUnstorable = /\0|\p{Cs}/u;

/** True for a JSON object: not null, not an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An own property of a JSON object, or undefined; never something inherited such as `constructor`. */
export function own(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A text that can be stored, cut with an ellipsis at `max` UTF-16 units. */
export function storable(text: string, max: number): string {
  const cut = truncate(text, max);
  return hasUnstorable.test(cut) ? cut.replace(unstorable, "\u{FFFD}") : cut;
}

/**
 * A JSON scalar as text; objects and arrays as their JSON.
 * @returns null for null, undefined and the empty string.
 */
export function textOfValue(value: unknown, max: number = maxAnnotationLength): string | null {
  if (typeof value === "string") return value === "" ? null : storable(value, max);
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint")
    return String(value);
  if (typeof value !== "object" || value === null) return null;
  try {
    return storable(JSON.stringify(value), max);
  } catch (error) {
    // Nesting too deep for the stack: the text would be of no use to anyone.
    if (error instanceof RangeError) return "(nested too deeply to show)";
    throw error;
  }
}

/** A value for messages: short, on one line, strings in quotes. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return JSON.stringify(oneLine(value, 60));
  return oneLine(textOfValue(value) ?? "null", 60);
}

/** Labels from a JSON object; empty for anything else. Numbers and booleans become text, empty values are left out. */
export function readLabels(value: unknown): Labels {
  return readTexts(value, maxLabelLength);
}

/** Annotations from a JSON object; as {@link readLabels}, with longer values. */
export function readAnnotations(value: unknown): Labels {
  return readTexts(value, maxAnnotationLength);
}

function readTexts(value: unknown, max: number): Labels {
  if (!isRecord(value)) return {};
  const texts = cleanTexts(value, max);
  if (texts !== null) return texts;
  const entries: [string, string][] = [];
  for (const name of Object.keys(value)) {
    const text = textOfValue(value[name], max);
    if (text === null || name === "" || name === "__proto__") continue;
    if (entries.length < maxLabels) entries.push([storable(name, maxNameLength), text]);
  }
  return Object.fromEntries(entries);
}

/** The object itself when all of it may stay as it is, which is nearly always; sparing the copy halves the cost. */
function cleanTexts(record: Readonly<Record<string, unknown>>, max: number): Labels | null {
  const names = Object.keys(record);
  if (names.length > maxLabels) return null;
  for (const name of names) {
    const text = record[name];
    if (typeof text !== "string" || text === "" || text.length > max || hasUnstorable.test(text)) return null;
    if (name === "" || name === "__proto__" || name.length > maxNameLength || hasUnstorable.test(name))
      return null;
  }
  // Every value was seen to be a string just above.
  return record as Labels;
}

const isoMoment =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)?)?\s?(Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$/;

/**
 * A moment as senders write it: RFC 3339 with any fraction and offset (no offset means UTC), or a number (or its
 * digits) of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size. Cut, not rounded, to
 * milliseconds.
 * @returns null for anything else and for the year 1, Go's zero time, by which Alertmanager says "not yet".
 * @see https://pkg.go.dev/time#Time.IsZero
 */
export function readMoment(value: unknown): Date | null {
  if (typeof value === "number") return fromNumber(value);
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (/^\d{1,20}(?:\.\d+)?$/.test(text)) return fromNumber(Number(text));
  return fromIso(text);
}

function fromIso(text: string): Date | null {
  const match = isoMoment.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] = match;
  if (year === "0000" || year === "0001" || !isDay(Number(year), Number(month), Number(day))) return null;
  // Date knows no leap second.
  const wholeSecond = second === "60" ? "59" : second;
  const ms = Date.parse(
    `${year}-${month}-${day}T${hour}:${minute}:${wholeSecond}.${fraction.padEnd(3, "0").slice(0, 3)}${offsetOf(zone)}`,
  );
  return Number.isNaN(ms) ? null : new Date(ms);
}

/** Date.parse takes 30 February for 2 March. */
function isDay(year: number, month: number, day: number): boolean {
  return day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** "+0530", "+05:30" and "+05" as Date reads them. */
function offsetOf(zone: string): string {
  const digits = zone.replace(/\D/g, "");
  return digits === "" ? "Z" : `${zone.slice(0, 1)}${digits.slice(0, 2)}:${digits.slice(2) || "00"}`;
}

/** 1e11 s is the year 5138 and 1e11 ms is 1973, so the size tells the unit for every moment from 1973 on. */
function fromNumber(value: number): Date | null {
  if (!Number.isFinite(value) || value <= 0) return null;
  if (value < 1e11) return new Date(Math.floor(value * 1e3));
  if (value < 1e14) return new Date(Math.floor(value));
  if (value < 1e17) return new Date(Math.floor(value / 1e3));
  return value < 1e20 ? new Date(Math.floor(value / 1e6)) : null;
}

/** Clocks of senders differ by minutes; what is further ahead is wrong. */
const maxAheadMs = 300_000;

/**
 * A moment that somebody tells us of, or null where it is ahead of its receipt by more than clocks differ: nothing has
 * begun yet that is to begin tomorrow, and it would be newer than all that comes until then.
 */
export function unlessAhead(moment: Date | null, receivedAt: Date): Date | null {
  return moment !== null && moment.getTime() - receivedAt.getTime() > maxAheadMs ? null : moment;
}

/** What a source found of one alert. Texts and labels come from the readers above. */
export interface AlertFields {
  readonly source: string;
  readonly status: Alert["status"];
  /** Identity: at least one. */
  readonly labels: Labels;
  readonly annotations?: Labels;
  readonly externalId?: string | null;
  readonly name?: string | null;
  readonly service?: string | null;
  readonly severity?: Severity | null;
  readonly summary?: string | null;
  /** Checked here; kept only when it is plain http(s). */
  readonly url?: string | null;
  readonly startsAt: Date | null;
  readonly endsAt: Date | null;
  /** Stands in for the times that the sender left out, and for those that are ahead of it. */
  readonly receivedAt: Date;
}

/**
 * Completes what a source found. A firing alert has no end: an `endsAt` on it is the sender's own time-out.
 * A resolved one always has an end, never before its start.
 * @throws RangeError when there are no labels.
 */
export function buildAlert(fields: AlertFields): Alert {
  const { labels, annotations = {} } = fields;
  const name = oneLine(storable(fields.name ?? labels["alertname"] ?? "", maxLabelLength), maxNameLength);
  const isResolved = fields.status === "resolved";
  const { receivedAt } = fields;
  const start = unlessAhead(fields.startsAt, receivedAt);
  const end = unlessAhead(fields.endsAt, receivedAt);
  const startsAt = start ?? (isResolved ? end : null) ?? receivedAt;
  return {
    fingerprint: fingerprint(labels),
    externalId: fields.externalId ?? null,
    source: fields.source,
    status: fields.status,
    labels,
    annotations,
    name: name || unnamed,
    service: fields.service ?? serviceOf(labels),
    severity: fields.severity ?? severityIn(labels, annotations),
    summary: summaryOf(fields.summary, annotations, name),
    url: safeUrl(fields.url),
    startsAt,
    ...(start === null ? { isStartGuessed: true as const } : {}),
    endsAt: isResolved ? later(startsAt, end ?? receivedAt) : null,
  };
}

function severityIn(labels: Labels, annotations: Labels): Severity {
  return severityOf(labels["severity"] ?? labels["priority"] ?? labels["level"] ?? annotations["severity"]);
}

function summaryOf(summary: string | null | undefined, annotations: Labels, name: string): string {
  const candidates = [summary, annotations["summary"], annotations["description"], annotations["message"]];
  for (const candidate of candidates) {
    const line = candidate ? oneLine(storable(candidate, maxAnnotationLength), maxSummaryLength) : "";
    if (line !== "") return line;
  }
  return name || unnamed;
}

function later(a: Date, b: Date): Date {
  return a < b ? b : a;
}
