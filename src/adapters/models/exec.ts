/** Models that are served by anything with a command line: local commands, argument arrays, never a shell. */
import { hostname } from "node:os";
import path from "node:path";
import { canonicalJson } from "../../domain/audit.ts";
import { oddValue } from "../../domain/rollout/operation-template.ts";
import { redact } from "../../domain/text/redaction.ts";
import { duration, oneLine } from "../../domain/view.ts";
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
} from "../../ports/model.ts";
import { observedOf } from "./exec/observed.ts";
import { createPulse } from "./exec/pulse.ts";
import { query } from "./exec/query.ts";
import { cancelRun, findRun, lookAtRun, startRun } from "./exec/run.ts";
import {
  type ExecSettings,
  environmentOf,
  fenceVariable,
  fill,
  manifestValues,
  manifestVariable,
  type Placeholder,
  parseExecSettings,
} from "./exec/settings.ts";
import type { RunStatus } from "./exec/state.ts";
import { parseVersions } from "./exec/versions.ts";

export default defineModelBackend({
  name: "exec",
  summary: "local commands given as argument arrays; they go on when the bot restarts",
  create: (settings, context) => createExec(settings, context),
});

/** Time that a command on another machine gets over its own limit to end and say so, ms. */
const spareMs = 60_000;

type Values = Readonly<Partial<Record<Placeholder, string | null>>>;

/**
 * A command is run by a process of its own that outlives the bot and writes down how it ended, in
 * `<stateFolder>/exec/<operationId>/`. After a crash that folder tells what became of the start; where it does not, and
 * no `find` command is set, a person has to.
 * @param steadyMs - ms since any moment, of a clock that never jumps; how long a runner is silent is told by it.
 */
