import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exportLine } from "../../src/domain/audit/export.ts";
import {
  type AuditEntry,
  type AuditRecord,
  canonicalJson,
  createChainCheck,
  genesisHash,
  hashEntry,
  storable,
} from "../../src/domain/audit.ts";
import { verifyChain } from "./audit/chain.ts";

function record(number: number, data: Readonly<Record<string, unknown>> = { number }): AuditRecord {
  return {
    at: new Date(Date.UTC(2026, 2, 2, 10, 0, number)),
    actor: "oncall",
    action: "incident.acknowledged",
    subject: `incident:${number}`,
    outcome: "done",
    data,
  };
}

function chain(length: number): AuditEntry[] {
  const entries: AuditEntry[] = [];
  let previousHash = genesisHash;
  for (let seq = 1; seq <= length; seq += 1) {
    const hash = hashEntry(record(seq), seq, previousHash);
    entries.push({ ...record(seq), seq, previousHash, hash });
    previousHash = hash;
  }
  return entries;
}

/** The chain rewritten from an entry on, every hash made to fit: what someone does who owns the database. */
function rewritten(entries: readonly AuditEntry[], from: number): AuditEntry[] {
  let previousHash = entries[from - 2]?.hash ?? genesisHash;
  return entries.map((entry) => {
    if (entry.seq < from) return entry;
    const changed = { ...record(entry.seq), actor: "someone else" };
    const hash = hashEntry(changed, entry.seq, previousHash);
    const forged = { ...changed, seq: entry.seq, previousHash, hash };
    previousHash = hash;
    return forged;
  });
}

describe("the hash of an entry", () => {
  test("does not change by the order of keys or a round trip through JSON", () => {
    const a = hashEntry(record(1, { b: 1, a: { d: [1, 2], c: null } }), 1, genesisHash);
    const b = hashEntry(record(1, JSON.parse('{"a":{"c":null,"d":[1,2]},"b":1}')), 1, genesisHash);
    expect(a).toBe(b);
  });

  test("is a fixed value, so that logs of older releases stay verifiable", () => {
    expect(hashEntry(record(1), 1, genesisHash)).toBe(
      "eed207bbe34a6c04300264cd97a74a4b2200d959d55f5348387b00ffac48a62f",
    );
  });

  test("depends on every field", () => {
    const base = hashEntry(record(1), 1, genesisHash);
    const changes: readonly Partial<AuditRecord>[] = [
      { at: new Date(0) },
      { actor: "x" },
      { action: "x" },
      { subject: "x" },
      { outcome: "denied" },
      { data: {} },
    ];
    for (const change of changes)
      expect(hashEntry({ ...record(1), ...change }, 1, genesisHash)).not.toBe(base);
    expect(hashEntry(record(1), 2, genesisHash)).not.toBe(base);
    expect(hashEntry(record(1), 1, base)).not.toBe(base);
  });

  test("of what is storable is that of what PostgreSQL gives back, whatever people typed", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), (data) => {
        const kept = storable(record(1, data));
        const text = JSON.stringify(kept.data);
        expect(text).not.toMatch(/\\u0000|\\ud[89a-f]/i);
        const back = { ...kept, data: JSON.parse(text) };
        expect(hashEntry(back, 1, genesisHash)).toBe(hashEntry(kept, 1, genesisHash));
      }),
    );
  });
});

describe("a chain", () => {
  test("that nobody touched is intact and names its head", () => {
    const entries = chain(5);
    const head = { seq: 5, hash: entries[4]?.hash };
    expect(verifyChain(entries)).toMatchObject({ kind: "intact", entries: 5, head });
    expect(verifyChain([])).toMatchObject({ kind: "intact", entries: 0, head: null });
  });

  test("names the first edited entry, whatever field was edited", () => {
    for (const edit of [{ actor: "x" }, { data: {} }, { outcome: "denied" as const }, { at: new Date(1) }]) {
      const entries = chain(5).map((entry) => (entry.seq === 3 ? { ...entry, ...edit } : entry));
      expect(verifyChain(entries)).toMatchObject({ kind: "broken", reason: "edited", seq: 3, entries: 2 });
    }
  });

  test("names the first missing entry", () => {
    const without = (seq: number) => chain(5).filter((entry) => entry.seq !== seq);
    expect(verifyChain(without(3))).toMatchObject({ kind: "broken", reason: "removed", seq: 3 });
    expect(verifyChain(without(1))).toMatchObject({ kind: "broken", reason: "removed", seq: 1 });
  });

  test("sees entries that changed places, with and without their numbers", () => {
    const [first, second, third] = chain(3);
    if (first === undefined || second === undefined || third === undefined) throw new Error("three entries");
    expect(verifyChain([first, third, second]).kind).toBe("broken");
    expect(verifyChain([first, { ...third, seq: 2 }, { ...second, seq: 3 }])).toMatchObject({
      kind: "broken",
      reason: "edited",
      seq: 2,
    });
    expect(verifyChain([first, second, second])).toMatchObject({ reason: "reordered", seq: 2 });
  });

  test("whose renumbered entry was hashed anew does not follow from the one before", () => {
    const [first, second] = chain(2);
    if (first === undefined || second === undefined) throw new Error("two entries");
    const forged = { ...second, previousHash: genesisHash, hash: hashEntry(second, 2, genesisHash) };
    expect(verifyChain([first, forged])).toMatchObject({ reason: "relinked", seq: 2 });
  });

  test("that lost its tail is whole by itself, and cut for who remembers its head", () => {
    const entries = chain(5);
    const head = entries[4];
    if (head === undefined) throw new Error("five entries");
    expect(verifyChain(entries.slice(0, 3)).kind).toBe("intact");
    expect(verifyChain(entries.slice(0, 3), [head])).toMatchObject({ kind: "broken", reason: "cut", seq: 4 });
    expect(verifyChain([], [head])).toMatchObject({ kind: "broken", reason: "cut", seq: 1 });
  });

  test("that was rewritten with fitting hashes is seen by who remembers any later position", () => {
    const entries = chain(5);
    const fourth = entries[3];
    if (fourth === undefined) throw new Error("five entries");
    expect(verifyChain(rewritten(entries, 3)).kind).toBe("intact");
    expect(verifyChain(rewritten(entries, 3), [fourth])).toMatchObject({ reason: "head", seq: 4 });
  });

  test("is checked piece by piece, and the first fault stands", () => {
    const check = createChainCheck();
    const [first, second, third] = chain(3);
    if (first === undefined || second === undefined || third === undefined) throw new Error("three entries");
    expect(check.add(first)).toBeNull();
    expect(check.add({ ...second, actor: "x" })).toMatchObject({ reason: "edited", seq: 2 });
    expect(check.add(third)).toMatchObject({ reason: "edited", seq: 2 });
    expect(check.end()).toMatchObject({ kind: "broken", seq: 2, entries: 1 });
  });
});

test("an exported line holds everything that verifying needs", () => {
  const [entry] = chain(1);
  if (entry === undefined) throw new Error("one entry");
  const read = JSON.parse(exportLine(entry));
  const { seq, previousHash, hash, ...rest } = { ...read, at: new Date(read.at) };
  expect(hashEntry(rest, seq, previousHash)).toBe(hash);
});

test("canonical JSON sorts keys at every level and leaves out what is undefined", () => {
  expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: new Date(0) })).toBe(
    '{"a":"1970-01-01T00:00:00.000Z","b":[{"d":1}]}',
  );
});
