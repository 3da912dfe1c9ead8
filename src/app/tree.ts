/** The Merkle tree over the audit log as it is stored: extended entry by entry, read a few nodes at a time. */

import {
  createFrontier,
  frontierPlaces,
  type NodePlace,
  nodeKey,
  nodesNeeded,
  type TreeNode,
  type TreeView,
  treeOver,
} from "../domain/audit/merkle.ts";
import { type AuditEntry, type ChainFault, createChainCheck, entryLeaf } from "../domain/audit.ts";
import type { CheckpointStore, Store, StoreSlices } from "../ports.ts";

/** Entries that one transaction brings into the tree. */
const batch = 2_000;

/** Asks the stored tree; only the nodes that the answer is made of are read. */
export async function askTree<Answer>(
  store: Pick<CheckpointStore, "nodes">,
  size: number,
  ask: (tree: TreeView) => Answer,
): Promise<Answer> {
  const nodes = await store.nodes(nodesNeeded(size, ask));
  const byPlace = new Map(nodes.map((node) => [nodeKey(node), node.hash]));
  return ask(treeOver(size, (place: NodePlace) => found(byPlace.get(nodeKey(place)), place)));
}

function found<Hash>(hash: Hash | undefined, place: NodePlace): Hash {
  if (hash === undefined) throw new RangeError(`there is no node ${nodeKey(place)}`);
  return hash;
}

/**
 * Brings the tree up to the entry of that number, checking each new entry and its link to the one before.
 * @returns what is wrong with the chain, or null: the tree then has at least that many leaves.
 */
export async function growTree(store: Store, to: number): Promise<ChainFault | null> {
  for (;;) {
    const done = await store.transaction(async (tx) => {
      await tx.checkpoints.lock();
      const size = await tx.checkpoints.treeSize();
      return size >= to ? "done" : await growBy(tx, size, Math.min(batch, to - size));
    });
    if (done === "done") return null;
    if (done !== "more") return done;
  }
}

async function growBy(tx: StoreSlices, size: number, count: number): Promise<"more" | ChainFault> {
  const frontier = createFrontier(await tx.checkpoints.nodes(frontierPlaces(size)));
  const entries = await tx.audit.read(size + 1, count);
  const fault = await faultAfter(tx, size, entries, count);
  if (fault !== null) return fault;
  const nodes: TreeNode[] = entries.flatMap((entry) => [...frontier.add(entryLeaf(entry.hash))]);
  await tx.checkpoints.extend(nodes);
  return "more";
}

/** The entries of a chain must follow from the last leaf, each from the one before, and none may be missing. */
async function faultAfter(
  tx: StoreSlices,
  size: number,
  entries: readonly AuditEntry[],
  count: number,
): Promise<ChainFault | null> {
  const [leaf] = size === 0 ? [] : await tx.checkpoints.leaves(size - 1, 1);
  const check = createChainCheck({ after: leaf === undefined ? null : { seq: size, leaf } });
  for (const entry of entries) {
    const fault = check.add(entry);
    if (fault !== null) return fault;
  }
  if (entries.length === count) return null;
  const seq = size + entries.length + 1;
  return { reason: "cut", seq, problem: `entry ${seq} was written and is missing` };
}
