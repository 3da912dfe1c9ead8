/** The three patches of the API, as far as clients here use them. */
import { isObject, type Json, type JsonObject, same } from "./objects.ts";
import { StatusError } from "./status.ts";

const unprocessable = (message: string) => new StatusError(422, "Invalid", message);

/** RFC 6902, without move and copy. */
export function jsonPatch(target: Json, operations: Json): Json {
  if (!Array.isArray(operations)) throw new StatusError(400, "BadRequest", "a JSON Patch is a list");
  let result = structuredClone(target) as Json;
  for (const operation of operations) {
    if (!isObject(operation) || typeof operation["path"] !== "string")
      throw new StatusError(400, "BadRequest", "an operation of a JSON Patch has op and path");
    result = applyOne(result, operation, operation["path"]);
  }
  return result;
}

function applyOne(root: Json, operation: JsonObject, path: string): Json {
  const parts = path
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = parts.pop();
  if (last === undefined) throw unprocessable("the whole object cannot be patched");
  let parent: Json | undefined = root;
  for (const part of parts) parent = childOf(parent, part);
  const op = operation["op"];
  const value = operation["value"];
  if (op === "test") {
    if (!same(childOf(parent, last), value)) throw unprocessable(`testing value ${path} failed: test failed`);
    return root;
  }
  if (op !== "add" && op !== "replace" && op !== "remove")
    throw new StatusError(501, "NotImplemented", `the fake knows no ${String(op)} in a JSON Patch`);
  if (Array.isArray(parent)) {
    const list = parent as Json[];
    const at = last === "-" ? list.length : Number(last);
    if (!Number.isInteger(at) || at > list.length || (op !== "add" && at >= list.length))
      throw unprocessable(`${op} operation does not apply: ${path} is out of range`);
    list.splice(at, op === "add" ? 0 : 1, ...(op === "remove" ? [] : [value ?? null]));
    return root;
  }
  if (!isObject(parent)) throw unprocessable(`${op} operation does not apply: doc is missing path: ${path}`);
  if (op !== "add" && parent[last] === undefined)
    throw unprocessable(`${op} operation does not apply: doc is missing key: ${path}`);
  if (op === "remove") delete parent[last];
  else parent[last] = value ?? null;
  return root;
}

function childOf(parent: Json | undefined, part: string): Json | undefined {
  if (Array.isArray(parent)) return (parent as readonly Json[])[Number(part)];
  return isObject(parent) ? parent[part] : undefined;
}

/** RFC 7396. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue;
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

/** Lists that are merged by a key of their items; all others are replaced. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: "name",
  initContainers: "name",
  env: "name",
  volumes: "name",
  ports: "containerPort",
  conditions: "type",
  ownerReferences: "uid",
};

/** Strategic merge: maps are merged, some lists too. Directives that no client here sends are refused. */
export function strategicPatch(target: Json | undefined, patch: Json, name = ""): Json {
  if (Array.isArray(patch))
    return mergeList(Array.isArray(target) ? (target as readonly Json[]) : [], patch, name);
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined || key.startsWith("$setElementOrder/")) continue;
    if (key.startsWith("$"))
      throw new StatusError(501, "NotImplemented", `the fake knows no directive ${key}`);
    if (value === null) delete result[key];
    else result[key] = strategicPatch(result[key], value, key);
  }
  return result;
}

function mergeList(target: readonly Json[], patch: readonly Json[], name: string): Json {
  const key = mergeKeys[name];
  if (key === undefined) return [...patch];
  const result = [...target];
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined)
      throw new StatusError(400, "BadRequest", `an item of ${name} has no ${key}`);
    if (item["$patch"] !== undefined)
      throw new StatusError(501, "NotImplemented", "the fake knows no $patch");
    const at = result.findIndex((other) => isObject(other) && other[key] === item[key]);
    if (at === -1) result.push(item);
    else result[at] = strategicPatch(result[at], item);
  }
  return result;
}
