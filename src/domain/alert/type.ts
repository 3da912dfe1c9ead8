/**
 * What fires again and again under one name. That is the fingerprint, unless it changes although the condition does not
 * (a new pod, a request's id among the labels), or says too little (an alert called "Error" is told by its message).
 */
import { type Alert, fingerprint } from "../alert.ts";
import { createTemplates } from "../clustering/templates.ts";
import { workloadOf } from "./entity.ts";
import { wordsOf } from "./evidence-kind.ts";

export interface AlertTypes {
  /** @returns text that is equal for alerts of one type; two strings of it are never compared in any other way. */
  typeOf(alert: Pick<Alert, "fingerprint" | "labels" | "name" | "summary">): string;
  /** Message templates kept for alerts whose name says nothing. */
  templates(): number;
  /** Of the templates, as in clustering/templates.ts. */
  dropped(): number;
  crowded(): number;
}

/** Labels that name one run, request or process. */
const passing: ReadonlySet<string> = new Set([
  "container_id",
  "id",
  "pid",
  "pod_ip",
  "request_id",
  "span_id",
  "trace_id",
  "uid",
]);
const shortestId = 12;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const longHex = /^(?=.*\d)(?=.*[a-f])[0-9a-f]{12,}$/i;
const podLike = /-[a-z0-9]{5,10}-[a-z0-9]{5}$/;

/** Names that only say that something is wrong. */
const sayNothing: ReadonlySet<string> = new Set(
  "alarm alert alerts check error errors event events exception failure generic incident issue log logs message monitor notification problem status test trigger triggered unknown warning".split(
    " ",
  ),
);

/** @param maxTemplates - most message templates kept. */
export function createAlertTypes(maxTemplates: number): AlertTypes {
  const templates = createTemplates(maxTemplates);
  return {
    typeOf(alert) {
      const own = stableTypeOf(alert);
      if (alert.summary === "" || !isGenericName(alert.name)) return own;
      return fingerprint({ type: own, template: templates.learn(alert.summary).first });
    },
    templates: templates.size,
    dropped: templates.dropped,
    crowded: templates.crowded,
  };
}

/** The type by the labels alone: the same on every replica, at any time. */
export function stableTypeOf(alert: Pick<Alert, "fingerprint" | "labels">): string {
  let stable: Record<string, string> | null = null;
  for (const name in alert.labels) {
    const value = alert.labels[name] ?? "";
    const lasting = lastingValue(name, value);
    if (lasting === value) continue;
    stable ??= { ...alert.labels };
    stable[name] = lasting;
  }
  return stable === null ? alert.fingerprint : fingerprint(stable);
}

/** The value without what passes: empty for the id of a request, the workload for a pod. */
function lastingValue(name: string, value: string): string {
  if (passing.has(name)) return "";
  if (value.length < shortestId) return value;
  if (uuid.test(value) || longHex.test(value)) return "";
  return podLike.test(value) ? workloadOf(value) : value;
}

const knownNames = new Map<string, boolean>();
const maxKnownNames = 20_000;

/** True when the name is made only of words such as "alert" and "error". */
export function isGenericName(name: string): boolean {
  const known = knownNames.get(name);
  if (known !== undefined) return known;
  const isGeneric = wordsOf(name)
    .split(" ")
    .every((word) => sayNothing.has(word));
  if (knownNames.size >= maxKnownNames) knownNames.clear();
  knownNames.set(name, isGeneric);
  return isGeneric;
}
