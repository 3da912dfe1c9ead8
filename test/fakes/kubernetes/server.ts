/**
 * An API server as far as models need one: optimistic locking, three kinds of patches, dry runs, strict validation, the
 * status subresource, watches with bookmarks, 410 Gone, roles, and discovery for kubectl. What it does not know it
 * refuses with 501 and remembers in `unknown`.
 */
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { text as textOf } from "node:stream/consumers";
import { discoveryOf } from "./discovery.ts";
import {
  apiVersionOf,
  isObject,
  type Json,
  type JsonObject,
  type KubeObject,
  type Resource,
  resources,
} from "./objects.ts";
import { jsonPatch, mergePatch, strategicPatch } from "./patch.ts";
import { isAllowed, type Rule } from "./roles.ts";
import { notFound, StatusError } from "./status.ts";
import { createKubeStore, type KubeStore, matchesLabels } from "./store.ts";
import { serveWatch } from "./watches.ts";

export interface KubeCall {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
  readonly isDryRun: boolean;
  readonly isWatch: boolean;
  readonly authorization: string;
}

export type KubeFate =
  | { readonly kind: "pass" }
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Never answered; never done. */
  | { readonly kind: "hang" }
  /** Head and half of the body, and then nothing; never done. */
  | { readonly kind: "half_open" }
  /** The connection is cut, before or after it was done. */
  | { readonly kind: "cut"; readonly when: "before" | "after" }
  /** Done, and its answer cut in the middle. */
  | { readonly kind: "cut_body" }
  /** Success is reported, and nothing is done. */
  | { readonly kind: "pretend" };

export interface FakeApiServer {
  readonly url: string;
  readonly store: KubeStore;
  /** Decides for each call; passes everything at first. */
  fate: (call: KubeCall) => KubeFate;
  /** Calls that were done, in order; without watches and dry runs. */
  readonly writes: KubeCall[];
  /** Calls that the fake does not know: a test that leaves one has failed. */
  readonly unknown: string[];
  /** Who may ask; null: everyone. */
  token: string | null;
  /** What may be done; null: everything. */
  rules: readonly Rule[] | null;
  /** Text of a pod's log. */
  log: (pod: string) => string;
  /** Kept fields of InferenceServices: KServe before 0.20 has no `canary`. */
  removeField(plural: string, field: string): void;
  /** Ends every open watch; the next one has to take it up. */
  cutWatches(): void;
  close(): Promise<void>;
}

