/** Releases of a repository as versions of a model. */
import { oneLine } from "../../../domain/view.ts";
import type { MadeVersion, ModelVersion } from "../../../ports/model.ts";
import type { Release } from "./api.ts";

interface ReleaseSettings {
  readonly prefix: string;
}

/** "ranker-v" and "13": "ranker-v13". */
export function tagOf({ prefix }: ReleaseSettings, version: string): string {
  return `${prefix}${version}`;
}

/** Published ones with the prefix, newest first. */
export function releaseVersions(
  settings: ReleaseSettings,
  releases: readonly Release[],
): readonly ModelVersion[] {
  return ownReleases(settings, releases).map(({ release, version }) => ({
    version,
    createdAt: new Date(release.created_at),
    createdBy: release.author?.login ?? null,
    metrics: {},
    description: oneLine(release.name === "" ? release.body : release.name, 500),
    digest: null,
  }));
}

/** The release whose text names the operation. */
export function madeRelease(
  settings: ReleaseSettings,
  releases: readonly Release[],
  operationId: string,
): MadeVersion | null {
  const found = ownReleases(settings, releases).find(
    ({ release }) => release.body.includes(operationId) || release.name.includes(operationId),
  );
  return found === undefined ? null : { version: found.version, state: "ready", metrics: {}, comparison: [] };
}

function ownReleases({ prefix }: ReleaseSettings, releases: readonly Release[]) {
  return releases
    .filter(({ tag_name, draft }) => !draft && tag_name.startsWith(prefix) && tag_name.length > prefix.length)
    .map((release) => ({ release, version: release.tag_name.slice(prefix.length) }));
}
