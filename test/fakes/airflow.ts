/**
 * The part of Airflow 3's REST API v2 that runs dags: bodies with unknown or missing fields are refused as its
 * validation refuses them, a run id is taken once, and tokens end.
 */
import { z } from "zod";
import type { Clock } from "../../src/ports.ts";
import { type Answered, type Asked, startJsonServer } from "./json-server.ts";

export interface FakeDagRun {
  readonly dag: string;
  readonly id: string;
  readonly conf: Readonly<Record<string, unknown>>;
  state: string;
  ends: string;
  looksLeft: number;
  readonly startedAt: string;
  endedAt: string | null;
  readonly xcoms: Map<string, unknown>;
}

export type FakeAirflow = Awaited<ReturnType<typeof startFakeAirflow>>;

const triggerBody = z.strictObject({
  dag_run_id: z
    .string()
    .regex(/^[A-Za-z0-9_.~:+-]+$/)
    .max(250),
  // No default: a body without it is refused.
  logical_date: z.iso.datetime({ offset: true }).nullable(),
  conf: z.record(z.string(), z.unknown()).nullish(),
  note: z.string().max(1_000).nullish(),
  run_after: z.iso.datetime({ offset: true }).nullish(),
});
const patchBody = z.strictObject({
  state: z.enum(["queued", "success", "failed"]).optional(),
  note: z.string().optional(),
});

