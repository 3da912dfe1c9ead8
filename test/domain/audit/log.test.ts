/** The audit log of format 2 against whoever owns its database, given one checkpoint kept elsewhere. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { erasedAction, type FieldPlace, summarizeErasure } from "../../../src/domain/audit/erasure.ts";
import { exportLine, parseExportLine } from "../../../src/domain/audit/export.ts";
import { verifyConsistency, verifyInclusion } from "../../../src/domain/audit/merkle.ts";
import {
  type AuditEntry,
  type AuditRecord,
  type ChainVerdict,
  createChainCheck,
  entryLeaf,
  erasedActor,
  expectedHash,
  genesisHash,
  hashEntry,
  linkEntry,
  sealRecord,
} from "../../../src/domain/audit.ts";
import { createMerkleTree } from "./merkle-tree.ts";

function record(seq: number, over: Partial<AuditRecord> = {}): AuditRecord {
  return {
    at: new Date(Date.UTC(2026, 2, 2, 10, 0, seq)),
    actor: seq % 3 === 0 ? "tocsin" : `person-${seq % 3}`,
    action: "rollout.approved",
    subject: `rollout:${seq}`,
    outcome: "done",
    data: { planHash: `hash ${seq}`, reason: `looks good ${seq}`, count: seq },
    ...over,
  };
}

const saltOf = (seq: number) => seq.toString(16).padStart(32, "0");

function sealed(entry: AuditRecord, seq: number, previousHash: string): AuditEntry {
  const { values, commitments, contentHash } = sealRecord(entry, () => saltOf(seq));
  const salts = Object.fromEntries(values.map(({ field, salt }) => [field, salt]));
  const hash = linkEntry(seq, previousHash, contentHash);
  return { ...entry, seq, previousHash, hash, committed: { commitments, salts, erased: {} } };
}

/** A chain whose first entries are of format 1, as an upgraded installation has. */
function chain(records: readonly AuditRecord[], old = 0): AuditEntry[] {
  let previousHash = genesisHash;
  return records.map((each, index) => {
    const seq = index + 1;
    const entry =
      seq <= old
        ? { ...each, seq, previousHash, hash: hashEntry(each, seq, previousHash) }
        : sealed(each, seq, previousHash);
    previousHash = entry.hash;
    return entry;
  });
}

function chainOf(length: number, old = 0): AuditEntry[] {
  return chain(
    Array.from({ length }, (_, index) => record(index + 1)),
    old,
  );
}

function rootOf(entries: readonly AuditEntry[], size: number) {
  const tree = createMerkleTree();
  for (const entry of entries.slice(0, size)) tree.add(entryLeaf(entry.hash));
  return tree.root();
}

function check(
  entries: readonly AuditEntry[],
  known: Parameters<typeof createChainCheck>[0] = {},
): ChainVerdict {
  const log = createChainCheck(known);
  for (const entry of entries) if (log.add(entry) !== null) break;
  return log.end();
}

/** Every hash from an entry on made to fit again: what someone does who owns the database. */
function relinked(entries: readonly AuditEntry[]): AuditEntry[] {
  let previousHash = genesisHash;
  return entries.map((entry, index) => {
    const moved = { ...entry, seq: index + 1, previousHash };
    const hash = expectedHash(moved);
    previousHash = hash;
    return { ...moved, hash };
  });
}

const length = fc.integer({ min: 2, max: 40 });

