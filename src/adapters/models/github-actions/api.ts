/** What is asked of GitHub's REST API, and what of its answers is used. */
import { z } from "zod";
import { type HttpClient, HttpMishapError, type HttpQuestion } from "../../../ports/http-client.ts";
import type { Clock } from "../../../ports/observability.ts";
import type { GithubSettings } from "./settings.ts";
import { createAuthorizer } from "./token.ts";

/** @see https://docs.github.com/en/rest/about-the-rest-api/api-versions */
const apiVersion = "2022-11-28";
/** Runs that are looked through for an operation. */
const pagesOfRuns = 3;
const perPage = 100;

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");
const run = z.object({
  id: z.number().int(),
  name: text,
  display_title: text,
  status: text,
  conclusion: z.string().nullable().default(null),
  html_url: text,
  head_sha: text,
  created_at: text,
  run_attempt: z.number().int().default(1),
});
export type WorkflowRun = z.infer<typeof run>;

const step = z.object({ name: text, status: text, conclusion: z.string().nullable().default(null) });
const job = z.object({
  id: z.number().int(),
  name: text,
  status: text,
  conclusion: z.string().nullable().default(null),
  steps: z.array(step).default([]),
});
export type WorkflowJob = z.infer<typeof job>;

const release = z.object({
  id: z.number().int(),
  tag_name: z.string(),
  name: text,
  body: text,
  draft: z.boolean().default(false),
  created_at: z.iso.datetime({ offset: true }),
  author: z.object({ login: z.string() }).nullish(),
  target_commitish: text,
});
export type Release = z.infer<typeof release>;

const deployment = z.object({
  id: z.number().int(),
  ref: text,
  sha: text,
  payload: z.unknown(),
  created_at: z.iso.datetime({ offset: true }),
  creator: z.object({ login: z.string() }).nullish(),
});
export type Deployment = z.infer<typeof deployment>;
const deploymentStatus = z.object({ state: z.string(), created_at: z.iso.datetime({ offset: true }) });
export type DeploymentStatus = z.infer<typeof deploymentStatus>;

export interface GithubApi {
  /** Null when there is no such workflow. */
  workflow(file: string): Promise<{ readonly state: string } | null>;
  /** The commit that a branch, tag or commit names; null when there is none. */
  commit(ref: string): Promise<string | null>;
  /** @returns the run's id where the server says it. @throws HttpMishapError */
  dispatch(file: string, ref: string, inputs: Readonly<Record<string, string>>): Promise<number | null>;
  /** Null when it is not there. */
  run(id: string): Promise<WorkflowRun | null>;
  /** Oldest first; dispatched ones since then. */
  runsSince(file: string, since: Date): Promise<readonly WorkflowRun[]>;
  jobs(runId: string): Promise<readonly WorkflowJob[]>;
  annotations(jobId: number): Promise<readonly { readonly title: string; readonly message: string }[]>;
  cancel(runId: string): Promise<void>;
  release(tag: string): Promise<Release | null>;
  /** Newest first. */
  releases(): Promise<readonly Release[]>;
  /** Newest first. */
  deployments(environment: string, limit: number): Promise<readonly Deployment[]>;
  /** Newest first. */
  deploymentStatuses(id: number): Promise<readonly DeploymentStatus[]>;
}

