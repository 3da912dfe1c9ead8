/**
 * Which versions an endpoint served. SageMaker keeps no history of an endpoint, only when it was last touched; so the
 * bot says on each configuration that it makes for which endpoint and version it is, and since when it serves.
 */

import type { ServedVersion } from "../../../domain/serving/intervals.ts";
import { oneLine } from "../../../domain/view.ts";
import { HttpMishapError } from "../../../ports/http-client.ts";
import type { Operation } from "../../../ports/model.ts";
import type { Sagemaker } from "./client.ts";
import type { Look } from "./endpoint.ts";

/** Tags of a configuration that the bot made. */
const tags = {
  endpoint: "tocsin:endpoint",
  fence: "tocsin:fence",
  version: "tocsin:version",
  /** What it replaced; left out when that was no version. */
  replaced: "tocsin:replaced",
  by: "tocsin:by",
  /** When its update was done, ISO 8601; it is set when that was seen. */
  served: "tocsin:served",
} as const;

/** Begins the name of every configuration that the bot makes. */
export const namePrefix = "tocsin-";
/** Newest configurations that are looked through. */
const maxConfigs = 60;
/** Configurations asked for at once. */
const maxParallel = 4;
/** Configurations remembered; then all are asked for anew. */
const maxKnown = 1_000;

/** What the bot noted on a configuration of its own. */
export interface ConfigNote {
  readonly endpoint: string;
  readonly fence: number;
  readonly version: string;
  readonly replaced: string | null;
  readonly by: string | null;
  /** Null when it was not seen to serve. */
  readonly served: Date | null;
}

export interface KnownConfigs {
  /** Null for a configuration that somebody else made. */
  noteOf(arn: string | undefined): Promise<ConfigNote | null>;
  /** Configurations of an endpoint that served, newest first. */
  servedBy(endpoint: string): Promise<readonly ServedConfig[]>;
  /** Notes that it serves. @returns why that could not be noted, or null. */
  noteServed(arn: string | undefined, at: Date | undefined): Promise<string | null>;
}

interface ServedConfig extends ConfigNote {
  readonly arn: string;
  readonly served: Date;
}

/** Tags to make a configuration with. */
export function noteTags(operation: Operation, endpoint: string) {
  const { fence, to, from, requestedBy } = operation;
  const values: Readonly<Record<string, string | null>> = {
    [tags.endpoint]: endpoint,
    [tags.fence]: String(fence),
    [tags.version]: to,
    [tags.replaced]: from,
    [tags.by]: requestedBy,
  };
  return Object.entries(values).flatMap(([Key, value]) =>
    value === null ? [] : [{ Key, Value: tagValue(value) }],
  );
}

/** @see https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html */
function tagValue(text: string): string {
  return oneLine(text.replace(/[^\p{L}\p{N} _.:/=+@-]/gu, "_"), 250).replaceAll("…", "");
}

/** What was noted is asked for once: only that it serves is added later. */
export function createKnownConfigs(sagemaker: Sagemaker): KnownConfigs {
  const known = new Map<string, ConfigNote | null>();

  async function noteOf(arn: string | undefined): Promise<ConfigNote | null> {
    if (arn === undefined) return null;
    const before = known.get(arn);
    if (before !== undefined && (before === null || before.served !== null)) return before;
    const { Tags = [] } = await sagemaker.ask((client, options) =>
      client.listTags({ ResourceArn: arn, MaxResults: 100 }, options),
    );
    const note = readNote(new Map(Tags.map(({ Key, Value }) => [Key ?? "", Value ?? ""])));
    if (known.size >= maxKnown) known.clear();
    known.set(arn, note);
    return note;
  }

  async function servedBy(endpoint: string): Promise<readonly ServedConfig[]> {
    const { EndpointConfigs = [] } = await sagemaker.ask((client, options) =>
      client.listEndpointConfigs(
        {
          ...{ NameContains: namePrefix, SortBy: "CreationTime", SortOrder: "Descending" },
          MaxResults: maxConfigs,
        },
        options,
      ),
    );
    const waiting = EndpointConfigs.map(({ EndpointConfigArn = "" }) => EndpointConfigArn);
    const found: ServedConfig[] = [];
    const work = async () => {
      for (let arn = waiting.shift(); arn !== undefined; arn = waiting.shift()) {
        const note = await noteOf(arn);
        if (note?.endpoint === endpoint && note.served !== null)
          found.push({ ...note, arn, served: note.served });
      }
    };
    await Promise.all(Array.from({ length: maxParallel }, work));
    return found.sort((one, other) => other.served.getTime() - one.served.getTime());
  }

  async function noteServed(arn: string | undefined, at: Date | undefined): Promise<string | null> {
    if (arn === undefined || at === undefined) return null;
    const note = await noteOf(arn);
    if (note === null || note.served !== null) return null;
    try {
      const Tags = [{ Key: tags.served, Value: at.toISOString() }];
      await sagemaker.ask((client, options) => client.addTags({ ResourceArn: arn, Tags }, options));
      return null;
    } catch (error) {
      const isRefused = error instanceof HttpMishapError && ["refused", "absent"].includes(error.mishap);
      if (!isRefused) throw error;
      return error.message;
    }
  }

  return { noteOf, servedBy, noteServed };
}

function readNote(values: ReadonlyMap<string, string>): ConfigNote | null {
  const [endpoint, version] = [values.get(tags.endpoint), values.get(tags.version)];
  if (endpoint === undefined || version === undefined) return null;
  const served = new Date(values.get(tags.served) ?? "");
  return {
    ...{ endpoint, version },
    fence: Number(values.get(tags.fence) ?? 0),
    replaced: values.get(tags.replaced) ?? null,
    by: values.get(tags.by) ?? null,
    served: Number.isNaN(served.getTime()) ? null : served,
  };
}

/** What serves now and since when: by the bot's note, or, of what somebody else put there, by the endpoint. */
export function liveSince(
  { endpoint, config }: Pick<Look, "endpoint" | "config">,
  [newest]: readonly ServedConfig[],
): { readonly since: Date | null; readonly by: string | null } {
  // An old configuration of ours that serves again was put back by somebody else.
  if (newest !== undefined && newest.arn === config.EndpointConfigArn)
    return { since: newest.served, by: newest.by };
  // Weights, instances and autoscaling touch it, too: it is the latest that it can be.
  return { since: endpoint.LastModifiedTime ?? null, by: null };
}

/** Newest first. Versions that others put there and that were replaced before anyone looked are in no API of SageMaker. */
export function servedHistory(look: Look, served: readonly ServedConfig[]): readonly ServedVersion[] {
  const own = served.map(
    ({ version, served: from, by, replaced }): ServedVersion => ({ version, from, by, replaced }),
  );
  const { since } = liveSince(look, served);
  const isOurs = served[0] !== undefined && served[0].arn === look.config.EndpointConfigArn;
  if (isOurs || look.version === null || since === null) return own;
  return [{ version: look.version, from: since, by: null }, ...own];
}
