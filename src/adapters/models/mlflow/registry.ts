/**
 * The calls of MLflow's REST API that the backend needs, with their answers parsed and bounded.
 * @see https://mlflow.org/docs/latest/api_reference/rest-api.html
 */
import { z } from "zod";
import { HttpMishapError, type Mishap } from "../../../ports/http-client.ts";
import type { MlflowHttp } from "./http.ts";

/** Times are milliseconds since 1970; protobuf's JSON may write them as text. */
const moment = z.coerce.number();
const tags = z
  .array(z.object({ key: z.string(), value: z.string().default("") }))
  .default([])
  .transform((list): ReadonlyMap<string, string> => new Map(list.map(({ key, value }) => [key, value])));
const done = z.looseObject({});

const registeredModel = z.object({
  tags,
  aliases: z
    .array(z.object({ alias: z.string(), version: z.coerce.string() }))
    .default([])
    .transform(
      (list): ReadonlyMap<string, string> => new Map(list.map(({ alias, version }) => [alias, version])),
    ),
});
const version = z.object({
  version: z.coerce.string(),
  creation_timestamp: moment.optional(),
  user_id: z.string().default(""),
  description: z.string().default(""),
  source: z.string().default(""),
  run_id: z.string().default(""),
  /** READY when left out: servers before 2.9 and some hosted ones do not say. */
  status: z.string().default("READY"),
  status_message: z.string().default(""),
  tags,
});
const run = z.object({
  info: z.object({ run_id: z.string(), status: z.string().default(""), end_time: moment.optional() }),
  data: z
    .object({
      // "NaN" and "Infinity" come as text and are no values that could be compared.
      metrics: z.array(z.object({ key: z.string(), value: z.union([z.number(), z.string()]) })).default([]),
      params: z.array(z.object({ key: z.string(), value: z.string().default("") })).default([]),
      tags,
    })
    .prefault({}),
  inputs: z
    .object({
      dataset_inputs: z
        .array(
          z.object({ dataset: z.object({ name: z.string().default(""), digest: z.string().default("") }) }),
        )
        .default([]),
    })
    .prefault({}),
});

export type RegisteredModel = z.output<typeof registeredModel>;
export type RegisteredVersion = z.output<typeof version>;
export type Run = z.output<typeof run>;

/** Versions listed of a model, the newest. */
const maxVersions = 100;
/** Newest runs of an experiment that are looked through for one that speaks of what serves. */
const maxNewest = 20;
/** Runs asked for at once. */
const maxParallel = 4;

export interface Registry {
  /** @throws HttpMishapError absent when there is no such model. */
  model(name: string): Promise<RegisteredModel>;
  /** Null when there is no such version. */
  version(name: string, version: string): Promise<RegisteredVersion | null>;
  /** The newest 100, newest first. */
  versions(name: string): Promise<readonly RegisteredVersion[]>;
  /** Versions whose tag `key` is `value`, newest first. */
  versionsTagged(name: string, key: string, value: string): Promise<readonly RegisteredVersion[]>;
  /** By run id; runs that were deleted, or that the account may not read, are left out. */
  runs(ids: readonly string[]): Promise<ReadonlyMap<string, Run>>;
  /** The newest finished runs of an experiment, newest first. @throws HttpMishapError absent when there is no such experiment. */
  newestRuns(experiment: string): Promise<readonly Run[]>;
  setAlias(name: string, alias: string, version: string): Promise<void>;
  /** Tags the registered model. */
  setTag(name: string, key: string, value: string): Promise<void>;
}

export function createRegistry(http: MlflowHttp): Registry {
  async function search(filter: string, max: number): Promise<readonly RegisteredVersion[]> {
    const answer = await http.ask({
      method: "GET",
      path: "model-versions/search",
      parameters: { filter, order_by: ["version_number DESC"], max_results: max },
      schema: z.object({ model_versions: z.array(version).default([]) }),
    });
    return answer.model_versions.slice(0, max).sort((a, b) => Number(b.version) - Number(a.version));
  }

  async function runs(ids: readonly string[]): Promise<ReadonlyMap<string, Run>> {
    const found = new Map<string, Run>();
    const waiting = [...new Set(ids)];
    const work = async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        // Who may read the registry need not be allowed to read its runs: versions stand without their metrics.
        const one = await orNull(
          ["absent", "refused"],
          http.ask({
            method: "GET",
            path: "runs/get",
            parameters: { run_id: id },
            schema: z.object({ run }),
          }),
        );
        if (one !== null) found.set(id, one.run);
      }
    };
    await Promise.all(Array.from({ length: maxParallel }, work));
    return found;
  }

  return {
    model: async (name) => {
      const answer = await http.ask({
        method: "GET",
        path: "registered-models/get",
        parameters: { name },
        schema: z.object({ registered_model: registeredModel }),
      });
      return answer.registered_model;
    },
    version: async (name, wanted) => {
      const answer = await orNull(
        ["absent"],
        http.ask({
          method: "GET",
          path: "model-versions/get",
          parameters: { name, version: wanted },
          schema: z.object({ model_version: version }),
        }),
      );
      return answer?.model_version ?? null;
    },
    versions: (name) => search(`name=${quoted(name)}`, maxVersions),
    versionsTagged: (name, key, value) =>
      search(`name=${quoted(name)} and tags.\`${key}\`=${quoted(value)}`, maxVersions),
    runs,
    newestRuns: async (experiment) => {
      const found = await http.ask({
        method: "GET",
        path: "experiments/get-by-name",
        parameters: { experiment_name: experiment },
        schema: z.object({ experiment: z.object({ experiment_id: z.string() }) }),
      });
      const answer = await http.ask({
        method: "POST",
        path: "runs/search",
        parameters: {
          experiment_ids: [found.experiment.experiment_id],
          filter: "attributes.status = 'FINISHED'",
          order_by: ["attributes.start_time DESC"],
          max_results: maxNewest,
        },
        schema: z.object({ runs: z.array(run).default([]) }),
      });
      return answer.runs;
    },
    setAlias: async (name, alias, to) => {
      const parameters = { name, alias, version: to };
      await http.ask({ method: "POST", path: "registered-models/alias", parameters, schema: done });
    },
    setTag: async (name, key, value) => {
      const parameters = { name, key, value };
      await http.ask({ method: "POST", path: "registered-models/set-tag", parameters, schema: done });
    },
  };
}

/** Names and ids with quotes do not come here: settings and operation ids refuse them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "")}'`;
}

async function orNull<Data>(mishaps: readonly Mishap[], asked: Promise<Data>): Promise<Data | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof HttpMishapError && mishaps.includes(error.mishap)) return null;
    throw error;
  }
}
