/** What etcd and the registry of an API server do: versions, optimistic locking, generations, and a bounded past. */
import { randomUUID } from "node:crypto";
import {
  apiVersionOf,
  isObject,
  type JsonObject,
  type KubeObject,
  type Resource,
  resources,
  same,
} from "./objects.ts";
import { conflict, gone, notFound, StatusError } from "./status.ts";

export interface StoreEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly resource: Resource;
  readonly object: KubeObject;
  readonly version: number;
}

export interface Writer {
  readonly manager: string;
  readonly subresource?: "status";
  /** Validated and answered, and not kept. */
  readonly isDryRun?: boolean;
}

export interface KubeStore {
  nowMs(): number;
  readonly version: number;
  get(resource: Resource, namespace: string, name: string): KubeObject;
  list(resource: Resource, namespace: string | null): readonly KubeObject[];
  create(resource: Resource, object: KubeObject, writer: Writer): KubeObject;
  /** @param object - whose resourceVersion, when it has one, must be the one that is kept. */
  update(resource: Resource, object: KubeObject, writer: Writer): KubeObject;
  remove(resource: Resource, namespace: string, name: string): void;
  /** What happened after a version, of one kind. @throws StatusError 410 when it was compacted away. */
  since(resource: Resource, version: number): readonly StoreEvent[];
  /** Forgets the past: watches that want to go on from there get 410. */
  compact(): void;
  onEvent(listener: (event: StoreEvent) => void): () => void;
}

const maxEvents = 2_000;