describe("given a checkpoint kept elsewhere", () => {
  test("any edit, removal, insertion, reordering or cut of what it covers is seen, with every hash made to fit", () => {
    const attack = fc.constantFrom("edit", "remove", "insert", "swap", "cut");
    fc.assert(
      fc.property(length, fc.nat(), fc.nat(), attack, fc.nat(10), (size, where, extra, kind, old) => {
        const entries = chainOf(size + (extra % 5), Math.min(old, size));
        const checkpoints = [{ size, root: rootOf(entries, size) }];
        expect(check(entries, { checkpoints })).toMatchObject({ kind: "intact", covered: size });
        const at = where % size;
        const forged = relinked(attacked(entries, kind, at, size));
        expect(check(forged).kind).toBe("intact");
        expect(check(forged, { checkpoints }).kind).toBe("broken");
      }),
    );
  });

  function attacked(entries: readonly AuditEntry[], kind: string, at: number, size: number): AuditEntry[] {
    const target = entries[at];
    if (target === undefined) throw new Error("an entry");
    if (kind === "edit") return entries.map((entry, i) => (i === at ? { ...entry, subject: "x" } : entry));
    if (kind === "remove") return entries.filter((_, i) => i !== at);
    if (kind === "insert")
      return [...entries.slice(0, at), { ...target, subject: "x" }, ...entries.slice(at)];
    if (kind === "cut") return entries.slice(0, at);
    const other = (at + 1) % size;
    return entries.map((entry, i) => (i === at ? (entries[other] ?? entry) : i === other ? target : entry));
  }

  test("what was written after it can be rewritten unseen, as the documentation says", () => {
    const entries = chainOf(10);
    const checkpoints = [{ size: 6, root: rootOf(entries, 6) }];
    expect(check(relinked(entries.slice(0, 8)), { checkpoints })).toMatchObject({
      kind: "intact",
      covered: 6,
    });
  });

  test("every entry is proved in it, and it in every later one, from every size", () => {
    const entries = chainOf(33);
    const tree = createMerkleTree();
    for (const entry of entries) tree.add(entryLeaf(entry.hash));
    for (let size = 1; size <= 33; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const leaf = entryLeaf(entries[index]?.hash ?? "");
        expect(verifyInclusion(leaf, index, size, tree.inclusion(index, size), tree.root(size))).toBe(true);
      }
      const [older, newer] = [size, 33].map((each) => ({ size: each, root: tree.root(each) }));
      if (older === undefined || newer === undefined) throw new Error("two sizes");
      expect(verifyConsistency(older, newer, tree.consistency(size))).toBe(true);
    }
  });
});

/** The log after an erasure: values and salts gone, and the entry that says so at its end. */
function erased(entries: readonly AuditEntry[], places: readonly FieldPlace[]): AuditEntry[] {
  const by = entries.length + 1;
  const summary = summarizeErasure(places);
  const act = record(by, { actor: "tocsin", action: erasedAction, data: { ...summary } });
  const last = sealed(act, by, entries.at(-1)?.hash ?? genesisHash);
  return [...entries.map((entry) => without(entry, places, by)), last];
}

function without(entry: AuditEntry, places: readonly FieldPlace[], by: number): AuditEntry {
  const fields = places.filter(({ seq }) => seq === entry.seq).map(({ field }) => field);
  if (entry.committed === undefined || fields.length === 0) return entry;
  const keep = (field: string) => !fields.includes(field);
  const salts = Object.entries(entry.committed.salts).filter(([field]) => keep(field));
  const data = Object.entries(entry.data).filter(([key]) => keep(`data.${key}`));
  return {
    ...entry,
    actor: keep("actor") ? entry.actor : erasedActor,
    data: Object.fromEntries(data),
    committed: {
      ...entry.committed,
      salts: Object.fromEntries(salts),
      erased: Object.fromEntries(fields.map((field) => [field, by])),
    },
  };
}

function erasable(entries: readonly AuditEntry[]): FieldPlace[] {
  return entries.flatMap(({ seq, committed }) =>
    Object.keys(committed?.commitments ?? {}).map((field) => ({ seq, field })),
  );
}

