/** The bot's own models: their versions and the alias `champion` live in its database. */
import { createHash } from "node:crypto";
import { canonicalJson } from "../../domain/audit.ts";
import { shippedWeights, weightsSchema } from "../../domain/weights.ts";
import {
  type BackendContext,
  type BackendPlan,
  defineModelBackend,
  type ExternalRef,
  type FindOperation,
  inverseOperation,
  type LiveVersion,
  type ModelBackend,
  type ModelVersion,
  NotStartedError,
  type Observed,
  type Operation,
  type PlannedOperation,
  refusePlan,
} from "../../ports/model.ts";
import type { RolloutStore, StoredModelVersion } from "../../ports/rollout.ts";
import type { StoreSlices } from "../../ports/store.ts";

/** The alias of the version that serves. */
const champion = "champion";

export default defineModelBackend({
  name: "builtin",
  summary: "the bot's own correlator, with its versions in the database",
  create: (_settings, context) => createBuiltin(context),
});

/**
 * Starting an operation is one transaction that remembers the operation id, so a second start of the same operation
 * finds the first and changes nothing.
 */
export function createBuiltin(
  context: Pick<BackendContext, "store" | "clock" | "trainer" | "log">,
): ModelBackend {
  const { store, clock, trainer } = context;
  const { rollouts } = store;
  /** By operation id: a start that is given up as too late goes on, and a second one waits for it. */
  const trainings = new Map<string, Promise<void>>();

  async function live(model: string, environment: string): Promise<LiveVersion> {
    const [newest] = await rollouts.aliasHistory(model, environment, champion);
    if (newest === undefined) return { version: null, since: null, by: null };
    return { version: String(newest.version), since: newest.since, by: newest.by };
  }

  async function versionOf(model: string, version: string | null): Promise<StoredModelVersion | null> {
    const versions = await rollouts.modelVersions(model);
    return versions.find((candidate) => String(candidate.version) === version) ?? null;
  }

  /** Parameters of the version that serves while it is asked for. */
  async function servedBy({ model, from }: PlannedOperation): Promise<unknown> {
    return (await versionOf(model, from))?.parameters ?? shippedWeights;
  }

  async function plan(operation: PlannedOperation): Promise<BackendPlan> {
    if (operation.kind === "retrain") return await planRetrain(operation);
    const version = await versionOf(operation.model, operation.to);
    const name = `version ${operation.to} of ${operation.model}`;
    if (version === null) {
      return refusePlan("unknown_version", `There is no ${name}.`, `See: models ${operation.model}.`);
    }
    if (!weightsSchema.safeParse(version.parameters).success) {
      const problem = `The parameters of ${name} do not fit this release of the bot.`;
      return refusePlan("unfit_version", problem, "Retrain it, or deploy another version.");
    }
    const steps = [`point the alias ${champion} to version ${operation.to}`, "check that it serves"];
    return { kind: "plan", steps, notes: ["live triage uses it within seconds"], expectedMs: 1_000 };
  }

  async function planRetrain(operation: PlannedOperation): Promise<BackendPlan> {
    const enough = await trainer.check(await servedBy(operation));
    if (enough.kind === "too_little") return refusePlan("too_little_data", enough.problem, enough.remedy);
    const steps = [
      "fit weights from feedback and history",
      "measure them on a held-out part",
      "store a new version",
    ];
    return { kind: "plan", steps, notes: enough.notes, expectedMs: null };
  }

  async function start(operation: Operation): Promise<ExternalRef> {
    const { operationId, kind, model, environment } = operation;
    if (kind === "retrain") await trainOnce(operation);
    else await pointChampion(operation);
    return { operationId, kind, model, environment };
  }

  async function pointChampion(operation: Operation): Promise<void> {
    const { model, environment, operationId } = operation;
    const version = await versionOf(model, operation.to);
    if (version === null)
      throw new NotStartedError(`builtin: there is no version ${operation.to} of ${model}`);
    await store.transaction(async (tx) => {
      const history = await tx.rollouts.aliasHistory(model, environment, champion);
      if (history.some((entry) => entry.operationId === operationId)) return;
      await expectFence(tx, operation);
      const at = after(history[0]?.since ?? null, clock.now());
      const { requestedBy: by } = operation;
      await tx.rollouts.setAlias({
        model,
        environment,
        alias: champion,
        version: version.version,
        by,
        at,
        operationId,
      });
    });
  }

  /** Whoever lost the target meanwhile changes nothing any more; the lock stays as it is until this is committed. */
  async function expectFence({ rollouts: locks }: StoreSlices, operation: Operation): Promise<void> {
    const target = `${operation.model}/${operation.environment}`;
    const lock = await locks.findLock(target);
    // Nobody ever held it: there is nobody to be before.
    if (lock === null || (await locks.holdsFence(target, lock.rolloutId ?? 0, operation.fence))) return;
    throw new NotStartedError(
      `builtin: the lock on ${target} changed hands (fence ${lock.fence}, this has ${operation.fence}): this bot no longer holds the target`,
    );
  }

  async function trainOnce(operation: Operation): Promise<void> {
    const { operationId } = operation;
    const training =
      trainings.get(operationId) ?? train(operation).finally(() => trainings.delete(operationId));
    trainings.set(operationId, training);
    await training;
  }

  async function train(operation: Operation): Promise<void> {
    const { model, operationId } = operation;
    if ((await rollouts.findModelVersionByOperation(operationId)) !== null) return;
    const fitted = await trainer.fit(await servedBy(operation));
    const parameters = weightsSchema.parse(fitted.parameters);
    const metrics = Object.fromEntries(fitted.comparison.map(({ name, challenger }) => [name, challenger]));
    await store.transaction(async (tx) => {
      if ((await tx.rollouts.findModelVersionByOperation(operationId)) !== null) return;
      await addVersion(tx.rollouts, {
        model,
        createdAt: clock.now(),
        createdBy: operation.requestedBy,
        operationId,
        parameters,
        metrics,
        comparison: fitted.comparison,
        description: fitted.description,
      });
    });
  }

  async function observe(ref: ExternalRef): Promise<Observed> {
    const { operationId = "", kind = "", model = "", environment = "" } = ref;
    if (kind === "retrain") return trained(await rollouts.findModelVersionByOperation(operationId));
    const history = await rollouts.aliasHistory(model, environment, champion);
    const done = history.find((entry) => entry.operationId === operationId);
    if (done === undefined) return missing(operationId);
    const result = `version ${done.version} is ${champion} of ${model} in ${environment}`;
    return { kind: "succeeded", result, newVersion: null, metrics: {}, logTail: "" };
  }

  async function findByOperationId(operationId: string): Promise<FindOperation> {
    const rollout = await rollouts.findByOperationId(operationId);
    if (rollout === null) return { kind: "absent" };
    const { kind, model, environment } = rollout.plan;
    const ref = { operationId, kind, model, environment };
    const observed = await observe(ref);
    return observed.kind === "succeeded" ? { kind: "found", ref } : { kind: "absent" };
  }

  return {
    name: "builtin",
    idempotency: "native",
    prepare: async (models) => {
      for (const model of models) await ensureFirstVersion(context, model);
    },
    aliasOf: () => champion,
    versions: async (model) => (await rollouts.modelVersions(model)).map(toVersion).reverse(),
    live,
    history: async (model, environment) =>
      (await rollouts.aliasHistory(model, environment, champion)).map((entry) => ({
        version: String(entry.version),
        from: entry.since,
        by: entry.by,
      })),
    snapshot: async (model, environment) => ({ version: (await live(model, environment)).version }),
    inverse: inverseOperation,
    proposeManifest: async (_model, given) => ({ ...(await trainer.inputs()), rerunOf: given.rerunOf }),
    plan,
    start,
    observe,
    cancel: () =>
      Promise.reject(new Error("builtin: this is done in one step and cannot be stopped half-way")),
    findByOperationId,
  };
}

