import type { RegistryPointer } from "../domain/change.ts";
import type { ModelReport } from "../domain/monitoring/report.ts";
import type { MetricComparison } from "../domain/rollout/metric-comparison.ts";
import type { Observed } from "../domain/rollout/observation.ts";
import type { RetrainManifest } from "../domain/rollout/retrain-manifest.ts";
import type { ServedVersion } from "../domain/serving/intervals.ts";
import type { HttpClient } from "./http-client.ts";
import type { Clock, Log } from "./observability.ts";
import type { Operation, PlannedOperation, Snapshot } from "./operation.ts";
import type { Store } from "./store.ts";

export type { Observed } from "../domain/rollout/observation.ts";
export type { Operation, PlannedOperation, RolloutKind, Snapshot } from "./operation.ts";

/** One version of a model. */
export interface ModelVersion {
  readonly version: string;
  readonly createdAt: Date | null;
  readonly createdBy: string | null;
  /** Name to value, higher or lower better is the reader's business. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly description: string;
  /** Content digest when the backend has one; checked again at apply. */
  readonly digest: string | null;
  /** What it was made from, where the backend knows. */
  readonly origin?: VersionOrigin;
  /** Absent where the backend knows of none. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** What a version was made from, each as its registry tells it; null where it does not. */
export interface VersionOrigin {
  /** The run that made it, in the backend's own terms. */
  readonly run: string | null;
  /** Commit of the code. */
  readonly commit: string | null;
  /** Data it was trained on, with its version: "transactions 3f2a". */
  readonly data: string | null;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A version that a retrain made, as its registry sees it. */
export interface MadeVersion {
  readonly version: string;
  /** pending: it is still being stored. failed: it never will be. */
  readonly state: "ready" | "pending" | "failed";
  readonly metrics: Readonly<Record<string, number>>;
  /** Beside what serves, where both were measured on the same data. */
  readonly comparison: readonly MetricComparison[];
  /** What it was made from, where the registry knows. */
  readonly origin?: VersionOrigin;
}

export interface LiveVersion {
  readonly version: string | null;
  readonly since: Date | null;
  readonly by: string | null;
}

/** Reference to running work, in the backend's own terms; JSON. */
export type ExternalRef = Readonly<Record<string, string>>;

/** Thrown by {@link ModelBackend.start} when it is certain that nothing was started. */
export class NotStartedError extends Error {
  override readonly name = "NotStartedError";
}

export type FindOperation =
  | { readonly kind: "found"; readonly ref: ExternalRef }
  | { readonly kind: "absent" }
  /** The backend cannot look: the rollout becomes `unknown` and a person decides. */
  | { readonly kind: "cannot_look"; readonly problem: string };

export type ArtifactCheck =
  | { readonly kind: "present" }
  | { readonly kind: "missing"; readonly problem: string }
  /** The backend has no way to look; said on the plan. */
  | { readonly kind: "cannot_look"; readonly problem: string };

export type BackendPlan =
  | {
      readonly kind: "plan";
      readonly steps: readonly string[];
      readonly notes: readonly string[];
      readonly expectedMs: number | null;
    }
  /** `problem` names the value, `remedy` what to do instead. */
  | { readonly kind: "refuse"; readonly reason: string; readonly problem: string; readonly remedy: string };

/** @param problem - names the value. @param remedy - what to do instead. */
export function refusePlan(
  reason: string,
  problem: string,
  remedy: string,
): Extract<BackendPlan, { readonly kind: "refuse" }> {
  return { kind: "refuse", reason, problem, remedy };
}

/** What a system behind a backend says of its own accord: `POST /callbacks/<backend>/<operation id>`. Not yet proved. */
export interface OperationMessage {
  readonly operationId: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most 64 kB. */
  readonly body: Uint8Array;
  readonly receivedAt: Date;
}

export type OperationMessageAnswer =
  | { readonly kind: "accepted" }
  | {
      readonly kind: "refused";
      readonly status: 400 | 401 | 409;
      /** A word for programs. */
      readonly error: string;
      readonly message: string;
      readonly remedy: string;
    };

/** One place where models live. One file in `src/adapters/models/`. */
export interface ModelBackend {
  readonly name: string;
  /**
   * native: starting twice with one operation id is one start. adopt: a second start is refused and the first can be
   * found. none: it cannot be told; an interrupted start becomes `unknown`.
   */
  readonly idempotency: "native" | "adopt" | "none";
  /** Called once at start, before anything is asked; makes what must be there. */
  prepare?(
    models: readonly { readonly name: string; readonly environments: readonly string[] }[],
  ): Promise<void>;
  /** The registry's name for what serves in an environment, for policies; left out: the usual one. */
  aliasOf?(model: string, environment: string): string;
  versions(model: string): Promise<readonly ModelVersion[]>;
  live(model: string, environment: string): Promise<LiveVersion>;
  /** Versions that served, newest first. */
  history(model: string, environment: string): Promise<readonly ServedVersion[]>;
  /** The pointer that decides what serves, as the registry's own messages name it; null when there is none. */
  pointer?(model: string, environment: string): RegistryPointer | null;
  /** For a model whose registry and runtime are two places: what the registry points to. */
  pointed?(model: string, environment: string): Promise<LiveVersion>;
  /** What serves now, to be kept before a rollout starts. */
  snapshot(model: string, environment: string): Promise<Snapshot>;
  /** The operation that undoes one, given what served before it; null when nothing can: a retrain, a first deploy. */
  inverse(operation: Operation, snapshot: Snapshot): PlannedOperation | null;
  /** Two versions, measured on the same data; empty when they were not. For the card and the evaluation gate. */
  compare?(model: string, champion: string, challenger: string): Promise<readonly MetricComparison[]>;
  /** What was last measured of what serves, where somebody logs it there; null while there is nothing. For monitoring. */
  report?(model: string, environment: string): Promise<ModelReport | null>;
  /** Whether what would serve `version` still exists: an image, a model's files. Asked before a rollback. */
  checkArtifact?(model: string, version: string): Promise<ArtifactCheck>;
  /**
   * What a retrain would be made from, where the training knows more than what was given; for the plan. Differing from
   * what was given says that it cannot be had.
   */
  proposeManifest?(model: string, given: RetrainManifest): Promise<RetrainManifest>;
  /** What the operation would do; changes nothing. Called again at apply, and must then say the same. */
  plan(operation: PlannedOperation): Promise<BackendPlan>;
  /** Begins the work. Any error but {@link NotStartedError} leaves open whether it began. */
  start(operation: Operation): Promise<ExternalRef>;
  /** @param operation - the one that `ref` came of. */
  observe(ref: ExternalRef, operation: Operation): Promise<Observed>;
  /** Asks it to stop; "requested" until observed. May be called more than once. Throws when it cannot be stopped. */
  cancel(ref: ExternalRef, operation: Operation): Promise<void>;
  /** Lets a canary that holds at `hold` take its next step. Asked again after a crash: a hold that is over stays over. */
  advance?(ref: ExternalRef, operation: Operation, hold: string): Promise<void>;
  /** @param kind - tells a backend of several parts which of them would have begun it. */
  findByOperationId(operationId: string, kind?: Operation["kind"]): Promise<FindOperation>;
  /** Takes what the system reports of an operation, once it is proved to come from there; on any replica. */
  receive?(message: OperationMessage): Promise<OperationMessageAnswer>;
  /** For a registry beside a training: the version that a retrain made, or null while it has none of that operation. */
  versionOf?(operation: Operation): Promise<MadeVersion | null>;
}

/** What a backend is given beside its settings; it reaches for nothing else. */
export interface BackendContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly http: HttpClient;
  /** Environment variables that commands may be given, by name; a backend passes on only what its settings name. */
  readonly environment: Readonly<Record<string, string>>;
  /** Folder for what must outlive the process; made when needed. */
  readonly stateFolder: string;
  /** Fits the bot's own model; for the backend `builtin`. */
  readonly trainer: Trainer;
}

/** Fits weights from what people said and what happened. */
export interface Trainer {
  /**
   * Whether there is enough to learn from.
   * @param champion - as for {@link fit}.
   */
  check(
    champion: unknown,
  ): Promise<
    | { readonly kind: "enough"; readonly notes: readonly string[] }
    | { readonly kind: "too_little"; readonly problem: string; readonly remedy: string }
  >;
  /** What it would learn from now: its code, a digest of its data; it uses no randomness. */
  inputs(): Promise<RetrainManifest>;
  /**
   * @param champion - parameters of the version that serves; the start of the search and what is compared with.
   * @throws NotStartedError when there is too little to learn from by now.
   */
  fit(champion: unknown): Promise<Fitted>;
}

export interface Fitted {
  readonly parameters: unknown;
  /** Beside the champion, on the part that was held out. */
  readonly comparison: readonly MetricComparison[];
  /** One line: what it was fitted from. */
  readonly description: string;
}

/**
 * A backend file's default export: one file in `src/adapters/models/` (or in the folder named by `modelFiles.folder`),
 * name = file name.
 */
export interface ModelBackendPlugin {
  readonly name: string;
  readonly summary: string;
  /**
   * @param settings - what tocsin.yaml says under `models.<model>.settings`, by model.
   * @throws Error naming the setting and what is expected.
   */
  create(settings: ReadonlyMap<string, unknown>, context: BackendContext): ModelBackend;
}

export function defineModelBackend(plugin: ModelBackendPlugin): ModelBackendPlugin {
  return plugin;
}

/** The inverse of a deploy or rollback for backends whose versions say it all: back to the version before. */
export function inverseOperation(operation: Operation, snapshot: Snapshot): PlannedOperation | null {
  const { kind, model, environment, from, to, operationId } = operation;
  if (kind === "retrain" || from === null) return null;
  const reason = `undoes ${operationId}`;
  return {
    kind: "rollback",
    model,
    environment,
    from: to,
    to: from,
    restore: snapshot,
    manifest: null,
    reason,
  };
}
