import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  CheckpointError,
  formatConsistency,
  formatProof,
  formatVerifier,
  openCheckpoint,
  openConsistency,
  openProof,
  parseProof,
  parseVerifier,
  readSigner,
  signCheckpoint,
  splitNotes,
  verifierOf,
} from "../../../src/domain/audit/checkpoint.ts";
import { leafHash } from "../../../src/domain/audit/merkle.ts";
import { createMerkleTree } from "./merkle-tree.ts";

const newKey = (type: "ed25519" | "x25519" = "ed25519") =>
  // The two overloads of one function take the type as a literal each.
  (type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("x25519")).privateKey.export({
    type: "pkcs8",
    format: "pem",
  }) as string;
const signer = readSigner("tocsin.example/audit", newKey());
const verifier = verifierOf(signer);
const leaf = (index: number) => leafHash(new TextEncoder().encode(`entry ${index}`));
const tree = createMerkleTree();
for (let index = 0; index < 21; index += 1) tree.add(leaf(index));
const note = signCheckpoint({ size: tree.size, root: tree.root() }, signer);

describe("a checkpoint", () => {
  test("is origin, size and root on lines of their own, and a signature", () => {
    const lines = note.split("\n");
    expect(lines.slice(0, 4)).toEqual([
      "tocsin.example/audit",
      "21",
      Buffer.from(tree.root()).toString("base64"),
      "",
    ]);
    expect(lines[4]).toMatch(/^— tocsin\.example\/audit [A-Za-z0-9+/]{91}=$/);
    expect(note.endsWith("\n")).toBe(true);
  });

  test("is read back by whoever has the key as one line of text", () => {
    const known = parseVerifier(formatVerifier(verifier));
    const opened = openCheckpoint(note, known);
    expect(opened).toMatchObject({ origin: "tocsin.example/audit", size: 21 });
    expect(Buffer.from(opened.root)).toEqual(Buffer.from(tree.root()));
  });

  test("may bear signatures of witnesses beside ours", () => {
    const witnessed = `${note}— witness.example ${Buffer.alloc(76, 7).toString("base64")}\n`;
    expect(openCheckpoint(witnessed, verifier).size).toBe(21);
  });

  test.each([
    ["another size", note.replace("\n21\n", "\n22\n"), "is wrong"],
    [
      "another root",
      note.replace(/\n[^\n]{44}\n\n/, `\n${Buffer.alloc(32).toString("base64")}\n\n`),
      "is wrong",
    ],
    ["another name", note.replaceAll("tocsin.example/audit", "other.example/audit"), "bears no signature"],
    ["no signature", note.slice(0, note.indexOf("—")), "bears no signature"],
    ["a cut signature", `${note.slice(0, -12)}\n`, "bears no signature"],
    ["nothing", "", "bears no signature"],
    ["a megabyte", "x".repeat(1_000_000), "too long"],
  ])("with %s is refused", (_, changed, problem) => {
    expect(() => openCheckpoint(changed, verifier)).toThrow(CheckpointError);
    expect(() => openCheckpoint(changed, verifier)).toThrow(problem);
  });

  test("of another key under the same name is refused", () => {
    const other = verifierOf(readSigner(signer.name, newKey()));
    expect(() => openCheckpoint(note, other)).toThrow("bears no signature");
  });

  test("signed over something that is no checkpoint is refused all the same", () => {
    const odd = signCheckpoint({ size: Number.NaN, root: tree.root() }, signer);
    expect(() => openCheckpoint(odd, verifier)).toThrow("this is not a checkpoint");
  });
});

describe("a key", () => {
  test("that is not one, or of another kind, is refused with what is expected", () => {
    expect(() => readSigner("x", "no key")).toThrow("not a private key in PEM");
    expect(() => readSigner("x", newKey("x25519"))).toThrow("of type x25519; expected ed25519");
    expect(() => parseVerifier("hello")).toThrow("expected NAME+ID+KEY");
  });

  test("whose id is that of another is refused", () => {
    const line = formatVerifier(verifier);
    expect(() => parseVerifier(line.replace("tocsin.example", "tocsin.exampl"))).toThrow(
      "does not match its own id",
    );
  });
});

