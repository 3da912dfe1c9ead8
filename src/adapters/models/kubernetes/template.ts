/** Where a pod template carries the version of the model: an image, a variable, or an annotation. */
import { redact } from "../../../domain/text/redaction.ts";
import type { PatchOperation } from "./client.ts";
import { type PodTemplate, pointer } from "./object.ts";
import type { VersionPlace } from "./settings.ts";

export interface VersionIn {
  readonly place: VersionPlace;
  /** Name of the container; null when there is only one. */
  readonly container: string | null;
}

/** Template on, for the message, and what is wrong and to be done, or null. */
export interface TemplateProblem {
  readonly problem: string;
  readonly remedy: string;
}

const versions = {
  image: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$|^sha256:[0-9a-f]{64}$/,
  other: /^[^\p{Cc}\p{Cf}]{1,200}$/u,
};

/** Version that the template carries; null when it carries none. */
export function versionOf(template: PodTemplate, versionIn: VersionIn): string | null {
  const { place } = versionIn;
  if (typeof place === "object" && "annotation" in place)
    return template.metadata?.annotations?.[place.annotation] ?? null;
  const container = containerOf(template, versionIn);
  if (container === null) return null;
  if (place === "image") return versionOfImage(container.image ?? "");
  const found = container.env?.find(({ name }) => name === place.env);
  return found?.value ?? null;
}

/** "v2" of "registry:5000/scorer:v2"; the digest when it is pinned; null when the image names neither. */
export function versionOfImage(image: string): string | null {
  const [name = "", digest] = image.split("@");
  if (digest !== undefined) return digest;
  const tag = /:([^:/]+)$/.exec(name)?.[1];
  return tag ?? null;
}

/** The same image with another version. */
export function imageOf(image: string, version: string): string {
  const name = (image.split("@")[0] ?? "").replace(/:[^:/]+$/, "");
  return version.startsWith("sha256:") ? `${name}@${version}` : `${name}:${version}`;
}

/** What makes the template carry the version, or why it cannot. */
export function setVersion(
  template: PodTemplate,
  versionIn: VersionIn,
  version: string,
): { readonly operations: readonly PatchOperation[]; readonly what: string } | TemplateProblem {
  const { place } = versionIn;
  if (!(place === "image" ? versions.image : versions.other).test(version))
    return {
      problem: `"${version}" cannot be ${place === "image" ? "the tag or digest of an image" : "a version"}.`,
      remedy: "Name the version as it is in the registry of images.",
    };
  const root = "/spec/template";
  if (typeof place === "object" && "annotation" in place) {
    const { annotations } = template.metadata ?? {};
    const path = `${root}/metadata/annotations`;
    const operations: PatchOperation[] =
      template.metadata === undefined || template.metadata === null
        ? [{ op: "add", path: `${root}/metadata`, value: { annotations: { [place.annotation]: version } } }]
        : annotations === undefined
          ? [{ op: "add", path, value: { [place.annotation]: version } }]
          : [{ op: "add", path: `${path}/${pointer(place.annotation)}`, value: version }];
    return { operations, what: `set the annotation ${place.annotation} of its pods to ${version}` };
  }
  const container = containerOf(template, versionIn);
  if (container === null) return noContainer(template, versionIn);
  const path = `${root}/spec/containers/${template.spec.containers.indexOf(container)}`;
  if (place === "image") {
    const image = imageOf(container.image ?? "", version);
    return {
      operations: [{ op: "replace", path: `${path}/image`, value: image }],
      what: `set the image of ${container.name} to ${image}`,
    };
  }
  const what = `set ${place.env} of ${container.name} to ${version}`;
  const entry = { name: place.env, value: version };
  const { env } = container;
  if (env === undefined) return { operations: [{ op: "add", path: `${path}/env`, value: [entry] }], what };
  const at = env.findIndex(({ name }) => name === place.env);
  return at === -1
    ? { operations: [{ op: "add", path: `${path}/env/-`, value: entry }], what }
    : { operations: [{ op: "replace", path: `${path}/env/${at}`, value: entry }], what };
}

export function containerOf(template: PodTemplate, { container }: Pick<VersionIn, "container">) {
  const { containers } = template.spec;
  if (container === null) return containers.length === 1 ? (containers[0] ?? null) : null;
  return containers.find(({ name }) => name === container) ?? null;
}

export function noContainer(
  template: PodTemplate,
  { container }: Pick<VersionIn, "container">,
): TemplateProblem {
  const names = template.spec.containers.map(({ name }) => name).join(", ");
  return {
    problem:
      container === null
        ? `It has several containers: ${names}.`
        : `It has no container ${container}, but ${names}.`,
    remedy: "Set settings.container to the one that carries the version.",
  };
}

/**
 * Whether a template may be kept outside the cluster: not when a variable holds what looks like a secret in clear text.
 * The ReplicaSet then remains the only copy.
 */
export function mayBeKept(template: PodTemplate): boolean {
  const isNamedSecret = template.spec.containers.some(({ env = [] }) =>
    env.some(
      ({ name, value = "" }) => value !== "" && /pass|secret|token|api_?key|credential|private/i.test(name),
    ),
  );
  return !isNamedSecret && redact(JSON.stringify(template)).kinds.length === 0;
}

/** A ReplicaSet's template without the label that its controller adds. */
export function withoutHash(template: PodTemplate): PodTemplate {
  const { metadata } = template;
  if (metadata === undefined || metadata === null || metadata.labels === undefined) return template;
  const {
    "pod-template-hash": _deployment,
    "rollouts-pod-template-hash": _rollout,
    ...labels
  } = metadata.labels;
  return { ...template, metadata: { ...metadata, labels } };
}