describe("an erasure", () => {
  const entries = chainOf(9);
  const places = erasable(entries).filter(({ seq }) => seq % 2 === 1);

  test("of any fields leaves the log verifiable against the checkpoint from before", () => {
    fc.assert(
      fc.property(length, fc.infiniteStream(fc.boolean()), (size, coin) => {
        const whole = chainOf(size);
        const some = erasable(whole).filter(() => coin.next().value === true);
        if (some.length === 0) return;
        const verdict = check(erased(whole, some), { checkpoints: [{ size, root: rootOf(whole, size) }] });
        expect(verdict).toMatchObject({ kind: "intact", erased: some.length });
      }),
    );
  });

  test("leaves nothing of the values in an export", () => {
    const lines = erased(entries, erasable(entries)).map((entry) => exportLine(entry));
    expect(lines.join("")).not.toMatch(/person-|looks good/);
    const read = lines.map(parseExportLine).flatMap((line) => (line.kind === "entry" ? [line.entry] : []));
    expect(check(read)).toMatchObject({ kind: "intact", erased: erasable(entries).length });
  });

  test.each<[string, (entry: AuditEntry) => AuditEntry, string]>([
    ["a value that was changed", (entry) => ({ ...entry, actor: "someone else" }), "edited"],
    ["a reason that was changed", (entry) => ({ ...entry, data: { ...entry.data, reason: "no" } }), "edited"],
    ["a salt that was changed", (entry) => committed(entry, { salts: { actor: saltOf(99) } }), "edited"],
    ["a salt that is gone without an erasure", (entry) => committed(entry, { salts: {} }), "removed"],
    ["a value beyond those that were hashed", (entry) => strange(entry), "edited"],
    [
      "an erasure in the name of an entry that is none",
      (entry) => committed(entry, { salts: {}, erased: all(entry, 3) }),
      "erased",
    ],
    [
      "an erasure in the name of an earlier entry",
      (entry) => committed(entry, { salts: {}, erased: all(entry, 1) }),
      "erased",
    ],
    [
      "an erasure in the name of an entry to come",
      (entry) => committed(entry, { salts: {}, erased: all(entry, 99) }),
      "erased",
    ],
  ])("does not hide %s", (_, change, reason) => {
    const forged = entries.map((entry) => (entry.seq === 2 ? change(entry) : entry));
    expect(check(forged)).toMatchObject({ kind: "broken", reason });
  });

  test("cannot be stretched to further fields in the name of its entry", () => {
    const log = erased(entries, places);
    const [further] = erasable(entries).filter(({ seq }) => seq === 4);
    if (further === undefined) throw new Error("a field");
    const forged = log.map((entry) => without(entry, [further], 10));
    expect(check(forged)).toMatchObject({ kind: "broken", reason: "erased", seq: 10 });
  });
});

function committed(entry: AuditEntry, over: Partial<NonNullable<AuditEntry["committed"]>>): AuditEntry {
  if (entry.committed === undefined) throw new Error("format 2");
  return { ...entry, committed: { ...entry.committed, ...over } };
}

function strange(entry: AuditEntry): AuditEntry {
  const salts = { ...entry.committed?.salts, "data.note": saltOf(1) };
  return committed({ ...entry, data: { ...entry.data } }, { salts });
}

function all(entry: AuditEntry, by: number): Record<string, number> {
  return Object.fromEntries(Object.keys(entry.committed?.commitments ?? {}).map((field) => [field, by]));
}

describe("a log whose beginning was pruned", () => {
  test("is verified from its leaves, and a forged beginning is seen", () => {
    const entries = chainOf(12);
    const checkpoints = [{ size: 7, root: rootOf(entries, 7) }];
    const pruned = (leaves: readonly AuditEntry[]) => {
      const log = createChainCheck({ checkpoints });
      for (const { hash } of leaves) log.pruned(entryLeaf(hash));
      for (const entry of entries.slice(7)) log.add(entry);
      return log.end();
    };
    expect(pruned(entries.slice(0, 7))).toMatchObject({ kind: "intact", pruned: 7, entries: 5 });
    const [first, second, ...rest] = entries.slice(0, 7);
    if (first === undefined || second === undefined) throw new Error("two entries");
    expect(pruned([second, first, ...rest])).toMatchObject({ kind: "broken", reason: "checkpoint" });
    expect(pruned([first, second, ...rest.slice(0, -1), first])).toMatchObject({ kind: "broken" });
    expect(pruned(entries.slice(0, 6))).toMatchObject({ kind: "broken" });
  });
});

test("the hash of an entry of format 2 is a fixed value, so that logs stay verifiable", () => {
  expect(sealed(record(1), 1, genesisHash).hash).toBe(
    "de513b555bba022ca22f6e344c0e57d00bf5729efcd7077ede0a47a7f23f73bb",
  );
});

test("what is hashed hides people and their words, and keeps what was done in clear", () => {
  const { actor, data, commitments } = sealRecord(record(1), () => saltOf(1));
  expect(actor).toBeNull();
  expect(data).toEqual({ planHash: "hash 1", count: 1 });
  expect(Object.keys(commitments)).toEqual(["actor", "data.reason"]);
  const other = sealRecord(record(1), () => saltOf(2));
  expect(other.commitments["actor"]).not.toBe(commitments["actor"]);
});

test("a field that nobody thought of is taken for personal", () => {
  const { data, commitments } = sealRecord(
    record(1, { data: { whoKnows: ["Ada"], n: 1, yes: true, no: null } }),
    () => saltOf(1),
  );
  expect(data).toEqual({ n: 1, yes: true, no: null });
  expect(Object.keys(commitments)).toContain("data.whoKnows");
});