describe("a proof", () => {
  const proof = formatProof({ index: 6, path: tree.inclusion(6), note, extra: null });

  test("says which entry it is, in which checkpoint", () => {
    expect(proof.split("\n").slice(0, 2)).toEqual(["c2sp.org/tlog-proof@v1", "index 6"]);
    expect(openProof(proof, leaf(6), verifier)).toMatchObject({ index: 6, checkpoint: { size: 21 } });
  });

  test("holds for no other entry, place, path or key", () => {
    expect(() => openProof(proof, leaf(7), verifier)).toThrow("is not number 7 of the log");
    expect(() => openProof(proof.replace("index 6", "index 5"), leaf(6), verifier)).toThrow(
      "is not number 6",
    );
    const [header, index, , ...rest] = proof.split("\n");
    expect(() => openProof([header, index, ...rest].join("\n"), leaf(6), verifier)).toThrow(
      "is not number 7",
    );
    expect(() => openProof(proof, leaf(6), verifierOf(readSigner(signer.name, newKey())))).toThrow(
      CheckpointError,
    );
  });

  test.each(
    [
      ["", "index 6", "c2sp.org/tlog-proof@v1\nindex -1\n\nx", "c2sp.org/tlog-proof@v1\nindex 1\n!!\n\nx"],
    ].flat(),
  )("that is none is refused: %j", (text) => {
    expect(() => openProof(text, leaf(6), verifier)).toThrow("this is not a proof");
  });

  test("of a log with one entry needs no path", () => {
    const small = createMerkleTree();
    small.add(leaf(0));
    const own = signCheckpoint({ size: 1, root: small.root() }, signer);
    expect(
      openProof(
        formatProof({ index: 0, path: small.inclusion(0), note: own, extra: null }),
        leaf(0),
        verifier,
      ).index,
    ).toBe(0);
  });
});

describe("a proof with its entry", () => {
  test("gives the entry back and proves the same", () => {
    const proof = formatProof({ index: 6, path: tree.inclusion(6), note, extra: '{"actor":"José"}' });
    expect(proof.split("\n")[1]).toMatch(/^extra [A-Za-z0-9+/]+=*$/);
    expect(parseProof(proof).extra).toBe('{"actor":"José"}');
    expect(openProof(proof, leaf(6), verifier).index).toBe(6);
  });
});

describe("a proof that the log only grew", () => {
  const older = { size: 9, root: tree.root(9) };
  const proof = formatConsistency(9, tree.consistency(9), note);

  test("leads from the older checkpoint to the newer", () => {
    expect(proof.split("\n")[0]).toBe("old 9");
    expect(openConsistency(proof, older, verifier).size).toBe(21);
  });

  test("does not hold for another log of the same size, another size, or another key", () => {
    const rewritten = { size: 9, root: leaf(0xbad) };
    expect(() => openConsistency(proof, rewritten, verifier)).toThrow("it was rewritten");
    expect(() => openConsistency(proof, { size: 8, root: tree.root(8) }, verifier)).toThrow(
      "the proof starts at 9 entries, and the checkpoint has 8",
    );
    const other = verifierOf(readSigner(signer.name, newKey()));
    expect(() => openConsistency(proof, older, other)).toThrow("bears no signature");
    expect(() => openConsistency("new 9\n\nx", older, verifier)).toThrow("not a consistency proof");
  });
});

test("notes that were appended to one file are told apart", () => {
  const other = signCheckpoint({ size: 3, root: tree.root(3) }, signer);
  const witnessed = `${other}— witness.example ${Buffer.alloc(76, 7).toString("base64")}\n`;
  expect(splitNotes(`${note}${witnessed}${note}`)).toEqual([note, witnessed, note]);
  expect(splitNotes(`${note}\nhalf a no\n${other}`)).toEqual([note, other]);
  expect(splitNotes("nothing")).toEqual([]);
});
