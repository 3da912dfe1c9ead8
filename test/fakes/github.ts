/**
 * The part of GitHub's REST API that runs workflows, as its documentation has it: undeclared inputs, unknown refs,
 * missing permissions and finished runs are refused with its words, and runs are listed late.
 */
import { createVerify, type KeyObject } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../../src/ports.ts";
import { type Answered, type Asked, startJsonServer } from "./json-server.ts";

export interface FakeWorkflow {
  /** Declared under on.workflow_dispatch.inputs; `required` ones must come. */
  readonly inputs: Readonly<Record<string, { readonly required?: boolean }>>;
  /** Its run-name, by inputs. */
  readonly runName: (inputs: Readonly<Record<string, string>>) => string;
  state: "active" | "disabled_manually";
  /** What a successful run leaves behind. */
  readonly effect?: (run: FakeRun) => void;
}

export interface FakeRun {
  readonly id: number;
  readonly workflow: string;
  readonly title: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly ref: string;
  createdAt: Date;
  status: string;
  conclusion: string | null;
  /** How it ends when nobody stops it. */
  ends: string;
  /** Looks until it is over. */
  looksLeft: number;
  annotations: { title: string; message: string; annotation_level: string }[];
}

export interface FakeGithubOptions {
  readonly clock: Clock;
  /** false: a server from before February 2026. */
  readonly tellsRun?: boolean;
  /** Lists in which a new run is missing yet. */
  readonly listLag?: number;
  readonly app?: { readonly id: string; readonly installation: string; readonly publicKey: KeyObject };
}

export type FakeGithub = Awaited<ReturnType<typeof startFakeGithub>>;

const repository = "acme/scorer";
const dispatchBody = z.record(z.string(), z.unknown());