export function createExec(
  settings: ReadonlyMap<string, unknown>,
  context: Pick<BackendContext, "environment" | "stateFolder" | "store">,
  steadyMs: () => number = () => performance.now(),
): ModelBackend {
  const pulse = createPulse(steadyMs);
  const parsed = new Map([...settings].map(([model, value]) => [model, parseExecSettings(model, value)]));
  const canFind = [...parsed.values()].every((each) => each.find !== undefined);

  function settingsOf(model: string): ExecSettings {
    const found = parsed.get(model);
    if (found === undefined) throw new Error(`exec: ${model} has no settings; add models.${model}.settings`);
    return found;
  }

  async function ask(model: string, line: readonly string[], values: Values): Promise<string> {
    const own = settingsOf(model);
    const filled = fill(line, { model, ...values });
    if (filled.kind === "missing") {
      throw new Error(`exec: a command of ${model} uses {${filled.placeholder}}, which is not known here`);
    }
    return await query({
      argv: filled.argv,
      env: environmentOf(own, context.environment),
      cwd: own.cwd ?? null,
      timeoutMs: own.queryTimeoutSeconds * 1_000,
    });
  }

  function folderOf(operationId: string): string {
    // Ours, [a-z0-9-] only; checked because it becomes a path.
    if (!/^[a-z0-9-]{1,64}$/.test(operationId))
      throw new Error(`exec: "${operationId}" is not an operation id`);
    return path.join(context.stateFolder, "exec", operationId);
  }

  async function live(model: string, environment: string) {
    const output = await ask(model, settingsOf(model).live, { environment });
    const version = oneLine(output.split("\n")[0] ?? "", 200);
    return { version: version === "" ? null : version, since: null, by: null };
  }

  async function plan(operation: PlannedOperation): Promise<BackendPlan> {
    const prepared = prepare(settingsOf(operation.model), operation, "{operationId}");
    if (prepared.kind === "refuse") return prepared;
    const { argv, settings: own } = prepared;
    // The operation id is not known yet; what is shown and hashed must not change with it.
    const shown = redact(argv.join(" ")).text;
    const steps = [`run ${shown}`, ...(operation.kind === "retrain" ? [] : ["check which version serves"])];
    const notes = [`stopped if it takes longer than ${duration(own.timeoutSeconds * 1000)}`];
    return { kind: "plan", steps, notes, expectedMs: null };
  }

  async function start(operation: Operation): Promise<ExternalRef> {
    const { operationId, model } = operation;
    const prepared = prepare(settingsOf(model), operation, operationId);
    if (prepared.kind === "refuse") throw new NotStartedError(prepared.problem);
    const own = prepared.settings;
    const spec = { argv: [...prepared.argv], cwd: own.cwd ?? null, timeoutMs: own.timeoutSeconds * 1_000 };
    const env = environmentOf(own, context.environment);
    const { manifest } = operation;
    const told = {
      [fenceVariable]: String(operation.fence),
      ...(manifest === null ? {} : { [manifestVariable]: canonicalJson(manifest) }),
    };
    const status = await startRun(folderOf(operationId), spec, { ...env, ...told });
    return refOf(operationId, model, status);
  }

  function refOf(operationId: string, model: string, { host, runnerPid }: RunStatus): ExternalRef {
    return { operationId, model, host, runner: String(runnerPid) };
  }

  async function observe(ref: ExternalRef): Promise<Observed> {
    const { operationId = "", model = "", host = "" } = ref;
    if (host === "") return await observeFound(model, operationId, "");
    const seen = lookAtRun(folderOf(operationId), host, pulse);
    if (seen.kind === "status") return observedOf(seen.status);
    if (seen.kind === "lost") return await observeFound(model, operationId, seen.tail, seen.problem);
    const waitedMs = pulse.stillMs(`${operationId} on ${host}`, "");
    if (waitedMs <= settingsOf(model).timeoutSeconds * 1_000 + spareMs) {
      const label = `runs on ${host}, which alone can see it`;
      return { kind: "running", steps: [{ label, state: "running" }], logTail: "" };
    }
    const problem = `${host}, where it was started, did not say how it ended`;
    return await observeFound(model, operationId, "", problem);
  }

  /** Asks the `find` command what became of an operation; without one, or without an answer, it is lost. */
  async function observeFound(
    model: string,
    operationId: string,
    tail: string,
    problem = "",
  ): Promise<Observed> {
    const own = settingsOf(model);
    const logTail = redact(tail).text;
    if (own.find === undefined) return { kind: "lost", problem, logTail };
    const answer = (await ask(model, own.find, { operationId })).trim();
    const [state = "", ...words] = answer.split(/\s+/);
    const text = oneLine(redact(words.join(" ")).text, 300);
    if (state === "running") return { kind: "running", steps: [{ label: "run", state: "running" }], logTail };
    if (state === "succeeded") {
      return {
        kind: "succeeded",
        result: text === "" ? "done" : text,
        newVersion: null,
        metrics: {},
        logTail,
      };
    }
    if (state === "failed") return { kind: "failed", problem: text === "" ? "it failed" : text, logTail };
    return {
      kind: "lost",
      problem: problem === "" ? `find answered "${oneLine(answer, 80)}"` : problem,
      logTail,
    };
  }

  async function findByOperationId(operationId: string): Promise<FindOperation> {
    const rollout = await context.store.rollouts.findByOperationId(operationId);
    if (rollout === null) return { kind: "cannot_look", problem: `no rollout has the id ${operationId}` };
    const { model } = rollout.plan;
    const own = settingsOf(model);
    const found = await findRun(folderOf(operationId));
    if (typeof found !== "string") return { kind: "found", ref: refOf(operationId, model, found) };
    if (own.find === undefined) {
      const where = `nothing on ${hostname()} says whether the command was started`;
      return { kind: "cannot_look", problem: `${where}, and models.${model}.settings has no find command` };
    }
    const answer = (await ask(model, own.find, { operationId })).trim().split(/\s+/)[0];
    if (answer === "absent" && found === "unclaimed") return { kind: "absent" };
    if (answer === "running" || answer === "succeeded" || answer === "failed") {
      return { kind: "found", ref: { operationId, model } };
    }
    return {
      kind: "cannot_look",
      problem: `find answered "${oneLine(answer ?? "", 80)}" for ${operationId}`,
    };
  }

  async function cancel(ref: ExternalRef): Promise<void> {
    const { operationId = "", model = "", host = "" } = ref;
    const own = settingsOf(model);
    if (own.cancel !== undefined) {
      await ask(model, own.cancel, { operationId });
      return;
    }
    if (host !== hostname()) throw new Error(`it runs on ${host}; stop it there, or set a cancel command`);
    cancelRun(folderOf(operationId));
  }

  return {
    name: "exec",
    idempotency: canFind ? "adopt" : "none",
    versions: async (model) => parseVersions(model, await ask(model, settingsOf(model).versions, {})),
    live,
    history: () => Promise.resolve([]),
    snapshot: async (model, environment) => ({ version: (await live(model, environment)).version }),
    inverse: inverseOperation,
    plan,
    start,
    observe,
    cancel,
    findByOperationId,
  };
}

type Prepared =
  | { readonly kind: "argv"; readonly argv: readonly string[]; readonly settings: ExecSettings }
  | { readonly kind: "refuse"; readonly reason: string; readonly problem: string; readonly remedy: string };

function prepare(settings: ExecSettings, operation: PlannedOperation, operationId: string): Prepared {
  const { kind, model, environment, from, to } = operation;
  const line = kind === "rollback" ? (settings.rollback ?? settings.deploy) : settings[kind];
  if (line === undefined) {
    const remedy = `Set models.${model}.settings.retrain in tocsin.yaml.`;
    return { kind: "refuse", reason: "no_command", problem: `${model} has no retrain command.`, remedy };
  }
  const odd = oddValue(operation);
  if (odd !== null) return { kind: "refuse", reason: "odd_value", ...odd };
  const values = { model, environment, from, version: to, operationId };
  const filled = fill(line, { ...values, ...manifestValues(operation.manifest) });
  if (filled.kind === "argv") return { ...filled, settings };
  const problem = `The ${kind} command of ${model} uses {${filled.placeholder}}, and there is none.`;
  return {
    kind: "refuse",
    reason: "missing_value",
    problem,
    remedy: filled.placeholder.startsWith("manifest.")
      ? `Give --${filled.placeholder.slice("manifest.".length)}, or leave it out of the command in tocsin.yaml.`
      : "Leave it out of the command in tocsin.yaml.",
  };
}
