import { z } from "zod";
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
import { follow, pathProblem } from "../../domain/alert/mapping.ts";
import { type Alert, type Labels, type Severity, severities, severityOf } from "../../domain/alert.ts";
import { defineSource, type ParseResult, type RawDelivery } from "../../ports/source.ts";

const ownRemedy =
  'Send {"alerts": [{"name", "id", "status": "firing"|"resolved", "service", "severity", "summary", "labels", "annotations", "startsAt", "endsAt", "url"}]} or one such alert alone; only "name" is required. For any other shape, map it under settings in tocsin.yaml.';
const mappedRemedy =
  "Compare the mapping under settings in tocsin.yaml with what the sender posts, then replay this delivery: it was kept.";

const path = z.string().superRefine((text, context) => {
  const problem = pathProblem(text);
  if (problem !== null) context.addIssue({ code: "custom", message: problem });
});
const words = z
  .union([z.array(z.coerce.string()).min(1), z.coerce.string().transform((word) => [word])])
  .transform((list) => new Set(list.map((word) => word.trim().toLowerCase())));
const severityMapping = z.union([
  path.transform((from) => ({ from, map: {} as Readonly<Record<string, Severity>> })),
  z.strictObject({ path, map: z.record(z.string(), z.enum(severities)) }).transform((given) => ({
    from: given.path,
    map: Object.fromEntries(Object.entries(given.map).map(([word, level]) => [word.toLowerCase(), level])),
  })),
]);

/** Where the fields of an alert are in a foreign body. Everything but `name` may be left out. */
const mappingSchema = z
  .strictObject({
    items: path.optional(),
    name: path,
    id: path.optional(),
    status: path.optional(),
    firing: words.optional(),
    resolved: words.optional(),
    service: path.optional(),
    severity: severityMapping.optional(),
    summary: path.optional(),
    labels: z.record(z.string().min(1), path).optional(),
    annotations: z.record(z.string().min(1), path).optional(),
    startsAt: path.optional(),
    endsAt: path.optional(),
    changedAt: path.optional(),
    url: path.optional(),
  })
  .refine(
    (mapping) =>
      mapping.status === undefined || mapping.firing !== undefined || mapping.resolved !== undefined,
    {
      path: ["status"],
      message: 'needs "firing" or "resolved": the values that mean so, for example firing: [DOWN]',
    },
  );
type Mapping = z.output<typeof mappingSchema>;
type Fields = Readonly<Record<string, unknown>>;
type Read = Alert | { readonly problem: string };

/** Anything else: JSON of our own, or a foreign shape by a mapping in tocsin.yaml. */
export default defineSource({
  name: "generic",
  summary: "documented JSON, or any JSON by a mapping in tocsin.yaml",
  checks: ["bearer", "basic", "token"],
  parse,
  settingsProblem,
});

function settingsProblem(settings: unknown): string | null {
  const mapping = mappingOf(settings);
  return typeof mapping === "string" ? mapping : null;
}

function parse(body: unknown, delivery: RawDelivery, settings: unknown): ParseResult {
  const mapping = mappingOf(settings);
  if (typeof mapping === "string") {
    return {
      kind: "unparseable",
      problem: `the mapping in tocsin.yaml is wrong: ${mapping}`,
      remedy: mappedRemedy,
    };
  }
  return mapping === null
    ? readAll(listOf(body), ownRemedy, (entry) => readOwn(entry, delivery.receivedAt))
    : readAll(itemsOf(body, mapping), mappedRemedy, (entry) =>
        readMapped(entry, mapping, delivery.receivedAt),
      );
}

/** A mapping is compiled once: settings are the same object for every delivery. */
const compiled = new WeakMap<object, Mapping | string>();

/** The mapping, null when there is none, or what is wrong with it. */
function mappingOf(settings: unknown): Mapping | string | null {
  if (settings === undefined || settings === null) return null;
  if (!isRecord(settings)) return `settings must be an object; got ${shown(settings)}`;
  const known = compiled.get(settings);
  if (known !== undefined) return known;
  const result = mappingSchema.safeParse(settings);
  const mapping = result.success ? result.data : describeIssues(result.error, settings);
  compiled.set(settings, mapping);
  return mapping;
}

