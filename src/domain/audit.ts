/** What happened, before it is chained. */
export interface AuditRecord {
  readonly at: Date;
  /** Person id, or "tocsin". */
  readonly actor: string;
  /** Verb in the past or the name of the act: "rollout.approved", "silence.created", "start". */
  readonly action: string;
  /** "rollout:7", "incident:12", "model:fraud-scorer". */
  readonly subject: string;
  readonly outcome: "done" | "denied" | "refused" | "failed" | "requested";
  /** JSON; no secrets. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** One hash-chained record. */
export interface AuditEntry extends AuditRecord {
  readonly seq: number;
  readonly previousHash: string;
  readonly hash: string;
}
