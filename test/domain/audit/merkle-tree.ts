import {
  createFrontier,
  nodeKey,
  type TreeHash,
  type TreeView,
  treeOver,
} from "../../../src/domain/audit/merkle.ts";

/** A tree that grows leaf by leaf in memory and remembers every node, as the store's does. */
export interface MerkleTree extends TreeView {
  readonly size: number;
  /** Adds a leaf by its hash. */
  add(leaf: TreeHash): void;
}

export function createMerkleTree(): MerkleTree {
  const nodes = new Map<string, TreeHash>();
  const frontier = createFrontier();
  const view = () =>
    treeOver(frontier.size, (place) => {
      const hash = nodes.get(nodeKey(place));
      if (hash === undefined) throw new RangeError(`there is no node ${nodeKey(place)}`);
      return hash;
    });
  return {
    get size() {
      return frontier.size;
    },
    add(leaf) {
      for (const node of frontier.add(leaf)) nodes.set(nodeKey(node), node.hash);
    },
    root: (size) => view().root(size),
    inclusion: (index, size) => view().inclusion(index, size),
    consistency: (from, to) => view().consistency(from, to),
  };
}