function describeIssues(error: z.ZodError, settings: Fields): string {
  const lines = error.issues.slice(0, 5).map((issue) => {
    const where = issue.path.map(String).join(".") || "settings";
    const value = follow(settings, where);
    return `${where}: ${issue.message}${value.kind === "found" ? ` (got ${shown(value.value)})` : ""}`;
  });
  return lines.join("; ");
}

function readAll(
  entries: readonly unknown[] | string,
  remedy: string,
  read: (entry: unknown) => Read,
): ParseResult {
  if (typeof entries === "string") return { kind: "unparseable", problem: entries, remedy };
  const alerts: Alert[] = [];
  const problems: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const alert = read(entry);
    if ("problem" in alert)
      problems.push(entries.length === 1 ? alert.problem : `entry ${index}: ${alert.problem}`);
    else alerts.push(alert);
  }
  if (alerts.length === 0 && problems.length > 0) {
    return { kind: "unparseable", problem: problems.slice(0, 5).join("; "), remedy };
  }
  return { kind: "parsed", delivery: { alerts, changes: [], topology: null, problems } };
}

// ---------- our own JSON ----------

function listOf(body: unknown): readonly unknown[] | string {
  if (Array.isArray(body)) return body;
  if (!isRecord(body)) return `the body must be an object or a list; got ${shown(body)}`;
  const alerts = own(body, "alerts");
  if (alerts === undefined) return [body];
  return Array.isArray(alerts) ? alerts : `"alerts" must be a list; got ${shown(alerts)}`;
}

function readOwn(entry: unknown, receivedAt: Date): Read {
  if (!isRecord(entry)) return { problem: `an alert must be an object; got ${shown(entry)}` };
  const given = readLabels(own(entry, "labels"));
  const name = textOfValue(own(entry, "name"), 256) ?? given["alertname"] ?? null;
  if (name === null) return { problem: `"name" must be a text; got ${shown(own(entry, "name"))}` };
  const status = own(entry, "status") ?? "firing";
  if (status !== "firing" && status !== "resolved") {
    return { problem: `"status" must be "firing" or "resolved"; got ${shown(status)}` };
  }
  const service = textOfValue(own(entry, "service"), 256);
  const times = readTimes(own(entry, "startsAt"), own(entry, "endsAt"));
  if ("problem" in times) return times;
  const word = textOfValue(own(entry, "severity"), 100);
  const id = textOfValue(own(entry, "id"), 256);
  return buildAlert({
    source: "generic",
    status,
    labels: { ...identity(name, service, id), ...given },
    annotations: readAnnotations(own(entry, "annotations")),
    externalId: id,
    name,
    service,
    severity: word === null ? null : severityOf(word),
    summary: textOfValue(own(entry, "summary")),
    url: textOfValue(own(entry, "url")),
    ...times,
    receivedAt,
  });
}

/** The sender's own id keeps two alerts of one name apart when nothing else does. */
function identity(name: string, service: string | null, id: string | null): Labels {
  return { alertname: name, ...(service === null ? {} : { service }), ...(id === null ? {} : { id }) };
}

type Times = { readonly startsAt: Date | null; readonly endsAt: Date | null };

/** Absent times are fine; a time that is there and cannot be read is a mistake worth telling. */
function readTimes(startsAt: unknown, endsAt: unknown): Times | { readonly problem: string } {
  for (const [name, value] of [
    ["startsAt", startsAt],
    ["endsAt", endsAt],
  ] as const) {
    if (isUnreadable(value))
      return { problem: `"${name}" must be RFC 3339 or a Unix time; got ${shown(value)}` };
  }
  return { startsAt: readMoment(startsAt), endsAt: readMoment(endsAt) };
}

/** Zero times ("0001-01-01T00:00:00Z", 0, "") mean that there is none. */
function isUnreadable(value: unknown): boolean {
  const isAbsent = value === undefined || value === null || value === "" || value === 0;
  return !isAbsent && readMoment(value) === null && !/^0001-/.test(textOfValue(value) ?? "");
}

// ---------- a mapped body ----------

