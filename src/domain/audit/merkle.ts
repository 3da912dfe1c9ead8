/**
 * The Merkle tree of RFC 6962 over a log: its root says what every entry was, in few bytes; a proof says that one
 * entry is in it, or that a later tree only added to it.
 * @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1
 */
import { createHash } from "node:crypto";

/** SHA-256, 32 bytes. */
export type TreeHash = Uint8Array;

/** Root of the tree without leaves. */
export const emptyRoot: TreeHash = createHash("sha256").digest();

/** Hash of one leaf. The prefix keeps a leaf from passing for an inner node. */
export function leafHash(data: Uint8Array): TreeHash {
  return createHash("sha256").update(leafPrefix).update(data).digest();
}

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

function nodeHash(left: TreeHash, right: TreeHash): TreeHash {
  return createHash("sha256").update(nodePrefix).update(left).update(right).digest();
}

/** A complete subtree: it covers the leaves from `index`·2^`level` on. */
export interface NodePlace {
  readonly level: number;
  readonly index: number;
}

export interface TreeNode extends NodePlace {
  readonly hash: TreeHash;
}

/** Where the hashes of complete subtrees come from. */
export type NodeAt = (place: NodePlace) => TreeHash;

/** What can be asked of a tree of a size, each from O(log n) nodes. */
export interface TreeView {
  readonly size: number;
  /** @throws RangeError when the tree never had that size. */
  root(size?: number): TreeHash;
  /** Audit path of leaf `index` (0 for the first) in the tree of that size. @throws RangeError */
  inclusion(index: number, size?: number): readonly TreeHash[];
  /** Proof that the tree of size `from` is a beginning of the tree of size `to`. @throws RangeError */
  consistency(from: number, to?: number): readonly TreeHash[];
}

/** The tree of that many leaves over nodes that are kept elsewhere. */
export function treeOver(treeSize: number, nodeAt: NodeAt): TreeView {
  /** Root over the leaves from `from`, `count` of them; `from` is a multiple of the largest power of two below count. */
  function subtree(from: number, count: number): TreeHash {
    if (count === 0) return emptyRoot;
    if (isPowerOfTwo(count)) return nodeAt({ level: Math.log2(count), index: from / count });
    const split = largestPowerBelow(count);
    return nodeHash(subtree(from, split), subtree(from + split, count - split));
  }

  function checked(count: number): number {
    if (Number.isInteger(count) && count >= 0 && count <= treeSize) return count;
    throw new RangeError(`a tree of ${treeSize} entries never had the size ${count}`);
  }

  function path(index: number, from: number, count: number): TreeHash[] {
    if (count <= 1) return [];
    const split = largestPowerBelow(count);
    return index < split
      ? [...path(index, from, split), subtree(from + split, count - split)]
      : [...path(index - split, from + split, count - split), subtree(from, split)];
  }

  function extension(old: number, from: number, count: number, isWhole: boolean): TreeHash[] {
    if (old === count) return isWhole ? [] : [subtree(from, count)];
    const split = largestPowerBelow(count);
    return old <= split
      ? [...extension(old, from, split, isWhole), subtree(from + split, count - split)]
      : [...extension(old - split, from + split, count - split, false), subtree(from, split)];
  }

  return {
    size: treeSize,
    root: (count = treeSize) => subtree(0, checked(count)),
    inclusion(index, count = treeSize) {
      if (!Number.isInteger(index) || index < 0 || index >= checked(count))
        throw new RangeError(`entry ${index + 1} is not in a tree of ${count} entries`);
      return path(index, 0, count);
    },
    consistency(from, to = treeSize) {
      if (checked(from) > checked(to)) throw new RangeError(`a tree of ${to} does not hold one of ${from}`);
      return from === 0 ? [] : extension(from, 0, to, true);
    },
  };
}

