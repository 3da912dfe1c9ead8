/** Work that must happen after a commit. Written in the same transaction as the state it follows. */
export type Job =
  /** Bring a channel up to date. */
  | { readonly task: "post"; readonly platform: string; readonly channel: string }
  | { readonly task: "explain"; readonly incidentId: number }
  /** End the sleep of an incident whose time has come. */
  | { readonly task: "wake"; readonly incidentId: number }
  /** Look whether somebody has to be told that nobody has it. */
  | { readonly task: "escalate"; readonly incidentId: number }
  /** Bring an incident's own channel up to date, or open one. */
  | { readonly task: "channel"; readonly incidentId: number }
  /** Tell pagers outside what became of an incident that they were told of. */
  | { readonly task: "page"; readonly incidentId: number }
  /** Read metrics around the start of an incident. */
  | { readonly task: "measure"; readonly incidentId: number }
  | { readonly task: "execute"; readonly requestKey: string }
  /** Move a rollout on by one step. */
  | { readonly task: "apply"; readonly rolloutId: number }
  | { readonly task: "digest"; readonly digestRunId: number }
  /** Judge what was pushed of a model. */
  | { readonly task: "monitor"; readonly model: string; readonly environment: string }
  /** Sign a checkpoint of the audit log. */
  | { readonly task: "checkpoint" }
  /** Bring checkpoints to one destination. */
  | { readonly task: "publish"; readonly destination: string };

export interface JobQueue {
  /** Jobs for the same thing coalesce; `runAt` null means at once. */
  add(job: Job, options?: { readonly runAt?: Date | null }): Promise<void>;
  /** The same for many, in one statement. */
  addAll(jobs: readonly Job[], options?: { readonly runAt?: Date | null }): Promise<void>;
}