function itemsOf(body: unknown, mapping: Mapping): readonly unknown[] | string {
  if (mapping.items === undefined) return [body];
  const items = follow(body, mapping.items);
  if (items.kind === "absent") return `items ${items.problem}`;
  return Array.isArray(items.value)
    ? items.value
    : `items "${mapping.items}" must be a list; got ${shown(items.value)}`;
}

function readMapped(entry: unknown, mapping: Mapping, receivedAt: Date): Read {
  const name = required(entry, "name", mapping.name);
  if (typeof name !== "string") return name;
  const status = statusOf(entry, mapping);
  if (typeof status !== "string") return status;
  const times = mappedTimes(entry, mapping, status);
  if ("problem" in times) return times;
  const service = optional(entry, mapping.service, 256);
  const id = optional(entry, mapping.id, 256);
  return buildAlert({
    source: "generic",
    status,
    labels: { ...identity(name, service, id), ...textsAt(entry, mapping.labels) },
    annotations: textsAt(entry, mapping.annotations),
    externalId: id,
    name,
    service,
    severity: severityAt(entry, mapping),
    summary: optional(entry, mapping.summary),
    url: optional(entry, mapping.url),
    ...times,
    receivedAt,
  });
}

function required(entry: unknown, field: string, from: string): string | { readonly problem: string } {
  const found = follow(entry, from);
  if (found.kind === "absent") return { problem: `${field} ${found.problem}` };
  const text = textOfValue(found.value, 256);
  return text ?? { problem: `${field} "${from}" must be a text; got ${shown(found.value)}` };
}

/** A field that this body may lack, as many senders leave out what they do not know. */
function optional(entry: unknown, from: string | undefined, max?: number): string | null {
  if (from === undefined) return null;
  const found = follow(entry, from);
  return found.kind === "found" ? textOfValue(found.value, max) : null;
}

function textsAt(entry: unknown, paths: Readonly<Record<string, string>> = {}): Labels {
  const found = Object.entries(paths).map(([label, from]) => [label, optional(entry, from)]);
  return readLabels(Object.fromEntries(found));
}

function statusOf(entry: unknown, mapping: Mapping): Alert["status"] | { readonly problem: string } {
  if (mapping.status === undefined) return "firing";
  const word = required(entry, "status", mapping.status);
  if (typeof word !== "string") return word;
  const lower = word.trim().toLowerCase();
  if (mapping.resolved?.has(lower)) return "resolved";
  if (mapping.firing === undefined || mapping.firing.has(lower)) return "firing";
  // With both lists given a third word is unknown; with one list, everything else is the opposite.
  if (mapping.resolved === undefined) return "resolved";
  const known = [...mapping.firing, ...mapping.resolved].join(", ");
  return {
    problem: `status "${mapping.status}" is ${shown(word)}; neither in "firing" nor in "resolved" (${known})`,
  };
}

function severityAt(entry: unknown, mapping: Mapping): Severity | null {
  const word = optional(entry, mapping.severity?.from, 100);
  if (word === null || mapping.severity === undefined) return null;
  const lower = word.trim().toLowerCase();
  return (
    (Object.hasOwn(mapping.severity.map, lower) ? mapping.severity.map[lower] : null) ?? severityOf(word)
  );
}

/** `changedAt` is when the state changed: the start of a firing, the end of a resolved one. */
function mappedTimes(
  entry: unknown,
  mapping: Mapping,
  status: Alert["status"],
): Times | { readonly problem: string } {
  const startsFrom = mapping.startsAt ?? (status === "firing" ? mapping.changedAt : undefined);
  const endsFrom = mapping.endsAt ?? (status === "resolved" ? mapping.changedAt : undefined);
  for (const [field, from] of [
    ["startsAt", startsFrom],
    ["endsAt", endsFrom],
  ] as const) {
    const value = valueAt(entry, from);
    if (isUnreadable(value)) {
      return { problem: `${field} "${from ?? ""}" must be RFC 3339 or a Unix time; got ${shown(value)}` };
    }
  }
  return { startsAt: readMoment(valueAt(entry, startsFrom)), endsAt: readMoment(valueAt(entry, endsFrom)) };
}

function valueAt(entry: unknown, from: string | undefined): unknown {
  if (from === undefined) return undefined;
  const found = follow(entry, from);
  return found.kind === "found" ? found.value : undefined;
}
