/** What is asked of Airflow's REST API v2, and what of its answers is used. */
import { z } from "zod";
import {
  type HttpClient,
  HttpMishapError,
  type HttpQuestion,
  type HttpReply,
} from "../../../ports/http-client.ts";
import type { AirflowSettings } from "./settings.ts";

const moment = z.iso.datetime({ offset: true }).nullish();
const dagRun = z.object({
  dag_run_id: z.string(),
  dag_id: z.string(),
  state: z.string(),
  conf: z.record(z.string(), z.unknown()).nullish(),
  start_date: moment,
  end_date: moment,
});
export type DagRun = z.infer<typeof dagRun>;

const taskInstance = z.object({
  task_id: z.string(),
  map_index: z.number().int().default(-1),
  try_number: z.number().int().default(0),
  state: z.string().nullable().default(null),
  start_date: moment,
});
export type TaskInstance = z.infer<typeof taskInstance>;

const dag = z.object({
  is_paused: z.boolean(),
  has_import_errors: z.boolean().default(false),
});

const logLine = z.union([
  z.string(),
  z.looseObject({ event: z.string(), timestamp: z.string().nullish() }).transform(({ event }) => event),
]);
const taskLog = z.object({ content: z.union([z.array(logLine), z.string().transform((text) => [text])]) });

/** Tasks of a run that are read; a run of more shows these. */
const maxTasks = 100;

export interface AirflowApi {
  /** Null when there is no such dag. */
  dag(id: string): Promise<z.infer<typeof dag> | null>;
  /** @throws HttpMishapError; status 409 when there is a run of this id. */
  trigger(
    dagId: string,
    run: { readonly id: string; readonly conf: unknown; readonly note: string },
  ): Promise<void>;
  /** Null when it is not there. */
  run(dagId: string, runId: string): Promise<DagRun | null>;
  /** The newest successful ones, the last started first. */
  successes(dagId: string, limit: number): Promise<readonly DagRun[]>;
  tasks(dagId: string, runId: string): Promise<readonly TaskInstance[]>;
  /** Lines of the last try; empty when there is no log. */
  log(dagId: string, runId: string, task: TaskInstance): Promise<readonly string[]>;
  /** Null when the task said nothing under that key. */
  xcom(dagId: string, runId: string, task: string, key: string): Promise<unknown>;
  fail(dagId: string, runId: string): Promise<void>;
}

export function createAirflowApi(
  { url, credentials, timeoutMs }: Pick<AirflowSettings, "url" | "credentials" | "timeoutMs">,
  http: HttpClient,
): AirflowApi {
  let token: string | null = null;

  /** A token is good for a day by default; when it is refused, another is asked for. */
  async function authorization(): Promise<Readonly<Record<string, string>>> {
    if (credentials.kind === "none") return {};
    if (credentials.kind === "header") return { authorization: credentials.authorization };
    token ??= await logIn(credentials.user, credentials.password);
    return { authorization: `Bearer ${token}` };
  }

  async function logIn(username: string, password: string): Promise<string> {
    const { data } = await http.ask({
      ...{ who: "airflow", method: "POST", url: new URL("auth/token", url), timeoutMs },
      // Only so that the client blanks what the server repeats of it.
      headers: { "x-tocsin-blank": encodeURIComponent(password) },
      body: JSON.stringify({ username, password }),
      schema: z.object({ access_token: z.string().min(1) }),
      remedies: {
        401: "set settings.login",
        404: "set settings.basic or settings.token: this server gives no tokens",
      },
    });
    return data.access_token;
  }

  async function ask<Data>(
    method: HttpQuestion<Data>["method"],
    path: string,
    schema: z.ZodType<Data>,
    more: { readonly query?: Readonly<Record<string, string>>; readonly body?: unknown } = {},
  ): Promise<HttpReply<Data>> {
    const target = new URL(`api/v2/${path}`, url);
    target.search = new URLSearchParams(more.query ?? {}).toString();
    const send = async () =>
      await http.ask({
        ...{ who: "airflow", method, url: target, schema, timeoutMs, headers: await authorization() },
        ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
        remedies: { 401: "set settings.login, token or basic", 403: "let the account edit the dag's runs" },
      });
    try {
      return await send();
    } catch (error) {
      const isOld = error instanceof HttpMishapError && error.status === 401 && credentials.kind === "login";
      if (!isOld) throw error;
      // Refused before it was looked at, so it is safe to send again, once.
      token = null;
      return await send();
    }
  }

  async function orNull<Data>(asked: Promise<HttpReply<Data>>): Promise<Data | null> {
    try {
      return (await asked).data;
    } catch (error) {
      if (error instanceof HttpMishapError && error.mishap === "absent") return null;
      throw error;
    }
  }

  const runPath = (dagId: string, runId: string) =>
    `dags/${encodeURIComponent(dagId)}/dagRuns/${encodeURIComponent(runId)}`;
  const taskPath = (dagId: string, runId: string, task: string) =>
    `${runPath(dagId, runId)}/taskInstances/${encodeURIComponent(task)}`;

  return {
    dag: (id) => orNull(ask("GET", `dags/${encodeURIComponent(id)}/details`, dag)),
    trigger: async (dagId, { id, conf, note }) => {
      // logical_date must be named, and null lets many runs start at one moment.
      const body = { dag_run_id: id, logical_date: null, conf, note };
      await ask("POST", `dags/${encodeURIComponent(dagId)}/dagRuns`, dagRun, { body });
    },
    run: (dagId, runId) => orNull(ask("GET", runPath(dagId, runId), dagRun)),
    successes: async (dagId, limit) => {
      const query = { state: "success", order_by: "-start_date", limit: String(limit) };
      const schema = z.object({ dag_runs: z.array(dagRun) });
      return (await ask("GET", `dags/${encodeURIComponent(dagId)}/dagRuns`, schema, { query })).data.dag_runs;
    },
    tasks: async (dagId, runId) => {
      const schema = z.object({ task_instances: z.array(taskInstance) });
      const query = { limit: String(maxTasks) };
      return (await ask("GET", `${runPath(dagId, runId)}/taskInstances`, schema, { query })).data
        .task_instances;
    },
    log: async (dagId, runId, { task_id, try_number, map_index }) => {
      const path = `${taskPath(dagId, runId, task_id)}/logs/${try_number}`;
      const query = { map_index: String(map_index), full_content: "false" };
      return (await orNull(ask("GET", path, taskLog, { query })))?.content ?? [];
    },
    xcom: async (dagId, runId, task, key) => {
      const path = `${taskPath(dagId, runId, task)}/xcomEntries/${encodeURIComponent(key)}`;
      return (await orNull(ask("GET", path, z.object({ value: z.unknown() }))))?.value ?? null;
    },
    fail: async (dagId, runId) => {
      const query = { update_mask: "state" };
      await ask("PATCH", runPath(dagId, runId), dagRun, { query, body: { state: "failed" } });
    },
  };
}