/** Version 1 of a model is the weights that ship with the bot; it serves wherever nothing serves yet. */
async function ensureFirstVersion(
  context: Pick<BackendContext, "store" | "clock" | "log">,
  model: { readonly name: string; readonly environments: readonly string[] },
): Promise<void> {
  const { store, clock, log } = context;
  const operationId = `shipped-${model.name}`;
  try {
    await store.transaction(async ({ rollouts }) => {
      if ((await rollouts.modelVersions(model.name)).length === 0) {
        await addVersion(rollouts, {
          model: model.name,
          createdAt: clock.now(),
          createdBy: "tocsin",
          operationId,
          parameters: shippedWeights,
          metrics: {},
          comparison: [],
          description: "the weights that ship with the bot",
        });
      }
      for (const environment of model.environments) {
        if ((await rollouts.aliasHistory(model.name, environment, champion)).length > 0) continue;
        const at = clock.now();
        const alias = {
          model: model.name,
          environment,
          alias: champion,
          version: 1,
          by: "tocsin",
          at,
          operationId,
        };
        await rollouts.setAlias(alias);
      }
    });
  } catch (error) {
    // Another replica that starts at the same moment may have been first.
    if ((await store.rollouts.modelVersions(model.name)).length === 0) throw error;
    log.info({ model: model.name }, "another replica made the first version");
  }
}

async function addVersion(
  rollouts: RolloutStore,
  version: Omit<StoredModelVersion, "version" | "digest">,
): Promise<void> {
  const known = await rollouts.modelVersions(version.model);
  const digest = createHash("sha256").update(canonicalJson(version.parameters)).digest("hex");
  const next = Math.max(0, ...known.map((other) => other.version)) + 1;
  await rollouts.addModelVersion({ ...version, version: next, digest });
}

/** A moment after the one before, so that the newest alias is always the last that was set. */
function after(before: Date | null, now: Date): Date {
  return before === null || before < now ? now : new Date(before.getTime() + 1);
}

function toVersion(stored: StoredModelVersion): ModelVersion {
  const { createdAt, createdBy, description, digest, metrics } = stored;
  return { version: String(stored.version), createdAt, createdBy, metrics, description, digest };
}

function trained(stored: StoredModelVersion | null): Observed {
  if (stored === null) return missing("the retrain");
  return {
    kind: "succeeded",
    result: `version ${stored.version} is ready and does not serve yet: ${stored.description}`,
    newVersion: String(stored.version),
    metrics: stored.metrics,
    comparison: stored.comparison,
    logTail: "",
  };
}

function missing(what: string): Observed {
  return { kind: "lost", problem: `the database knows nothing of ${what}`, logTail: "" };
}