export async function startFakeGithub(options: FakeGithubOptions) {
  const { clock } = options;
  const workflows = new Map<string, FakeWorkflow>();
  const refs = new Map([["main", "4f2a000000000000000000000000000000000000"]]);
  const runs: (FakeRun & { listsLeft: number })[] = [];
  const releases: { id: number; tag_name: string; body: string; created_at: string }[] = [];
  const deployments: {
    id: number;
    environment: string;
    ref: string;
    payload: unknown;
    created_at: string;
  }[] = [];
  const permissions = new Set(["actions: write", "checks: read", "deployments: read"]);
  const tokens = new Map([["ghp_test-token-1", Number.POSITIVE_INFINITY]]);
  let ids = 1_000;
  const id = () => {
    ids += 1;
    return ids;
  };

  function answer(asked: Asked): Answered {
    if (asked.headers["user-agent"] === undefined)
      return said(403, "Request forbidden by administrative rules.");
    if (asked.path.startsWith("/app/")) return installationToken(asked);
    const token = /^Bearer (\S+)$/.exec(asked.headers.authorization ?? "")?.[1] ?? "";
    if ((tokens.get(token) ?? 0) <= clock.now().getTime()) return said(401, `Bad credentials ${token}`);
    if (asked.headers["x-github-api-version"] !== "2022-11-28") return said(400, "X-GitHub-Api-Version");
    const prefix = `/repos/${repository}/`;
    if (!asked.path.startsWith(prefix)) return said(404, "Not Found");
    return inRepository(asked, decodeURIComponent(asked.path.slice(prefix.length)));
  }

  function inRepository(asked: Asked, path: string): Answered {
    const [first = "", second = "", third = "", fourth = ""] = path.split("/");
    const route = `${asked.method} ${first}`;
    if (route === "GET commits") {
      const ref = path.slice("commits/".length);
      const sha =
        refs.get(ref) ?? [...refs.values()].find((known) => known.startsWith(ref) && ref.length >= 7);
      return sha === undefined
        ? said(422, `No commit found for SHA: ${ref}`)
        : { status: 200, body: { sha } };
    }
    if (route === "GET releases" && second === "tags") {
      const release = releases.find(({ tag_name }) => tag_name === third);
      return release === undefined ? said(404, "Not Found") : { status: 200, body: release };
    }
    if (route === "GET releases") return { status: 200, body: releases.toReversed() };
    if (route === "GET deployments") return deploymentsOf(asked, second);
    if (route === "GET check-runs") {
      if (!permissions.has("checks: read"))
        return said(403, "Resource not accessible by personal access token");
      const run = runs.find((one) => String(one.id + 1) === second);
      return run === undefined ? said(404, "Not Found") : { status: 200, body: run.annotations };
    }
    if (first === "actions" && second === "workflows") return workflow(asked, third, fourth);
    if (first === "actions" && second === "runs") return runAction(asked, third, fourth);
    throw new Error(`GitHub has no ${asked.method} ${path}`);
  }

  function workflow(asked: Asked, file: string, action: string): Answered {
    const found = workflows.get(file);
    if (found === undefined) return said(404, "Not Found");
    if (asked.method === "GET" && action === "") return { status: 200, body: { state: found.state } };
    if (asked.method === "GET" && action === "runs") return listRuns(asked, file);
    if (asked.method === "POST" && action === "dispatches") return dispatch(asked, file, found);
    throw new Error(`GitHub has no ${asked.method} of ${action} of a workflow`);
  }

  function dispatch(asked: Asked, file: string, found: FakeWorkflow): Answered {
    if (!permissions.has("actions: write"))
      return said(403, "Resource not accessible by personal access token");
    if (asked.body.length > 65_535) return said(422, "inputs are too large.");
    const body = dispatchBody.parse(JSON.parse(asked.body));
    const known = ["ref", "inputs", ...(options.tellsRun === false ? [] : ["return_run_details"])];
    const odd = Object.keys(body).find((key) => !known.includes(key));
    if (odd !== undefined) return said(422, `Invalid request.\n\n"${odd}" is not a permitted key.`);
    const { ref, inputs } = z
      .object({ ref: z.string(), inputs: z.record(z.string(), z.string()) })
      .parse(body);
    if (!refs.has(ref)) return said(422, `No ref found for: ${ref}`);
    if (found.state !== "active")
      return said(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow");
    if (Object.keys(inputs).length > 25) return said(422, "you may only define up to 25 `inputs`");
    const unexpected = Object.keys(inputs).filter((name) => found.inputs[name] === undefined);
    if (unexpected.length > 0) return said(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
    const missing = Object.entries(found.inputs).find(([name, { required }]) => required && !inputs[name]);
    if (missing !== undefined) return said(422, `Required input '${missing[0]}' not provided`);
    const run = {
      ...{ id: id() * 10, workflow: file, title: found.runName(inputs), inputs, ref, createdAt: clock.now() },
      ...{ status: "queued", conclusion: null, ends: "success", looksLeft: 2, annotations: [] },
      listsLeft: options.listLag ?? 0,
    };
    runs.push(run);
    if (body["return_run_details"] !== true) return { status: 204 };
    const url = `${repository}/actions/runs/${run.id}`;
    return {
      status: 200,
      body: {
        workflow_run_id: run.id,
        run_url: `https://api.github.com/repos/${url}`,
        html_url: `https://github.com/${url}`,
      },
    };
  }

  function listRuns(asked: Asked, file: string): Answered {
    const created = /^>=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(asked.query.get("created") ?? "");
    if (created === null) throw new Error("GitHub does not understand this created");
    const listed = runs.filter((run) => {
      run.listsLeft -= 1;
      return run.listsLeft < 0 && run.workflow === file && run.createdAt >= new Date(created[1] ?? "");
    });
    const perPage = Number(asked.query.get("per_page") ?? 30);
    const start = (Number(asked.query.get("page") ?? 1) - 1) * perPage;
    const shown = listed.toReversed().slice(start, start + perPage);
    return { status: 200, body: { total_count: listed.length, workflow_runs: shown.map(runBody) } };
  }

  function runAction(asked: Asked, runId: string, action: string): Answered {
    const run = runs.find((one) => String(one.id) === runId);
    if (run === undefined) return said(404, "Not Found");
    if (asked.method === "GET" && action === "") {
      move(run);
      return { status: 200, body: runBody(run) };
    }
    if (asked.method === "GET" && action === "jobs") return { status: 200, body: { jobs: [jobBody(run)] } };
    if (asked.method === "POST" && action === "cancel") {
      if (!permissions.has("actions: write"))
        return said(403, "Resource not accessible by personal access token");
      if (run.status === "completed") return said(409, "Cannot cancel a workflow run that is completed.");
      run.ends = "cancelled";
      return { status: 202, body: {} };
    }
    throw new Error(`GitHub has no ${asked.method} of ${action} of a run`);
  }

  function move(run: FakeRun): void {
    if (run.status === "completed" || run.status === "waiting") return;
    run.looksLeft -= 1;
    run.status = run.looksLeft > 0 ? "in_progress" : "completed";
    if (run.status !== "completed") return;
    run.conclusion = run.ends;
    if (run.ends === "success") workflows.get(run.workflow)?.effect?.(run);
  }

  function deploymentsOf(asked: Asked, deploymentId: string): Answered {
    if (!permissions.has("deployments: read")) return said(403, "Resource not accessible by integration");
    if (deploymentId === "") {
      const own = deployments.filter(({ environment }) => environment === asked.query.get("environment"));
      const limit = Number(asked.query.get("per_page") ?? 30);
      const body = own.toReversed().slice(0, limit);
      return { status: 200, body: body.map((one) => ({ ...one, sha: "", creator: { login: "octo" } })) };
    }
    const found = deployments.find((one) => String(one.id) === deploymentId);
    if (found === undefined) return said(404, "Not Found");
    const isNewest = deployments.findLast(({ environment }) => environment === found.environment) === found;
    const success = { state: "success", created_at: found.created_at };
    return { status: 200, body: isNewest ? [success] : [{ ...success, state: "inactive" }, success] };
  }

  function installationToken(asked: Asked): Answered {
    const { app } = options;
    if (app === undefined) throw new Error("this GitHub has no App");
    const jwt = /^Bearer ([^.]+)\.([^.]+)\.(\S+)$/.exec(asked.headers.authorization ?? "");
    const [, head = "", claims = "", signature = ""] = jwt ?? [];
    const isSigned = createVerify("RSA-SHA256")
      .update(`${head}.${claims}`)
      .verify(app.publicKey, signature, "base64url");
    const { iat, exp, iss } = z
      .object({ iat: z.number(), exp: z.number(), iss: z.string() })
      .parse(JSON.parse(Buffer.from(claims, "base64url").toString()));
    const now = clock.now().getTime() / 1_000;
    if (!isSigned || iss !== app.id || iat > now || exp <= now || exp > now + 600)
      return said(401, "A JSON web token could not be decoded");
    if (asked.path !== `/app/installations/${app.installation}/access_tokens`) return said(404, "Not Found");
    const token = `ghs_installation-${id()}`;
    const until = clock.now().getTime() + 3_600_000;
    tokens.set(token, until);
    return { status: 201, body: { token, expires_at: new Date(until).toISOString() } };
  }

  const server = await startJsonServer(answer);
  return {
    ...{ url: server.url, asked: server.asked, close: () => server.close(), repository },
    ...{ workflows, refs, runs, permissions, tokens },
    release: (tag: string, body = "") =>
      releases.push({ id: id(), tag_name: tag, body, created_at: clock.now().toISOString() }),
    unrelease: (tag: string) =>
      releases.splice(0, releases.length, ...releases.filter((one) => one.tag_name !== tag)),
    deployed: (environment: string, payload: unknown, ref = "main") =>
      deployments.push({ id: id(), environment, ref, payload, created_at: clock.now().toISOString() }),
  };
}

function runBody(run: FakeRun) {
  const url = `https://github.com/${repository}/actions/runs/${run.id}`;
  return {
    ...{ id: run.id, name: run.workflow, display_title: run.title, status: run.status, head_sha: "4f2a" },
    ...{ conclusion: run.conclusion, html_url: url, created_at: run.createdAt.toISOString(), run_attempt: 1 },
  };
}

function jobBody(run: FakeRun) {
  const step = (name: string, status: string, conclusion: string | null) => ({ name, status, conclusion });
  return {
    ...{ id: run.id + 1, name: "rollout", status: run.status, conclusion: run.conclusion },
    steps: [step("check out", "completed", "success"), step("apply", run.status, run.conclusion)],
  };
}

function said(status: number, message: string): Answered {
  return { status, body: { message, documentation_url: "https://docs.github.com/rest" } };
}
