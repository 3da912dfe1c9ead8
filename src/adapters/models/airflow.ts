/**
 * Retrains, and rollouts where a dag does them, by Apache Airflow 3. The id of a run is ours to choose and Airflow
 * refuses a second one, so starting is native: the second start finds the first run.
 */
import { placesOf } from "../../domain/rollout/backend-settings.ts";
import { fillFields, oddValue } from "../../domain/rollout/operation-template.ts";
import { oneLine } from "../../domain/view.ts";
import { HttpMishapError } from "../../ports/http-client.ts";
import {
  type BackendContext,
  type BackendPlan,
  defineModelBackend,
  type ExternalRef,
  type FindOperation,
  inverseOperation,
  type ModelBackend,
  NotStartedError,
  type Observed,
  type Operation,
  type PlannedOperation,
  refusePlan,
} from "../../ports/model.ts";
import { type AirflowApi, createAirflowApi, type DagRun } from "./airflow/api.ts";
import { confKey, confOf, readConf, resultOf, stepsOf, tailOf, tellingTask } from "./airflow/runs.ts";
import { type AirflowSettings, type DagSettings, dagOf, parseAirflowSettings } from "./airflow/settings.ts";

export default defineModelBackend({
  name: "airflow",
  summary: "dags of Apache Airflow 3, triggered with our own run id",
  create: createAirflow,
});

/** Newest successful runs that are looked through for what serves. */
const maxRuns = 100;
/** Runs whose results are read to list versions. */
const maxVersions = 20;

type Refusal = Extract<BackendPlan, { kind: "refuse" }>;

