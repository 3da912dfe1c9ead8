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

/**
 * A tree that grows leaf by leaf, and remembers every node, so that roots and proofs of any earlier size are answered
 * without reading leaves again: 32 bytes a node, two nodes a leaf.
 */
export interface MerkleTree {
  readonly size: number;
  /** Adds a leaf by its {@link leafHash}. */
  add(leaf: TreeHash): void;
  /** @throws RangeError when the tree never had that size. */
  root(size?: number): TreeHash;
  /** Audit path of leaf `index` (0 for the first) in the tree of that size. @throws RangeError */
  inclusion(index: number, size?: number): readonly TreeHash[];
  /** Proof that the tree of size `from` is a beginning of the tree of size `to`. @throws RangeError */
  consistency(from: number, to?: number): readonly TreeHash[];
}

export function createMerkleTree(): MerkleTree {
  /** Complete subtrees: `levels[h][i]` covers the leaves from i·2^h on. */
  const levels: TreeHash[][] = [[]];

  function add(leaf: TreeHash): void {
    let hash = leaf;
    for (let level = 0; ; level += 1) {
      const row = levels[level] ?? [];
      levels[level] = row;
      row.push(hash);
      if (row.length % 2 === 1) return;
      const left = row[row.length - 2];
      if (left === undefined) return;
      hash = nodeHash(left, hash);
    }
  }

  /** Root over the leaves from `from`, `count` of them; `from` is a multiple of the largest power of two below count. */
  function subtree(from: number, count: number): TreeHash {
    if (count === 0) return emptyRoot;
    const level = Math.log2(count);
    const whole = Number.isInteger(level) ? levels[level]?.[from / count] : undefined;
    if (whole !== undefined) return whole;
    const split = largestPowerBelow(count);
    return nodeHash(subtree(from, split), subtree(from + split, count - split));
  }

  const size = () => levels[0]?.length ?? 0;

  function checked(count: number): number {
    if (Number.isInteger(count) && count >= 0 && count <= size()) return count;
    throw new RangeError(`a tree of ${size()} entries never had the size ${count}`);
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
    get size() {
      return size();
    },
    add,
    root: (count = size()) => subtree(0, checked(count)),
    inclusion(index, count = size()) {
      if (!Number.isInteger(index) || index < 0 || index >= checked(count))
        throw new RangeError(`entry ${index + 1} is not in a tree of ${count} entries`);
      return path(index, 0, count);
    },
    consistency(from, to = size()) {
      if (checked(from) > checked(to)) throw new RangeError(`a tree of ${to} does not hold one of ${from}`);
      return from === 0 ? [] : extension(from, 0, to, true);
    },
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
  return last === 0 && isSame(hash, root);
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
  if (from.size === 0) return proof.length === 0 && isSame(from.root, emptyRoot);
  if (from.size === to.size) return proof.length === 0 && isSame(from.root, to.root);
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
  return last === 0 && isSame(old, from.root) && isSame(young, to.root);
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count));
}

function isSame(a: TreeHash, b: TreeHash): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