export function createGithubApi(
  settings: Pick<GithubSettings, "repository" | "apiUrl" | "timeoutMs" | "credentials">,
  context: { readonly http: HttpClient; readonly clock: Clock },
): GithubApi {
  const { repository, apiUrl, timeoutMs } = settings;
  const authorizer = createAuthorizer(settings, context);
  /** Older servers refuse the question for the run's id; they are not asked it again. */
  let tellsRun = true;

  async function ask<Data>(
    method: HttpQuestion<Data>["method"],
    path: string,
    schema: z.ZodType<Data>,
    options: {
      readonly query?: Readonly<Record<string, string>>;
      readonly body?: unknown;
      readonly needs?: string;
    } = {},
  ) {
    const url = new URL(`repos/${repository}/${path}`, apiUrl);
    url.search = new URLSearchParams(options.query ?? {}).toString();
    const { needs } = options;
    try {
      return await context.http.ask({
        ...{ who: "github", method, url, schema, timeoutMs },
        headers: {
          accept: "application/vnd.github+json",
          "x-github-api-version": apiVersion,
          "user-agent": "tocsin",
          authorization: await authorizer.authorization(),
        },
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        remedies: {
          401: "set settings.token or settings.app",
          ...(needs === undefined ? {} : { 403: `grant it ${needs} on ${repository}` }),
        },
      });
    } catch (error) {
      if (error instanceof HttpMishapError && error.status === 401) authorizer.forget();
      throw error;
    }
  }

  /** Null where GitHub has no such thing. It says 404 too for what the account may not see. */
  async function orNull<Data>(asked: Promise<{ readonly data: Data }>): Promise<Data | null> {
    try {
      return (await asked).data;
    } catch (error) {
      if (error instanceof HttpMishapError && error.mishap === "absent") return null;
      throw error;
    }
  }

  const nothing = z.unknown();
  const started = z.object({ workflow_run_id: z.number().int().optional() }).nullish().catch(null);
  const workflowPath = (file: string) => `actions/workflows/${encodeURIComponent(file)}`;

  async function dispatch(file: string, ref: string, inputs: Readonly<Record<string, string>>) {
    const send = async (more: object) => {
      const body = { ref, inputs, ...more };
      const reply = await ask("POST", `${workflowPath(file)}/dispatches`, started, {
        ...{ body, needs: "actions: write" },
      });
      return reply.data?.workflow_run_id ?? null;
    };
    if (!tellsRun) return await send({});
    try {
      return await send({ return_run_details: true });
    } catch (error) {
      // Refused for this one word, so nothing was dispatched; any other refusal stands.
      const isOlder =
        error instanceof HttpMishapError &&
        (error.status === 400 || error.status === 422) &&
        error.said.includes("return_run_details");
      if (!isOlder) throw error;
      tellsRun = false;
      return await send({});
    }
  }

  async function runsSince(file: string, since: Date): Promise<readonly WorkflowRun[]> {
    const found: WorkflowRun[] = [];
    for (let page = 1; page <= pagesOfRuns; page += 1) {
      const { data } = await ask(
        "GET",
        `${workflowPath(file)}/runs`,
        z.object({ workflow_runs: z.array(run) }),
        {
          query: {
            event: "workflow_dispatch",
            created: `>=${since.toISOString().slice(0, 19)}Z`,
            per_page: String(perPage),
            page: String(page),
          },
        },
      );
      found.push(...data.workflow_runs);
      if (data.workflow_runs.length < perPage) break;
    }
    return found.reverse();
  }

  return {
    workflow: (file) => orNull(ask("GET", workflowPath(file), z.object({ state: z.string() }))),
    commit: async (ref) =>
      (await orNull(ask("GET", `commits/${encodeURIComponent(ref)}`, z.object({ sha: z.string() }))))?.sha ??
      null,
    dispatch,
    run: (id) => orNull(ask("GET", `actions/runs/${id}`, run)),
    runsSince,
    jobs: async (id) => {
      const schema = z.object({ jobs: z.array(job) });
      return (await ask("GET", `actions/runs/${id}/jobs`, schema, { query: { per_page: "50" } })).data.jobs;
    },
    annotations: async (id) => {
      const schema = z.array(z.object({ title: text, message: text }));
      return (await ask("GET", `check-runs/${id}/annotations`, schema, { needs: "checks: read" })).data;
    },
    cancel: async (id) => {
      await ask("POST", `actions/runs/${id}/cancel`, nothing, { needs: "actions: write" });
    },
    release: (tag) => orNull(ask("GET", `releases/tags/${encodeURIComponent(tag)}`, release)),
    releases: async () =>
      (await ask("GET", "releases", z.array(release), { query: { per_page: "100" } })).data,
    deployments: async (environment, limit) => {
      const query = { environment, per_page: String(limit) };
      return (await ask("GET", "deployments", z.array(deployment), { query, needs: "deployments: read" }))
        .data;
    },
    deploymentStatuses: async (id) => {
      const query = { per_page: "20" };
      return (await ask("GET", `deployments/${id}/statuses`, z.array(deploymentStatus), { query })).data;
    },
  };
}