export function createAirflow(
  settings: ReadonlyMap<string, unknown>,
  context: Pick<BackendContext, "environment" | "http">,
): ModelBackend {
  const named = { backend: "airflow", setting: "url" };
  const { all: models, of: placeOf } = placesOf(named, settings, (model, given) => {
    const parsed = parseAirflowSettings(model, given, context.environment);
    return { settings: parsed, api: createAirflowApi(parsed, context.http) };
  });

  async function plan(operation: PlannedOperation): Promise<BackendPlan> {
    const { model } = operation;
    const { settings: own, api } = placeOf(model);
    const prepared = prepare(own, { ...operation, operationId: "operation", fence: 0 });
    if (prepared.kind === "refuse") return prepared;
    const { dag } = prepared.dag;
    const found = await api.dag(dag);
    if (found === null)
      return refusePlan(
        "unknown_dag",
        `Airflow has no dag ${dag} that the account may see.`,
        "Correct it in tocsin.yaml.",
      );
    if (found.has_import_errors)
      return refusePlan(
        "import_errors",
        `The dag ${dag} has import errors.`,
        "Airflow shows them; mend the file.",
      );
    if (found.is_paused)
      return refusePlan(
        "dag_paused",
        `The dag ${dag} is paused: a run of it would wait for ever.`,
        "Unpause it.",
      );
    const steps = [`run the dag ${dag}`, "wait for its end"];
    return { kind: "plan", steps, notes: [], expectedMs: null };
  }

  async function start(operation: Operation): Promise<ExternalRef> {
    const { operationId, model, requestedBy, reason } = operation;
    const { settings: own, api } = placeOf(model);
    const prepared = prepare(own, operation);
    if (prepared.kind === "refuse") throw new NotStartedError(`airflow: ${prepared.problem}`);
    const { dag } = prepared.dag;
    const ref = { operationId, dag };
    try {
      const conf = { ...prepared.conf, [confKey]: confOf(operation) };
      const note = oneLine(`tocsin, for ${requestedBy}: ${reason}`, 900);
      await api.trigger(dag, { id: operationId, conf, note });
      return ref;
    } catch (error) {
      if (!(error instanceof HttpMishapError)) throw error;
      if (error.status === 409) return await adopt(api, ref, error);
      if (error.mishap === "unclear") throw error;
      throw new NotStartedError(error.message, { cause: error });
    }
  }

  /** There is a run of this id. It is the first start of this operation, or somebody else's run. */
  async function adopt(
    api: AirflowApi,
    ref: { readonly operationId: string; readonly dag: string },
    conflict: HttpMishapError,
  ): Promise<ExternalRef> {
    const run = await api.run(ref.dag, ref.operationId);
    if (run === null) throw conflict;
    if (readConf(run)?.operationId === ref.operationId) return ref;
    throw new NotStartedError(
      `airflow: the dag ${ref.dag} has a run ${ref.operationId} that is not the bot's`,
    );
  }

  async function findByOperationId(operationId: string): Promise<FindOperation> {
    const dags = [...models.values()].flatMap(({ settings: own, api }) =>
      [own.deploy, own.rollback, own.retrain].flatMap((dag) => (dag === null ? [] : [{ dag: dag.dag, api }])),
    );
    const seen = new Set<string>();
    for (const { dag, api } of dags) {
      if (seen.has(dag)) continue;
      seen.add(dag);
      const run = await api.run(dag, operationId);
      if (run !== null && readConf(run)?.operationId === operationId)
        return { kind: "found", ref: { operationId, dag } };
    }
    return { kind: "absent" };
  }

  async function observe(ref: ExternalRef, operation: Operation): Promise<Observed> {
    const { operationId = "", dag = "" } = ref;
    const { settings: own, api } = placeOf(operation.model);
    const run = await api.run(dag, operationId);
    if (run === null)
      return { kind: "lost", problem: `Airflow has no run ${operationId} of ${dag} any more`, logTail: "" };
    const url = new URL(`dags/${encodeURIComponent(dag)}/runs/${encodeURIComponent(operationId)}`, own.url)
      .href;
    const tasks = await api.tasks(dag, operationId);
    const task = tellingTask(tasks);
    const logTail = task === null ? "" : tailOf(await api.log(dag, operationId, task));
    if (run.state === "success")
      return { ...(await succeeded(api, dagOf(own, operation.kind), run, logTail)), url };
    if (run.state === "failed") {
      const failed = tasks.find(({ state }) => state === "failed");
      const at = failed === undefined ? "" : ` at task ${oneLine(failed.task_id, 100)}`;
      const problem = `run ${operationId} of ${dag} failed${at}`;
      return { kind: "failed", problem, logTail, url, orCancelled: true };
    }
    const steps = stepsOf(tasks);
    const waiting = [{ label: `${dag} waits for its turn`, state: "waiting" as const }];
    return { kind: "running", steps: steps.length === 0 ? waiting : steps, logTail, url };
  }

  async function succeeded(
    api: AirflowApi,
    dag: DagSettings | null,
    run: DagRun,
    logTail: string,
  ): Promise<Observed> {
    const said = dag === null ? null : await resultIn(api, dag, run);
    return {
      kind: "succeeded",
      result: said?.result ? oneLine(said.result, 200) : `the run of ${run.dag_id} was a success`,
      newVersion: readConf(run)?.kind === "retrain" ? (said?.version ?? null) : null,
      metrics: said?.metrics ?? {},
      logTail,
    };
  }

  async function resultIn(api: AirflowApi, { result }: DagSettings, run: DagRun) {
    if (result === undefined) return null;
    return resultOf(await api.xcom(run.dag_id, run.dag_run_id, result.task, result.key));
  }

  /** Airflow has no word for it but failed. */
  async function cancel({ operationId = "", dag = "" }: ExternalRef, { model }: Operation): Promise<void> {
    const { api } = placeOf(model);
    const run = await api.run(dag, operationId);
    if (run === null || run.state === "success" || run.state === "failed") return;
    await api.fail(dag, operationId);
  }

  async function history(model: string, environment: string) {
    const { settings: own, api } = placeOf(model);
    const dags = [...new Set([own.deploy?.dag, own.rollback?.dag])].filter((dag) => dag !== undefined);
    const runs = (await Promise.all(dags.map((dag) => api.successes(dag, maxRuns)))).flat();
    return runs
      .flatMap((run) => {
        const conf = readConf(run);
        const ended = run.end_date ?? run.start_date;
        if (conf === null || conf.to === null || ended == null) return [];
        if (conf.model !== model || conf.environment !== environment) return [];
        return [{ version: conf.to, from: new Date(ended), by: oneLine(conf.requestedBy, 100) }];
      })
      .sort((a, b) => b.from.getTime() - a.from.getTime());
  }

  async function live(model: string, environment: string) {
    const [newest] = await history(model, environment);
    return { version: newest?.version ?? null, since: newest?.from ?? null, by: newest?.by ?? null };
  }

  async function versions(model: string) {
    const { settings: own, api } = placeOf(model);
    const dag = own.retrain;
    if (dag?.result === undefined) return [];
    const runs = (await api.successes(dag.dag, maxVersions)).filter((run) => {
      const conf = readConf(run);
      return conf === null || conf.model === model;
    });
    const made = await Promise.all(
      runs.map(async (run) => {
        const said = await resultIn(api, dag, run);
        if (said === null || said.version === null) return [];
        return [
          {
            version: said.version,
            createdAt: run.end_date == null ? null : new Date(run.end_date),
            createdBy: readConf(run)?.requestedBy ?? null,
            metrics: said.metrics,
            description: oneLine(said.result, 300),
            digest: null,
          },
        ];
      }),
    );
    return made.flat();
  }

  return {
    name: "airflow",
    idempotency: "native",
    versions,
    live,
    history,
    snapshot: async (model, environment) => ({ version: (await live(model, environment)).version }),
    inverse: inverseOperation,
    plan,
    start,
    observe,
    cancel,
    findByOperationId,
  };
}

interface Prepared {
  readonly kind: "prepared";
  readonly dag: DagSettings;
  readonly conf: Readonly<Record<string, string>>;
}

function prepare(
  own: AirflowSettings,
  operation: PlannedOperation & Pick<Operation, "operationId" | "fence">,
): Prepared | Refusal {
  const { kind, model } = operation;
  const dag = dagOf(own, kind);
  if (dag === null)
    return refusePlan(
      "no_dag",
      `${model} has no dag for a ${kind}.`,
      `Set models.${model}.settings.${kind === "retrain" ? kind : "deploy"} in tocsin.yaml.`,
    );
  const odd = oddValue(operation);
  if (odd !== null) return { kind: "refuse", reason: "odd_value", ...odd };
  const conf = fillFields(dag.conf, operation);
  if (conf.kind === "fields") return { kind: "prepared", dag, conf: conf.fields };
  return refusePlan(
    "missing_value",
    `conf.${conf.field} of the dag ${dag.dag} needs {${conf.placeholder}}, and there is none.`,
    "Give it, or leave the placeholder out of tocsin.yaml.",
  );
}