export function createKubeStore(nowMs: () => number): KubeStore {
  const objects = new Map<string, KubeObject>();
  const listeners = new Set<(event: StoreEvent) => void>();
  let events: StoreEvent[] = [];
  let version = 1_000;
  let oldest = version;

  const keyOf = (resource: Resource, namespace: string, name: string) =>
    [resource.group, resource.plural, namespace, name].join("/");
  const titleOf = ({ plural, group }: Resource, name: string) =>
    `${plural}${group === "" ? "" : `.${group}`} "${name}"`;

  function emit(type: StoreEvent["type"], resource: Resource, object: KubeObject): void {
    const event = { type, resource, object: structuredClone(object), version };
    events.push(event);
    if (events.length > maxEvents) {
      events = events.slice(-maxEvents / 2);
      oldest = (events[0]?.version ?? version) - 1;
    }
    for (const listener of listeners) listener(event);
  }

  /** What an object owned goes with it. */
  function collectGarbage(owner: string): void {
    const owned = [...objects].filter(([, { metadata }]) =>
      metadata.ownerReferences?.some(({ uid }) => uid === owner),
    );
    for (const [key, object] of owned) {
      const resource = resources.find(({ kind }) => kind === object.kind);
      if (resource === undefined || !objects.delete(key)) continue;
      version += 1;
      emit("DELETED", resource, object);
      collectGarbage(object.metadata.uid);
    }
  }

  function get(resource: Resource, namespace: string, name: string): KubeObject {
    const found = objects.get(keyOf(resource, namespace, name));
    if (found === undefined) throw notFound(titleOf(resource, name));
    return structuredClone(found);
  }

  function stamp(object: KubeObject, before: KubeObject | null, writer: Writer): void {
    const parts = (["metadata", "spec", "status"] as const).filter(
      (part) => !same(contentOf(object, part), before === null ? undefined : contentOf(before, part)),
    );
    const time = new Date(nowMs()).toISOString().replace(/\.\d+Z$/, "Z");
    const fieldsV1: JsonObject = Object.fromEntries(parts.map((part) => [`f:${part}`, {}]));
    const { manager, subresource } = writer;
    const others = (before?.metadata.managedFields ?? []).filter(
      (entry) => entry.manager !== manager || entry.subresource !== subresource,
    );
    const own = {
      manager,
      operation: "Update",
      time,
      fieldsV1,
      ...(subresource === undefined ? {} : { subresource }),
    };
    object.metadata.managedFields = [...others, own];
  }

  return {
    nowMs,
    get version() {
      return version;
    },
    get,
    list: (resource, namespace) =>
      [...objects]
        .filter(([key]) =>
          key.startsWith(`${resource.group}/${resource.plural}/${namespace === null ? "" : `${namespace}/`}`),
        )
        .map(([, object]) => structuredClone(object)),
    create(resource, given, writer) {
      const { name, namespace } = given.metadata;
      if (objects.has(keyOf(resource, namespace, name)))
        throw new StatusError(409, "AlreadyExists", `${titleOf(resource, name)} already exists`);
      const object = structuredClone(given);
      version += 1;
      object.apiVersion = apiVersionOf(resource);
      object.kind = resource.kind;
      Object.assign(object.metadata, {
        uid: randomUUID(),
        resourceVersion: String(version),
        generation: 1,
        creationTimestamp: new Date(nowMs()).toISOString().replace(/\.\d+Z$/, "Z"),
      });
      if (resource.hasStatus && writer.subresource === undefined) delete object.status;
      stamp(object, null, writer);
      if (writer.isDryRun === true) return object;
      objects.set(keyOf(resource, namespace, name), object);
      emit("ADDED", resource, object);
      return structuredClone(object);
    },
    update(resource, given, writer) {
      const { name, namespace, resourceVersion } = given.metadata;
      const before = get(resource, namespace, name);
      if (
        resourceVersion !== undefined &&
        resourceVersion !== "" &&
        resourceVersion !== before.metadata.resourceVersion
      )
        throw conflict(titleOf(resource, name));
      const object = structuredClone(given);
      // The main resource and its status are written apart: each ignores what belongs to the other.
      if (writer.subresource === "status") {
        object.spec = before.spec;
        object.metadata = structuredClone(before.metadata);
      } else if (resource.hasStatus) {
        if (before.status === undefined) delete object.status;
        else object.status = before.status;
      }
      const { uid, creationTimestamp, generation } = before.metadata;
      if (object.metadata.uid !== uid)
        throw new StatusError(409, "Conflict", `${titleOf(resource, name)}: uid is another`);
      Object.assign(object.metadata, { uid, creationTimestamp });
      object.metadata.generation = same(object.spec, before.spec) ? generation : generation + 1;
      object.metadata.resourceVersion = before.metadata.resourceVersion;
      object.metadata.managedFields = before.metadata.managedFields ?? [];
      if (same(object, before)) return before;
      stamp(object, before, writer);
      if (writer.isDryRun === true) return object;
      version += 1;
      object.metadata.resourceVersion = String(version);
      objects.set(keyOf(resource, namespace, name), object);
      emit("MODIFIED", resource, object);
      return structuredClone(object);
    },
    remove(resource, namespace, name) {
      const found = get(resource, namespace, name);
      objects.delete(keyOf(resource, namespace, name));
      version += 1;
      found.metadata.resourceVersion = String(version);
      emit("DELETED", resource, found);
      collectGarbage(found.metadata.uid);
    },
    since(resource, wanted) {
      if (wanted < oldest) throw gone(String(wanted));
      return events.filter((event) => event.version > wanted && event.resource === resource);
    },
    compact() {
      events = [];
      oldest = version;
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What a part says, without what the server keeps itself. */
function contentOf(object: KubeObject, part: "metadata" | "spec" | "status"): unknown {
  if (part !== "metadata") return object[part];
  const { labels, annotations } = object.metadata;
  return { labels, annotations };
}

/** Whether labels fit a selector: "a=b,c!=d,e in (f,g),h,!i". */
export function matchesLabels(labels: Readonly<Record<string, string>>, selector: string): boolean {
  const terms = selector.match(/[^,(]+(\([^)]*\))?/g) ?? [];
  return terms.every((term) => {
    const set = /^\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*$/.exec(term);
    if (set !== null) {
      const [, key = "", operator, values = ""] = set;
      return (
        values
          .split(",")
          .map((each) => each.trim())
          .includes(labels[key] ?? "") ===
        (operator === "in")
      );
    }
    const [key = "", value] = term.trim().split(/==?/);
    if (value !== undefined)
      return key.endsWith("!") ? labels[key.slice(0, -1)] !== value : labels[key] === value;
    return key.startsWith("!") ? labels[key.slice(1)] === undefined : labels[key] !== undefined;
  });
}

export function objectField(parent: JsonObject | undefined, name: string): JsonObject {
  const value = parent?.[name];
  return isObject(value) ? value : {};
}