/** The nodes that an answer is made of, so that they can be fetched at once before it is asked for. */
export function nodesNeeded(size: number, ask: (tree: TreeView) => unknown): readonly NodePlace[] {
  const places = new Map<string, NodePlace>();
  const note = (place: NodePlace) => {
    places.set(nodeKey(place), place);
    return emptyRoot;
  };
  ask(treeOver(size, note));
  return [...places.values()];
}

/** Text that stands for a place. */
export function nodeKey({ level, index }: NodePlace): string {
  return `${level}/${index}`;
}

/** The complete subtrees that a tree of that size is made of, left to right. */
export function frontierPlaces(size: number): readonly NodePlace[] {
  const places: NodePlace[] = [];
  for (let from = 0; from < size; ) {
    let level = 0;
    while (from % 2 ** (level + 1) === 0 && from + 2 ** (level + 1) <= size) level += 1;
    places.push({ level, index: from / 2 ** level });
    from += 2 ** level;
  }
  return places;
}

/** The right edge of a tree: enough to add leaves and to know the root, in O(log n) memory. */
export interface Frontier {
  readonly size: number;
  /** Adds a leaf by its {@link leafHash}; returns the nodes that it completed, the leaf first. */
  add(leaf: TreeHash): readonly TreeNode[];
  root(): TreeHash;
}

/** @param from - nodes at {@link frontierPlaces} of the tree to go on from; none for an empty one. */
export function createFrontier(from: readonly TreeNode[] = []): Frontier {
  const edge = [...from];
  let size = from.reduce((sum, { level }) => sum + 2 ** level, 0);

  function add(leaf: TreeHash): readonly TreeNode[] {
    let node: TreeNode = { level: 0, index: size, hash: leaf };
    const completed = [node];
    while (node.index % 2 === 1) {
      const left = edge.pop();
      if (left?.level !== node.level) throw new RangeError("the frontier does not fit its size");
      node = {
        level: node.level + 1,
        index: (node.index - 1) / 2,
        hash: nodeHash(left.hash, node.hash),
      };
      completed.push(node);
    }
    edge.push(node);
    size += 1;
    return completed;
  }

  function root(): TreeHash {
    const [last, ...rest] = [...edge].reverse();
    if (last === undefined) return emptyRoot;
    return rest.reduce((right, left) => nodeHash(left.hash, right), last.hash);
  }

  return {
    get size() {
      return size;
    },
    add,
    root,
  };
}

/** The largest power of two smaller than `count`, for count above 1. */
function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/**
 * Whether the path leads from leaf `index` to the root of the tree of that size.
 * @see https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2
 */
export function verifyInclusion(
  leaf: TreeHash,
  index: number,
  size: number,
  proof: readonly TreeHash[],
  root: TreeHash,
): boolean {
  if (!Number.isInteger(index) || index < 0 || index >= size) return false;
  let [node, last] = [index, size - 1];
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    } else hash = nodeHash(hash, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && isSameHash(hash, root);
}

/**
 * Whether the tree of size `to` begins with the one of size `from`.
 * @see https://www.rfc-editor.org/rfc/rfc9162#section-2.1.4.2
 */
export function verifyConsistency(
  from: { readonly size: number; readonly root: TreeHash },
  to: { readonly size: number; readonly root: TreeHash },
  proof: readonly TreeHash[],
): boolean {
  if (from.size > to.size || from.size < 0) return false;
  if (from.size === 0) return proof.length === 0 && isSameHash(from.root, emptyRoot);
  if (from.size === to.size) return proof.length === 0 && isSameHash(from.root, to.root);
  const path = isPowerOfTwo(from.size) ? [from.root, ...proof] : [...proof];
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let [node, last] = [from.size - 1, to.size - 1];
  while (node % 2 === 1) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  let [old, young] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      old = nodeHash(sibling, old);
      young = nodeHash(sibling, young);
      while (node % 2 === 0 && node !== 0) [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    } else young = nodeHash(young, sibling);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return last === 0 && isSameHash(old, from.root) && isSameHash(young, to.root);
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}

/** Whether two hashes are the same bytes. */
export function isSameHash(a: TreeHash, b: TreeHash): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
