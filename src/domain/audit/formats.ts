/** Audit entries as other systems read them. Both leave out what only verifying needs. */
import type { AuditEntry } from "./entry.ts";

/** Which log the entries are of. */
export interface LogIdentity {
  /** Name of the log. */
  readonly origin: string;
  /** Release of the bot. */
  readonly version: string;
}

/** @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md */
export function cloudEventOf(entry: AuditEntry, { origin }: LogIdentity) {
  const { seq, at, action, subject, actor, outcome, data, hash } = entry;
  return {
    specversion: "1.0",
    id: String(seq),
    source: `urn:tocsin:${encodeURI(origin)}`,
    type: `tocsin.audit.${action}`,
    subject,
    time: at.toISOString(),
    datacontenttype: "application/json",
    // Extension "sequence": orders events of one source as text.
    sequence: String(seq).padStart(16, "0"),
    data: { actor, outcome, data, hash },
  };
}

const ocsf = { version: "1.3.0", category: 6, apiActivity: 6003, other: 99 } as const;
const success = { status_id: 1, status: "Success" } as const;
const failure = { status_id: 2, status: "Failure" } as const;
const unknown = { status_id: 0, status: "Unknown" } as const;
const statuses: Readonly<
  Record<AuditEntry["outcome"], { readonly status_id: number; readonly status: string }>
> = {
  done: success,
  denied: failure,
  refused: failure,
  failed: failure,
  requested: unknown,
};

/**
 * Class API Activity (6003): an actor called an operation of the bot on a resource.
 * @see https://schema.ocsf.io/1.3.0/classes/api_activity
 */
export function ocsfEventOf(entry: AuditEntry, { origin, version }: LogIdentity) {
  const { seq, at, action, subject, actor, outcome, data, hash } = entry;
  const via = typeof data["via"] === "string" ? data["via"] : "tocsin";
  const isBot = actor === "tocsin";
  return {
    category_uid: ocsf.category,
    category_name: "Application Activity",
    class_uid: ocsf.apiActivity,
    class_name: "API Activity",
    activity_id: ocsf.other,
    activity_name: action,
    type_uid: ocsf.apiActivity * 100 + ocsf.other,
    time: at.getTime(),
    severity_id: outcome === "denied" || outcome === "failed" ? 3 : 1,
    ...statuses[outcome],
    status_detail: outcome,
    actor: { user: { uid: actor, name: actor, type_id: isBot ? 3 : 1, type: isBot ? "System" : "User" } },
    api: { operation: action, service: { name: "tocsin" } },
    src_endpoint: { name: via },
    resources: [{ name: subject, type: subject.split(":")[0] }],
    metadata: {
      version: ocsf.version,
      product: { name: "Tocsin", vendor_name: "Tocsin", version },
      log_name: origin,
      uid: String(seq),
      sequence: seq,
    },
    unmapped: { data, hash },
  };
}
