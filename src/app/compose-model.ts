/**
 * A model whose registry, runtime and training live in different places, as one backend. A deploy is the runtime's
 * rollout, then the registry's pointer: when the rollout fails, the registry still says what serves. A retrain is the
 * training's; the registry tells which version came of it.
 */
import { originDifferences } from "../domain/rollout/retrain-manifest.ts";
import {
  type ArtifactCheck,
  type BackendPlan,
  type ExternalRef,
  type FindOperation,
  type ModelBackend,
  NotStartedError,
  type Observed,
  type Operation,
  type PlannedOperation,
  type Snapshot,
} from "../ports.ts";

export interface ModelParts {
  /** Knows the versions, and holds the pointer to the one that serves. */
  readonly registry: ModelBackend;
  /** What serves; the registry's pointer alone when null. */
  readonly runtime: ModelBackend | null;
  /** What makes new versions; the registry when null. */
  readonly training: ModelBackend | null;
}

/** Ends the id of the registry's half of an operation. */
const pointerEnding = "-pointer";
const pointerStep = "point the registry to it";

/**
 * Makes one backend of the parts.
 * @throws Error when the registry cannot tell whether its pointer was set: after a crash nobody could finish a deploy.
 */
export function composeModel({ registry, runtime, training }: ModelParts): ModelBackend {
  if (runtime !== null && registry.idempotency === "none")
    throw new Error(
      `the registry "${registry.name}" cannot tell whether its pointer was set, so it cannot be joined with a runtime; use another registry, or this one alone`,
    );
  const serving = runtime ?? registry;
  const trainer = training ?? registry;
  const partOf = ({ kind }: Pick<Operation, "kind">) => (kind === "retrain" ? trainer : serving);
  const parts = [...new Set([registry, serving, trainer])];

  async function plan(operation: PlannedOperation): Promise<BackendPlan> {
    const own = await partOf(operation).plan(halfOf(operation, "runtime"));
    if (own.kind === "refuse" || operation.kind === "retrain" || runtime === null) return own;
    const pointed = await pointedTo(operation);
    const pointer = await registry.plan({ ...halfOf(operation, "registry"), from: pointed });
    const isThere = pointed === operation.to;
    if (pointer.kind === "refuse" && !isThere) return pointer;
    const moves = pointer.kind === "plan" && !isThere ? pointer : { steps: [], notes: [], expectedMs: 0 };
    const { expectedMs } = moves;
    return {
      kind: "plan",
      steps: [
        ...own.steps.map((step) => `${runtime.name}: ${step}`),
        ...moves.steps.map((step) => `${registry.name}: ${step}`),
        `${runtime.name}: check that version ${operation.to} serves`,
      ],
      notes: [...own.notes, ...moves.notes, ...driftNotes(operation, pointed)],
      expectedMs: own.expectedMs === null || expectedMs === null ? null : own.expectedMs + expectedMs,
    };
  }

  /** The operation as one part sees it: with that part's half of what is to be restored. */
  function halfOf<Asked extends PlannedOperation>(operation: Asked, half: "runtime" | "registry"): Asked {
    if (runtime === null || operation.restore === null) return operation;
    // Written by `snapshot` below.
    const restore = (operation.restore[half] ?? null) as Snapshot | null;
    return { ...operation, restore };
  }

  async function snapshot(model: string, environment: string): Promise<Snapshot> {
    if (runtime === null) return await registry.snapshot(model, environment);
    return {
      runtime: await runtime.snapshot(model, environment),
      registry: await registry.snapshot(model, environment),
    };
  }

  /** Undone is the whole: the part that serves says whether and to what, and gets back what was kept of each part. */
  function inverse(operation: Operation, kept: Snapshot): PlannedOperation | null {
    if (runtime === null) return registry.inverse(operation, kept);
    // Written by `snapshot` above.
    const undone = runtime.inverse(operation, (kept["runtime"] ?? {}) as Snapshot);
    return undone === null ? null : { ...undone, restore: kept };
  }

  async function pointedTo({ model, environment }: Pick<Operation, "model" | "environment">) {
    return (await registry.live(model, environment)).version;
  }

  /** Runtime and registry disagree: someone went around one of them. */
  function driftNotes({ from }: PlannedOperation, pointed: string | null): string[] {
    if (pointed === from) return [];
    const serves = from === null ? "nothing serves" : `version ${from} serves`;
    const points = pointed === null ? "points to no version" : `points to version ${pointed}`;
    return [`${serves}, but ${registry.name} ${points}: one of them was changed outside the bot`];
  }

  async function observe(ref: ExternalRef, operation: Operation): Promise<Observed> {
    const observed = await partOf(operation).observe(ref, operation);
    if (operation.kind === "retrain")
      return observed.kind === "succeeded" ? await findVersion(operation, observed) : observed;
    if (runtime === null) return observed;
    if (observed.kind === "running" || observed.kind === "holding")
      return { ...observed, steps: [...observed.steps, { label: pointerStep, state: "waiting" }] };
    return observed.kind === "succeeded" ? await movePointer(operation, observed) : observed;
  }

  /** The training is done. Asks the registry which version came of it, and waits until that is stored. */
  async function findVersion(
    operation: Operation,
    trained: Extract<Observed, { kind: "succeeded" }>,
  ): Promise<Observed> {
    const { logTail } = trained;
    if (trainer === registry || registry.versionOf === undefined) return trained;
    const made = await registry.versionOf(operation);
    if (made === null) {
      const named = trained.newVersion === null ? "" : `, which ${trainer.name} calls ${trained.newVersion}`;
      const result = `${trained.result}; but ${registry.name} knows no version of this retrain${named}`;
      return { ...trained, newVersion: null, result };
    }
    if (made.state === "failed") {
      const problem = `${trainer.name} is done, but ${registry.name} could not store version ${made.version}`;
      return { kind: "failed", problem, logTail };
    }
    if (made.state === "pending") {
      const steps = [
        { label: `${trainer.name} trained it`, state: "done" as const },
        { label: `${registry.name} stores version ${made.version}`, state: "running" as const },
      ];
      return { kind: "running", steps, logTail };
    }
    const { manifest } = operation;
    const differences =
      manifest === null || made.origin === undefined ? [] : originDifferences(manifest, made.origin);
    const other = differences.length === 0 ? "" : `; but it was made from ${differences.join(", ")}`;
    return {
      ...trained,
      result: `${trained.result}${other}`,
      newVersion: made.version,
      metrics: { ...made.metrics, ...trained.metrics },
      comparison: trained.comparison ?? made.comparison,
    };
  }

  /** What the runtime measured, or else what was logged at the registry. */
  async function report(model: string, environment: string) {
    const measured = (await runtime?.report?.(model, environment)) ?? null;
    return measured ?? (await registry.report?.(model, environment)) ?? null;
  }

  /** The runtime is done. Sets the pointer, unless that was asked for already, and looks at it. */
  async function movePointer(
    operation: Operation,
    rollout: Extract<Observed, { kind: "succeeded" }>,
  ): Promise<Observed> {
    const from = await pointedTo(operation);
    const half = {
      ...halfOf(operation, "registry"),
      operationId: `${operation.operationId}${pointerEnding}`,
      from,
    };
    if (from !== operation.to) {
      const pointer = await askPointer(half, await registry.findByOperationId(half.operationId));
      if (pointer.kind === "running" || pointer.kind === "holding")
        return {
          kind: "running",
          steps: [
            { label: `${serving.name} serves it`, state: "done" },
            { label: pointerStep, state: "running" },
          ],
          logTail: rollout.logTail,
        };
      if (pointer.kind === "lost") {
        const problem = `${serving.name} serves version ${operation.to}, and nobody knows whether ${registry.name} was pointed to it: ${pointer.problem}`;
        return { kind: "lost", problem, logTail: rollout.logTail };
      }
      if (pointer.kind !== "succeeded") {
        const why = pointer.kind === "cancelled" ? "that was stopped" : pointer.problem;
        const problem = `${serving.name} serves version ${operation.to}, but ${registry.name} was not pointed to it: ${why}`;
        return { kind: "failed", problem, logTail: rollout.logTail };
      }
    }
    return { ...rollout, result: `${rollout.result}; ${registry.name} points to version ${operation.to}` };
  }

  /**
   * What is certainly not to be had is a failure; any other error leaves it to the next look. Where it was asked for and
   * cannot be found, it is not asked for again.
   */
  async function askPointer(half: Operation, found: FindOperation): Promise<Observed> {
    if (found.kind === "cannot_look") return { kind: "lost", problem: found.problem, logTail: "" };
    try {
      const ref = found.kind === "found" ? found.ref : await registry.start(half);
      return await registry.observe(ref, half);
    } catch (error) {
      if (!(error instanceof NotStartedError)) throw error;
      return { kind: "failed", problem: error.message, logTail: "" };
    }
  }

  /** A part that did not begin it says nothing of it: what trains need not know of a deploy. */
  async function findByOperationId(operationId: string, kind?: Operation["kind"]): Promise<FindOperation> {
    const asked = kind === undefined ? new Set([serving, trainer]) : [partOf({ kind })];
    for (const part of asked) {
      const found = await part.findByOperationId(operationId, kind);
      if (found.kind !== "absent") return found;
      if (part.idempotency === "none")
        return { kind: "cannot_look", problem: `${part.name} cannot tell whether it was started` };
    }
    return { kind: "absent" };
  }

  /** Both what serves and the registry must have it. */
  async function checkArtifact(model: string, version: string): Promise<ArtifactCheck> {
    let answer: ArtifactCheck = { kind: "present" };
    for (const part of new Set([serving, registry])) {
      const seen: ArtifactCheck = (await part.checkArtifact?.(model, version)) ?? answer;
      if (seen.kind === "missing") return seen;
      if (seen.kind === "cannot_look") answer = seen;
    }
    return answer;
  }

  return {
    name: parts.map((part) => part.name).join(" + "),
    // For a part that can promise nothing, findByOperationId never says that nothing was begun.
    idempotency: parts.every((part) => part.idempotency === "native") ? "native" : "adopt",
    prepare: async (models) => {
      for (const part of parts) await part.prepare?.(models);
    },
    versions: (model) => registry.versions(model),
    live: (model, environment) => serving.live(model, environment),
    history: (model, environment) => serving.history(model, environment),
    ...(registry.pointer === undefined ? {} : { pointer: registry.pointer.bind(registry) }),
    ...(runtime === null ? {} : { pointed: (model, environment) => registry.live(model, environment) }),
    snapshot,
    inverse,
    ...(serving.checkArtifact === undefined && registry.checkArtifact === undefined ? {} : { checkArtifact }),
    ...(trainer.proposeManifest === undefined
      ? {}
      : { proposeManifest: trainer.proposeManifest.bind(trainer) }),
    ...(registry.compare === undefined ? {} : { compare: registry.compare.bind(registry) }),
    ...(registry.report === undefined && serving.report === undefined ? {} : { report }),
    plan,
    start: (operation) => partOf(operation).start(halfOf(operation, "runtime")),
    observe,
    cancel: (ref, operation) => partOf(operation).cancel(ref, operation),
    ...(serving.advance === undefined ? {} : { advance: serving.advance.bind(serving) }),
    findByOperationId,
  };
}
