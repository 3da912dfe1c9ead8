/**
 * Signs checkpoints of the audit log. One is never signed that does not contain the one before: then the log was
 * rewritten, and the bot says so loudly instead of vouching for it.
 */
import {
  type CheckpointSigner,
  formatVerifier,
  openCheckpoint,
  parseVerifier,
  signCheckpoint,
  verifierId,
  verifierOf,
} from "../domain/audit/checkpoint.ts";
import { verifyConsistency } from "../domain/audit/merkle.ts";
import type { Clock, Log, Metrics, Store, StoredCheckpoint, StoreSlices } from "../ports.ts";
import { askTree, growTree } from "./tree.ts";

export interface CheckpointOptions {
  readonly store: Store;
  readonly signer: CheckpointSigner;
  /** Names of the destinations that each checkpoint goes to. */
  readonly destinations: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export type CheckpointOutcome =
  | { readonly kind: "signed"; readonly checkpoint: StoredCheckpoint }
  /** Nothing was written since the one before; null while the log is empty. */
  | { readonly kind: "current"; readonly checkpoint: StoredCheckpoint | null }
  | {
      readonly kind: "refused";
      readonly reason: "broken" | "inconsistent" | "other_key";
      readonly problem: string;
      readonly remedy: string;
    };

/** What to do about a key that is not the one before. */
export type KeyChange = "refuse" | "accept";

export interface Checkpointer {
  /** Signs what is there now. */
  sign(keyChange?: KeyChange): Promise<CheckpointOutcome>;
  /** What would keep the next one from being signed, or null; writes nothing. */
  problem(): Promise<Extract<CheckpointOutcome, { kind: "refused" }> | null>;
}

type Refused = Extract<CheckpointOutcome, { kind: "refused" }>;

export function createCheckpointer(options: CheckpointOptions): Checkpointer {
  const { store, signer, clock, log, metrics } = options;
  const key = formatVerifier(verifierOf(signer));

  async function sign(keyChange: KeyChange = "refuse"): Promise<CheckpointOutcome> {
    const outcome = await attempt(keyChange);
    metrics.count("tocsin_audit_checkpoints_total", {
      outcome: outcome.kind === "refused" ? outcome.reason : outcome.kind,
    });
    if (outcome.kind === "refused") {
      const { reason, problem, remedy } = outcome;
      log.error({ reason, problem, remedy }, "checkpoint: refused to sign the audit log");
    }
    if (outcome.kind === "signed")
      log.info({ size: outcome.checkpoint.size }, "checkpoint: signed the audit log");
    return outcome;
  }

  async function attempt(keyChange: KeyChange): Promise<CheckpointOutcome> {
    const head = await store.audit.mark();
    if (head === null) return { kind: "current", checkpoint: null };
    const fault = await growTree(store, head.seq);
    if (fault !== null) return broken(`${fault.problem} (${fault.reason})`);
    return await store.transaction(async (tx) => {
      await tx.checkpoints.lock();
      const before = await tx.checkpoints.newest();
      const refused = before === null ? null : await refusal(tx, before, keyChange);
      if (refused !== null) return refused;
      if (before !== null && before.size >= head.seq && before.key === key)
        return { kind: "current", checkpoint: before };
      if (before?.size === head.seq)
        return otherKey(
          before,
          "Nothing was written since; the next checkpoint can be signed with the new key.",
        );
      return { kind: "signed", checkpoint: await keep(tx, head.seq) };
    });
  }

  async function keep(tx: StoreSlices, size: number): Promise<StoredCheckpoint> {
    const root = await askTree(tx.checkpoints, size, (tree) => tree.root());
    const checkpoint = { size, at: clock.now(), note: signCheckpoint({ size, root }, signer), key };
    await tx.checkpoints.keep(checkpoint, options.destinations);
    for (const destination of options.destinations) await tx.jobs.add({ task: "publish", destination });
    return checkpoint;
  }

  async function refusal(
    tx: StoreSlices,
    before: StoredCheckpoint,
    keyChange: KeyChange,
  ): Promise<Refused | null> {
    if (before.key !== key && keyChange === "refuse")
      return otherKey(
        before,
        "Give every replica the same key (audit.key), or accept this one: tocsin audit checkpoint --new-key.",
      );
    const size = await tx.checkpoints.treeSize();
    if (size < before.size) return broken(`the tree has ${size} leaves, and ${before.size} were signed`);
    const known = openCheckpoint(before.note, parseVerifier(before.key));
    const { root, proof } = await askTree(tx.checkpoints, size, (tree) => ({
      root: tree.root(),
      proof: tree.consistency(known.size),
    }));
    if (verifyConsistency(known, { size, root }, proof)) return null;
    return {
      kind: "refused",
      reason: "inconsistent",
      problem: `the log does not begin with the ${known.size} entries of the checkpoint before: it was rewritten`,
      remedy: "Run tocsin audit verify, and compare with a checkpoint that was published.",
    };
  }

  function otherKey(before: StoredCheckpoint, remedy: string): Refused {
    const ids = [verifierId(parseVerifier(before.key)), verifierId(verifierOf(signer))];
    return {
      kind: "refused",
      reason: "other_key",
      problem: `the newest checkpoint was signed with the key ${ids[0]}, and this replica has ${ids[1]}`,
      remedy,
    };
  }

  function broken(problem: string): Refused {
    return {
      kind: "refused",
      reason: "broken",
      problem,
      remedy: "Run tocsin audit verify: it names the first entry that is wrong.",
    };
  }

  async function problem(): Promise<Refused | null> {
    return await store.transaction(async (tx) => {
      const before = await tx.checkpoints.newest();
      return before === null ? null : await refusal(tx, before, "refuse");
    });
  }

  return { sign, problem };
}
