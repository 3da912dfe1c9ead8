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
}

export interface LiveVersion {
  readonly version: string | null;
  readonly since: Date | null;
  readonly by: string | null;
}

export type RolloutKind = "deploy" | "rollback" | "retrain";

/** What is asked of a backend. Identifies the work across crashes. */
export interface Operation {
  /** Unique, chosen by us, at most 64 of [a-z0-9-]; what findByOperationId looks for. */
  readonly operationId: string;
  readonly kind: RolloutKind;
  readonly model: string;
  readonly environment: string;
  /** Version that serves before; null when none does. */
  readonly from: string | null;
  /** Version to serve after; null for a retrain. */
  readonly to: string | null;
  readonly requestedBy: string;
  readonly reason: string;
}

/** An operation before it is asked for: what {@link ModelBackend.plan} needs of it. */
export type PlannedOperation = Omit<Operation, "operationId" | "requestedBy">;

/** Reference to running work, in the backend's own terms; JSON. */
export type ExternalRef = Readonly<Record<string, string>>;

export type Observed =
  | {
      readonly kind: "running";
      readonly steps: readonly {
        readonly label: string;
        readonly state: "waiting" | "running" | "done" | "failed";
      }[];
      readonly logTail: string;
    }
  | {
      readonly kind: "succeeded";
      readonly result: string;
      readonly newVersion: string | null;
      readonly metrics: Readonly<Record<string, number>>;
      readonly logTail: string;
    }
  | { readonly kind: "failed"; readonly problem: string; readonly logTail: string }
  | { readonly kind: "cancelled"; readonly logTail: string }
  /** The work cannot be seen any more and nobody knows how it ended: a person decides. */
  | { readonly kind: "lost"; readonly problem: string; readonly logTail: string };

/** Thrown by {@link ModelBackend.start} when it is certain that nothing was started. */
export class NotStartedError extends Error {
  override readonly name = "NotStartedError";
}

export type FindOperation =
  | { readonly kind: "found"; readonly ref: ExternalRef }
  | { readonly kind: "absent" }
  /** The backend cannot look: the rollout becomes `unknown` and a person decides. */
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

/** One place where models live. One file in `src/adapters/models/`. */
export interface ModelBackend {
  readonly name: string;
  /**
   * native: starting twice with one operation id is one start. adopt: a second start is refused and the first can be
   * found. none: it cannot be told; an interrupted start becomes `unknown`.
   */
  readonly idempotency: "native" | "adopt" | "none";
  versions(model: string): Promise<readonly ModelVersion[]>;
  live(model: string, environment: string): Promise<LiveVersion>;
  /** Versions that served, newest first. */
  history(
    model: string,
    environment: string,
  ): Promise<readonly { readonly version: string; readonly from: Date; readonly by: string | null }[]>;
  /** What the operation would do; changes nothing. Called again at apply, and must then say the same. */
  plan(operation: PlannedOperation): Promise<BackendPlan>;
  /** Begins the work. Any error but {@link NotStartedError} leaves open whether it began. */
  start(operation: Operation): Promise<ExternalRef>;
  observe(ref: ExternalRef): Promise<Observed>;
  /** Asks it to stop; "requested" until observed. May be called more than once. Throws when it cannot be stopped. */
  cancel(ref: ExternalRef): Promise<void>;
  findByOperationId(operationId: string): Promise<FindOperation>;
}

/** A backend file's default export. `settings` is what tocsin.yaml says under `models.<model>.settings`, by model. */
export interface ModelBackendPlugin {
  readonly name: string;
  readonly summary: string;
  create(settings: ReadonlyMap<string, unknown>): ModelBackend;
}

export function defineModelBackend(plugin: ModelBackendPlugin): ModelBackendPlugin {
  return plugin;
}