export interface FakeApiServerOptions {
  readonly nowMs: () => number;
  /** PEM; plain HTTP when left out. A client certificate is asked for when `clientCa` is set. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly clientCa?: string };
}

export async function startApiServer({ nowMs, tls }: FakeApiServerOptions): Promise<FakeApiServer> {
  const store = createKubeStore(nowMs);
  const openWatches = new Set<ServerResponse>();
  const removed = new Set<string>();
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    handle(incoming, response).catch((error: unknown) =>
      response.destroy(error instanceof Error ? error : undefined),
    );
  };
  const server =
    tls === undefined
      ? createPlainServer(listener)
      : createTlsServer(
          {
            ...{ key: tls.key, cert: tls.cert },
            ...(tls.clientCa === undefined
              ? {}
              : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true }),
          },
          listener,
        );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const fake: FakeApiServer = {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    store,
    fate: () => ({ kind: "pass" }),
    writes: [],
    unknown: [],
    token: null,
    rules: null,
    log: () => "",
    removeField: (plural, field) => removed.add(`${plural}.${field}`),
    cutWatches: () => {
      for (const watch of openWatches) watch.destroy();
      openWatches.clear();
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await textOf(incoming);
    const url = new URL(incoming.url ?? "/", fake.url);
    const method = incoming.method ?? "GET";
    const call: KubeCall = {
      ...{ method, path: `${url.pathname}${url.search}`, body },
      isDryRun: url.searchParams.get("dryRun") === "All",
      isWatch: ["1", "true"].includes(url.searchParams.get("watch") ?? ""),
      authorization: incoming.headers.authorization ?? "",
    };
    const fate = fake.fate(call);
    if (fate.kind === "hang") return;
    if (fate.kind === "cut" && fate.when === "before") return void response.destroy();
    if (fate.kind === "answer")
      return void response
        .writeHead(fate.status, { "content-type": "application/json", ...fate.headers })
        .end(fate.body ?? "{}");
    if (fate.kind === "half_open") {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"kind":"Deployment","metadata":{');
      return;
    }
    if (call.isWatch) return await watch(url, response);
    const { code, answer } = answerTo(
      fate.kind === "pretend" ? { ...call, isDryRun: true } : call,
      url,
      incoming.headers,
    );
    const isWrite = method !== "GET" && !call.isDryRun && fate.kind !== "pretend";
    if (isWrite && code < 300) fake.writes.push(call);
    if (fate.kind === "cut") return void response.destroy();
    const text = typeof answer === "string" ? answer : JSON.stringify(answer);
    const type = typeof answer === "string" ? "text/plain" : "application/json";
    const head = { "content-type": type, date: new Date(nowMs()).toUTCString() };
    if (fate.kind !== "cut_body") return void response.writeHead(code, head).end(text);
    response.writeHead(code, { ...head, "content-length": String(text.length) });
    response.write(text.slice(0, text.length / 2), () => response.destroy());
  }

  function answerTo(
    call: KubeCall,
    url: URL,
    headers: IncomingMessage["headers"],
  ): { code: number; answer: unknown } {
    try {
      authenticate(call);
      const discovered = call.method === "GET" ? discoveryOf(url.pathname) : null;
      if (discovered !== null) return { code: 200, answer: discovered };
      const target = targetOf(url);
      authorize(call, target);
      return perform(call, target, url, headers["content-type"] ?? "", managerOf(url, headers));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (error.code === 501) fake.unknown.push(`${call.method} ${call.path}: ${error.message}`);
      return { code: error.code, answer: error.body() };
    }
  }

  function authenticate({ authorization }: KubeCall): void {
    if (fake.token !== null && authorization !== `Bearer ${fake.token}`)
      throw new StatusError(401, "Unauthorized", "Unauthorized");
  }

  function authorize({ method, isWatch }: KubeCall, { resource, name, subresource }: Target): void {
    const verb = isWatch
      ? "watch"
      : method === "GET"
        ? name === null
          ? "list"
          : "get"
        : ({ POST: "create", PATCH: "patch", PUT: "update", DELETE: "delete" }[method] ?? method);
    const plural = subresource === null ? resource.plural : `${resource.plural}/${subresource}`;
    if (fake.rules !== null && !isAllowed(fake.rules, { group: resource.group, plural, verb }))
      throw new StatusError(
        403,
        "Forbidden",
        `${plural} is forbidden: User "tocsin" cannot ${verb} resource "${plural}" in API group "${resource.group}"`,
      );
  }

  function perform(
    call: KubeCall,
    target: Target,
    url: URL,
    type: string,
    manager: string,
  ): { code: number; answer: unknown } {
    const { resource, namespace, name, subresource } = target;
    const { method, isDryRun } = call;
    if (method === "GET" && subresource === "log" && name !== null) {
      store.get(resource, namespace ?? "", name);
      return { code: 200, answer: fake.log(name) };
    }
    if (method === "GET" && name === null) return { code: 200, answer: listOf(resource, namespace, url) };
    if (method === "GET" && name !== null)
      return { code: 200, answer: store.get(resource, namespace ?? "", name) };
    if (subresource !== null && subresource !== "status")
      throw new StatusError(501, "NotImplemented", `the fake knows no subresource ${subresource}`);
    const isStrict = url.searchParams.get("fieldValidation") === "Strict";
    const writer = {
      manager,
      isDryRun,
      ...(subresource === "status" ? { subresource: "status" as const } : {}),
    };
    if (method === "POST" && name === null) {
      const object = parseObject(call.body);
      object.metadata.namespace = namespace ?? object.metadata.namespace ?? "default";
      validate(resource, object, isStrict);
      return { code: 201, answer: store.create(resource, object, writer) };
    }
    if (method === "PATCH" && name !== null) {
      const before = store.get(resource, namespace ?? "", name);
      const patched = patchedOf(resource, before, type, call.body);
      validate(resource, patched, isStrict);
      return { code: 200, answer: store.update(resource, patched, writer) };
    }
    if (method === "PUT" && name !== null) {
      const object = parseObject(call.body);
      validate(resource, object, isStrict);
      return { code: 200, answer: store.update(resource, object, writer) };
    }
    if (method === "DELETE" && name !== null) {
      store.remove(resource, namespace ?? "", name);
      return { code: 200, answer: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" } };
    }
    throw new StatusError(501, "NotImplemented", `the fake knows no ${method} there`);
  }

  function listOf(resource: Resource, namespace: string | null, url: URL): unknown {
    const items = store.list(resource, namespace).filter((object) => isSelected(object, url));
    return {
      kind: `${resource.kind}List`,
      apiVersion: apiVersionOf(resource),
      metadata: { resourceVersion: String(store.version) },
      items,
    };
  }

  /** Fields that the fake's kinds do not have are dropped, or refused when the client asks for that. */
  function validate(resource: Resource, object: KubeObject, isStrict: boolean): void {
    if (!isObject(object.spec))
      throw new StatusError(
        422,
        "Invalid",
        `${resource.kind} "${object.metadata.name}" is invalid: spec: Required value`,
      );
    for (const field of Object.keys(object.spec)) {
      if (resource.fields.includes(field) && !removed.has(`${resource.plural}.${field}`)) continue;
      if (isStrict)
        throw new StatusError(
          400,
          "BadRequest",
          `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: strict decoding error: unknown field "spec.${field}"`,
        );
      delete object.spec[field];
    }
    const template = object.spec["template"];
    const spec = isObject(template) ? template["spec"] : undefined;
    const containers = isObject(spec) ? spec["containers"] : undefined;
    for (const container of Array.isArray(containers) ? (containers as readonly Json[]) : [])
      if (isObject(container) && (container["image"] === undefined || container["image"] === ""))
        throw new StatusError(
          422,
          "Invalid",
          `${resource.kind} "${object.metadata.name}" is invalid: spec.template.spec.containers[0].image: Required value`,
        );
  }

