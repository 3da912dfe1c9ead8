import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createFrontier,
  emptyRoot,
  frontierPlaces,
  leafHash,
  nodeKey,
  nodesNeeded,
  type TreeHash,
  type TreeNode,
  treeOver,
  verifyConsistency,
  verifyInclusion,
} from "../../../src/domain/audit/merkle.ts";
import { createMerkleTree, type MerkleTree } from "./merkle-tree.ts";

const hex = (hash: TreeHash) => Buffer.from(hash).toString("hex");
const leaf = (index: number) => leafHash(new TextEncoder().encode(`entry ${index}`));

function treeOf(size: number): MerkleTree {
  const tree = createMerkleTree();
  for (let index = 0; index < size; index += 1) tree.add(leaf(index));
  return tree;
}

/** The definition of RFC 6962, section 2.1, written down as it stands there. */
function rootByDefinition(leaves: readonly TreeHash[]): TreeHash {
  const [only] = leaves;
  if (only === undefined) return emptyRoot;
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const joined = [rootByDefinition(leaves.slice(0, split)), rootByDefinition(leaves.slice(split))];
  return createHash("sha256")
    .update(Buffer.concat([Uint8Array.of(1), ...joined]))
    .digest();
}

describe("roots", () => {
  test("are those of the eight well-known test entries", () => {
    const entries = [
      "",
      "00",
      "10",
      "2021",
      "3031",
      "40414243",
      "5051525354555657",
      "606162636465666768696a6b6c6d6e6f",
    ];
    const roots = [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    const tree = createMerkleTree();
    expect(hex(tree.root())).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (const [index, entry] of entries.entries()) {
      tree.add(leafHash(Buffer.from(entry, "hex")));
      expect(hex(tree.root())).toBe(roots[index]);
    }
    expect(hex(tree.root(3))).toBe(roots[2]);
  });

  test("are those of the definition, for every size, also asked for later", () => {
    const tree = treeOf(70);
    for (let size = 0; size <= 70; size += 1)
      expect(hex(tree.root(size))).toBe(
        hex(rootByDefinition(Array.from({ length: size }, (_, i) => leaf(i)))),
      );
  });

  test("of a size that it never had are refused", () => {
    expect(() => treeOf(5).root(6)).toThrow("a tree of 5 entries never had the size 6");
    expect(() => treeOf(5).inclusion(5)).toThrow("entry 6 is not in a tree of 5 entries");
    expect(() => treeOf(5).consistency(4, 3)).toThrow("a tree of 3 does not hold one of 4");
  });
});

const size = fc.integer({ min: 1, max: 200 });

describe("a proof that an entry is in the log", () => {
  test("holds for every entry of every size, and for no other entry, place, size or root", () => {
    const tree = treeOf(200);
    fc.assert(
      fc.property(size, fc.nat(), fc.nat(), (count, at, elsewhere) => {
        const index = at % count;
        const proof = tree.inclusion(index, count);
        const root = tree.root(count);
        expect(verifyInclusion(leaf(index), index, count, proof, root)).toBe(true);
        expect(verifyInclusion(leaf(index + 1), index, count, proof, root)).toBe(false);
        expect(verifyInclusion(leaf(index), index, count, proof, leaf(0xbad))).toBe(false);
        expect(verifyInclusion(leaf(index), count, count, proof, root)).toBe(false);
        const other = elsewhere % count;
        if (other !== index) expect(verifyInclusion(leaf(index), other, count, proof, root)).toBe(false);
        expect(verifyInclusion(leaf(index), index, count, [...proof, root], root)).toBe(false);
        if (proof.length > 0)
          expect(verifyInclusion(leaf(index), index, count, proof.slice(1), root)).toBe(false);
      }),
    );
  });
});

describe("a proof that a log only grew", () => {
  test("holds between any two sizes, and not when anything before was changed", () => {
    const tree = treeOf(200);
    fc.assert(
      fc.property(size, size, fc.nat(), (a, b, at) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const proof = tree.consistency(from, to);
        const [old, young] = [
          { size: from, root: tree.root(from) },
          { size: to, root: tree.root(to) },
        ];
        expect(verifyConsistency(old, young, proof)).toBe(true);
        const edited = createMerkleTree();
        for (let index = 0; index < from; index += 1) edited.add(leaf(index === at % from ? 0xbad : index));
        expect(verifyConsistency({ size: from, root: edited.root() }, young, proof)).toBe(false);
        expect(verifyConsistency(old, { size: to, root: leaf(0xbad) }, proof)).toBe(false);
        if (from < to) expect(verifyConsistency(young, old, proof)).toBe(false);
      }),
    );
  });

  test("of a log that began empty needs nothing", () => {
    const tree = treeOf(3);
    const empty = { size: 0, root: emptyRoot };
    expect(tree.consistency(0)).toEqual([]);
    expect(verifyConsistency(empty, { size: 3, root: tree.root() }, [])).toBe(true);
    expect(verifyConsistency({ size: 0, root: leaf(1) }, { size: 3, root: tree.root() }, [])).toBe(false);
  });
});

describe("a tree whose nodes are kept elsewhere", () => {
  /** What a table of nodes would hold. */
  function nodesOf(size: number): Map<string, TreeNode> {
    const frontier = createFrontier();
    const completed = Array.from({ length: size }, (_, index) => frontier.add(leaf(index))).flat();
    return new Map(completed.map((node) => [nodeKey(node), node]));
  }

  test("answers as the one in memory, from few nodes", () => {
    const nodes = nodesOf(200);
    const memory = treeOf(200);
    fc.assert(
      fc.property(size, size, fc.nat(), (a, b, at) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const ask = (tree: Pick<MerkleTree, "root" | "inclusion" | "consistency">) =>
          [tree.root(to), ...tree.inclusion(at % to, to), ...tree.consistency(from, to)].map(hex);
        const places = nodesNeeded(200, ask);
        expect(places.length).toBeLessThan(5 * Math.log2(256));
        const fetched = new Map(places.map((place) => [nodeKey(place), nodes.get(nodeKey(place))]));
        const view = treeOver(200, (place) => fetched.get(nodeKey(place))?.hash ?? emptyRoot);
        expect(ask(view)).toEqual(ask(memory));
      }),
    );
  });

  test("goes on from any size by its right edge alone", () => {
    const nodes = nodesOf(200);
    const root = hex(treeOf(200).root());
    fc.assert(
      fc.property(fc.nat(199), (size) => {
        const edge = frontierPlaces(size).map((place) => nodes.get(nodeKey(place)));
        const frontier = createFrontier(edge.filter((node) => node !== undefined));
        expect(frontier.size).toBe(size);
        for (let index = size; index < 200; index += 1) frontier.add(leaf(index));
        expect(hex(frontier.root())).toBe(root);
      }),
    );
  });
});