export async function startFakeAirflow({ clock }: { readonly clock: Clock }) {
  const dags = new Map<string, { is_paused: boolean; has_import_errors: boolean; timetable_summary: null }>();
  const runs: FakeDagRun[] = [];
  const tokens = new Set(["static-airflow-token"]);
  const users = new Map([["tocsin", "airflow-passw0rd"]]);
  let made = 0;

  function answer(asked: Asked): Answered {
    if (asked.path === "/auth/token" && asked.method === "POST") return logIn(asked);
    if (!asked.path.startsWith("/api/v2/")) return detail(404, "Not Found");
    if (!isAllowed(asked.headers.authorization ?? "")) return detail(401, "Invalid JWT token");
    const [dags_, dag = "", part = "", run = "", kind = "", task = "", leaf = "", last = ""] = asked.path
      .slice("/api/v2/".length)
      .split("/")
      .map(decodeURIComponent);
    if (dags_ !== "dags") throw new Error(`Airflow has no ${asked.path}`);
    const known = dags.get(dag);
    if (known === undefined) return detail(404, `The Dag with ID: \`${dag}\` was not found`);
    if (part === "details" && asked.method === "GET") return { status: 200, body: { dag_id: dag, ...known } };
    if (part !== "dagRuns") throw new Error(`Airflow has no ${asked.method} ${asked.path}`);
    if (run === "") return asked.method === "POST" ? trigger(asked, dag) : list(asked, dag);
    const found = runs.find((one) => one.dag === dag && one.id === run);
    if (found === undefined)
      return detail(404, `The DagRun with dag_id: \`${dag}\` and run_id: \`${run}\` was not found`);
    return ofRun(asked, found, [kind, task, leaf, last]);
  }

  function isAllowed(header: string): boolean {
    const token = /^Bearer (\S+)$/.exec(header)?.[1];
    if (token !== undefined) return tokens.has(token);
    const basic = /^Basic (\S+)$/.exec(header)?.[1];
    const [user = "", password = ""] = Buffer.from(basic ?? "", "base64")
      .toString()
      .split(":");
    return users.get(user) === password && password !== "";
  }

  function logIn({ body }: Asked): Answered {
    const given = z.strictObject({ username: z.string(), password: z.string() }).safeParse(JSON.parse(body));
    if (!given.success) return invalid(given.error);
    if (users.get(given.data.username) !== given.data.password) return detail(401, "Invalid credentials");
    made += 1;
    const token = `jwt-of-airflow-${made}`;
    tokens.add(token);
    return { status: 201, body: { access_token: token } };
  }

  function trigger({ body }: Asked, dag: string): Answered {
    const given = triggerBody.safeParse(JSON.parse(body));
    if (!given.success) return invalid(given.error);
    if (dags.get(dag)?.has_import_errors === true)
      return detail(400, `DAG with dag_id: '${dag}' has import errors and cannot be triggered`);
    const { dag_run_id: id, conf } = given.data;
    if (runs.some((one) => one.dag === dag && one.id === id))
      return {
        status: 409,
        body: { detail: { reason: "Unique constraint violation", statement: "hidden" } },
      };
    const startedAt = clock.now().toISOString();
    const run = { dag, id, conf: conf ?? {}, state: "queued", ends: "success", looksLeft: 2 };
    runs.push({ ...run, startedAt, endedAt: null, xcoms: new Map() });
    return { status: 200, body: runBody(runs.at(-1)) };
  }

  function list({ query }: Asked, dag: string): Answered {
    const known = ["state", "order_by", "limit"];
    const odd = [...query.keys()].find((key) => !known.includes(key));
    if (odd !== undefined || query.get("order_by") !== "-start_date")
      throw new Error(`Airflow's list: ${query}`);
    const found = runs.filter((run) => run.dag === dag && run.state === query.get("state")).toReversed();
    // The server's own maximum_page_limit.
    const limit = Math.min(Number(query.get("limit") ?? 50), 100);
    return {
      status: 200,
      body: { dag_runs: found.slice(0, limit).map(runBody), total_entries: found.length },
    };
  }

  function ofRun(asked: Asked, run: FakeDagRun, [kind, task, leaf, last]: readonly string[]): Answered {
    if (kind === "" && asked.method === "GET") {
      move(run);
      return { status: 200, body: runBody(run) };
    }
    if (kind === "" && asked.method === "PATCH") {
      const given = patchBody.safeParse(JSON.parse(asked.body));
      if (!given.success) return invalid(given.error);
      run.state = given.data.state ?? run.state;
      run.endedAt = clock.now().toISOString();
      return { status: 200, body: runBody(run) };
    }
    if (kind !== "taskInstances" || asked.method !== "GET") throw new Error(`Airflow has no ${asked.path}`);
    if (task === "") return { status: 200, body: { task_instances: tasksOf(run), total_entries: 2 } };
    if (leaf === "logs" && last === "1") {
      const event = run.state === "failed" ? "ValueError: nan; password=hunter2hunter2" : "epoch 3 of 10";
      const content = [{ timestamp: run.startedAt, event: "::group::Log message source details" }, { event }];
      return { status: 200, body: { content, continuation_token: null } };
    }
    if (leaf === "xcomEntries") {
      const value = run.xcoms.get(`${task}/${last}`);
      return value === undefined
        ? detail(404, `XCom entry with key: \`${last}\` not found`)
        : { status: 200, body: { key: last, value } };
    }
    throw new Error(`Airflow has no ${asked.path}`);
  }

  function move(run: FakeDagRun): void {
    if (run.state === "success" || run.state === "failed") return;
    run.looksLeft -= 1;
    run.state = run.looksLeft > 0 ? "running" : run.ends;
    if (run.looksLeft <= 0) run.endedAt = clock.now().toISOString();
  }

  const server = await startJsonServer(answer);
  return {
    ...{ url: server.url, asked: server.asked, close: () => server.close() },
    ...{ dags, runs, tokens, users },
  };
}

function tasksOf({ state, startedAt }: FakeDagRun) {
  const task = (task_id: string, own: string | null) => ({
    ...{ task_id, map_index: -1, state: own, start_date: own === null ? null : startedAt },
    try_number: own === null ? 0 : 1,
  });
  if (state === "queued") return [task("train", null), task("register", null)];
  if (state === "running") return [task("register", null), task("train", "running")];
  return [task("train", state), task("register", state === "failed" ? "upstream_failed" : "success")];
}

function runBody(run: FakeDagRun | undefined) {
  if (run === undefined) throw new Error("there is no run");
  return {
    ...{ dag_run_id: run.id, dag_id: run.dag, state: run.state, conf: run.conf, logical_date: null },
    ...{ start_date: run.startedAt, end_date: run.endedAt, run_type: "manual", note: null },
  };
}

function detail(status: number, text: string): Answered {
  return { status, body: { detail: text } };
}

function invalid(error: z.ZodError): Answered {
  const [issue] = error.issues;
  return { status: 422, body: { detail: [{ type: issue?.code, loc: issue?.path, msg: issue?.message }] } };
}