  async function watch(url: URL, response: ServerResponse): Promise<void> {
    try {
      const target = targetOf(url);
      authorize(
        { method: "GET", isWatch: true, path: "", body: "", isDryRun: false, authorization: "" },
        target,
      );
      openWatches.add(response);
      response.on("close", () => openWatches.delete(response));
      serveWatch(store, response, { ...target, url, isSelected: (object) => isSelected(object, url) });
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      response
        .writeHead(error.code, { "content-type": "application/json" })
        .end(JSON.stringify(error.body()));
    }
  }

  return fake;
}

interface Target {
  readonly resource: Resource;
  readonly namespace: string | null;
  readonly name: string | null;
  readonly subresource: string | null;
}

function targetOf({ pathname }: URL): Target {
  const parts = pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const group = parts[0] === "api" ? "" : (parts[1] ?? "");
  const [version, ...rest] = parts.slice(parts[0] === "api" ? 1 : 2);
  const [namespace, plural, name, subresource] = rest[0] === "namespaces" ? rest.slice(1) : [null, ...rest];
  const resource = resources.find(
    (each) => each.group === group && each.version === version && each.plural === plural,
  );
  // A path that no server has: not a Status, as the real one answers unknown groups.
  if (resource === undefined) throw notFound(`the server could not find the requested resource ${pathname}:`);
  return { resource, namespace: namespace ?? null, name: name ?? null, subresource: subresource ?? null };
}

function isSelected(object: KubeObject, { searchParams }: URL): boolean {
  const field = searchParams.get("fieldSelector") ?? "";
  const name = /^metadata\.name=(.+)$/.exec(field)?.[1];
  if (field !== "" && name === undefined)
    throw new StatusError(501, "NotImplemented", `the fake knows no field selector ${field}`);
  const isNamed = name === undefined || object.metadata.name === name;
  return isNamed && matchesLabels(object.metadata.labels ?? {}, searchParams.get("labelSelector") ?? "");
}

function patchedOf(resource: Resource, before: KubeObject, type: string, body: string): KubeObject {
  const patch = JSON.parse(body) as Json;
  // Objects of the fake are JSON throughout.
  const target = before as unknown as JsonObject;
  const [kind] = type.split(";");
  if (kind === "application/json-patch+json") return jsonPatch(target, patch) as unknown as KubeObject;
  if (kind === "application/merge-patch+json") return mergePatch(target, patch) as unknown as KubeObject;
  if (kind === "application/strategic-merge-patch+json" && !resource.isCustom)
    return strategicPatch(target, patch) as unknown as KubeObject;
  throw new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format: ${type}`,
  );
}

function parseObject(body: string): KubeObject {
  try {
    return JSON.parse(body) as KubeObject;
  } catch {
    throw new StatusError(501, "NotImplemented", "the fake reads JSON only");
  }
}

function managerOf({ searchParams }: URL, headers: IncomingMessage["headers"]): string {
  return searchParams.get("fieldManager") ?? (headers["user-agent"] ?? "").split("/")[0] ?? "";
}
