/** What kubectl asks before anything else: which groups and kinds there are. */
import { type Resource, resources, rootOf } from "./objects.ts";

const verbs = ["create", "delete", "get", "list", "patch", "update", "watch"];

/** Null when the path is no question of discovery. */
export function discoveryOf(path: string): unknown {
  if (path === "/version") return { major: "1", minor: "32", gitVersion: "v1.32.0" };
  if (path === "/api") return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
  if (path === "/apis") return { kind: "APIGroupList", apiVersion: "v1", groups: groups() };
  const own = resources.filter((resource) => rootOf(resource) === path);
  if (own.length === 0) return null;
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: path.replace(/^\/apis?\//, ""),
    resources: own.flatMap(entriesOf),
  };
}

function groups(): unknown {
  const versions = new Map(
    resources.filter(({ group }) => group !== "").map(({ group, version }) => [group, version]),
  );
  return [...versions].map(([name, version]) => {
    const preferred = { groupVersion: `${name}/${version}`, version };
    return { name, versions: [preferred], preferredVersion: preferred };
  });
}

function entriesOf({ plural, kind, shortNames, hasStatus }: Resource): readonly unknown[] {
  const entry = { name: plural, singularName: kind.toLowerCase(), namespaced: true, kind, verbs, shortNames };
  const status = {
    name: `${plural}/status`,
    singularName: "",
    namespaced: true,
    kind,
    verbs: ["get", "patch", "update"],
  };
  return hasStatus ? [entry, status] : [entry];
}
