/** The audit log: what is recorded, how records are chained, and how a chain is checked. */
import { createHash } from "node:crypto";

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
  /** 1 for the first entry; grows by one. */
  readonly seq: number;
  readonly previousHash: string;
  readonly hash: string;
}

/** The position of a chain: what the head row, a card or a file kept elsewhere says of it. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** `previousHash` of the first entry. */
export const genesisHash = "0".repeat(64);

/**
 * Hash of one entry: SHA-256 over the canonical JSON of its sequence number, the hash before it and the record.
 * Keys are sorted at every level, so the text that PostgreSQL's jsonb gives back hashes as the text that went in.
 * @param record - must be {@link storable}: the store keeps exactly what was hashed.
 * @param seq - 1 for the first entry.
 * @returns 64 lowercase hex characters.
 */
export function hashEntry(record: AuditRecord, seq: number, previousHash: string): string {
  return createHash("sha256")
    .update(canonicalJson({ ...recordFields(record), seq, previousHash }))
    .digest("hex");
}

/**
 * The record as a database can keep it: plain JSON, without NUL and lone surrogates, which PostgreSQL refuses.
 * To be applied before hashing and storing.
 */
export function storable(record: AuditRecord): AuditRecord {
  const clean = cleanStrings(JSON.parse(JSON.stringify(record.data)));
  return {
    at: record.at,
    actor: cleanText(record.actor),
    action: cleanText(record.action),
    subject: cleanText(record.subject),
    outcome: record.outcome,
    // `data` is an object, and cleaning maps objects to objects.
    data: clean as Readonly<Record<string, unknown>>,
  };
}

/** What is wrong with a chain, and at which entry. */
export interface ChainFault {
  readonly reason: "edited" | "removed" | "reordered" | "relinked" | "cut" | "head";
  /** Sequence number of the first bad entry; for `removed` and `cut` that of the first missing one. */
  readonly seq: number;
  /** One plain sentence. */
  readonly problem: string;
}

export type ChainVerdict =
  | { readonly kind: "intact"; readonly entries: number; readonly head: AuditHead | null }
  | ({ readonly kind: "broken"; readonly entries: number } & ChainFault);

/** Checks a chain piece by piece, so that a long log never has to be in memory. */
export interface ChainCheck {
  /** Takes the next entry in stored order; says what is wrong with it, or null. */
  add(entry: AuditEntry): ChainFault | null;
  /** Says whether the whole chain was intact and contained every known position. */
  end(): ChainVerdict;
}

/**
 * Starts a check at the first entry of a log.
 * @param known - positions remembered outside the entries themselves (the head row, a kept checkpoint); the chain must
 * contain each of them. Without any, an attacker who rewrites every later entry, or cuts the tail, is not seen.
 */
export function createChainCheck(known: readonly AuditHead[] = []): ChainCheck {
  let head: AuditHead = { seq: 0, hash: genesisHash };
  let entries = 0;
  let fault: ChainFault | null = null;
  const expected = new Map(known.map((position) => [position.seq, position.hash]));

  function add(entry: AuditEntry): ChainFault | null {
    if (fault !== null) return fault;
    fault = faultOf(entry, head, expected.get(entry.seq));
    if (fault === null) {
      head = { seq: entry.seq, hash: entry.hash };
      entries += 1;
    }
    return fault;
  }

  function end(): ChainVerdict {
    fault ??= cutFault(head, [...expected.keys()]);
    return fault === null
      ? { kind: "intact", entries, head: entries === 0 ? null : head }
      : { kind: "broken", entries, ...fault };
  }

  return { add, end };
}

/** Checks a whole chain in memory; see {@link createChainCheck}. */
export function verifyChain(entries: Iterable<AuditEntry>, known: readonly AuditHead[] = []): ChainVerdict {
  const check = createChainCheck(known);
  for (const entry of entries) if (check.add(entry) !== null) break;
  return check.end();
}

function faultOf(entry: AuditEntry, head: AuditHead, expected: string | undefined): ChainFault | null {
  const { seq } = entry;
  if (seq <= head.seq) {
    return { reason: "reordered", seq, problem: `entry ${seq} comes after entry ${head.seq}` };
  }
  if (seq > head.seq + 1) {
    const missing = head.seq + 1;
    return { reason: "removed", seq: missing, problem: `entry ${missing} is missing: ${seq} comes next` };
  }
  if (hashEntry(entry, seq, entry.previousHash) !== entry.hash) {
    return { reason: "edited", seq, problem: `entry ${seq} does not hash to the hash stored with it` };
  }
  if (entry.previousHash !== head.hash) {
    return {
      reason: "relinked",
      seq,
      problem: `entry ${seq} does not follow from entry ${head.seq} as it is`,
    };
  }
  if (expected !== undefined && expected !== entry.hash) {
    return { reason: "head", seq, problem: `entry ${seq} is not the one that was remembered elsewhere` };
  }
  return null;
}

function cutFault(head: AuditHead, expected: readonly number[]): ChainFault | null {
  const last = Math.max(0, ...expected);
  if (last <= head.seq) return null;
  const seq = head.seq + 1;
  return { reason: "cut", seq, problem: `the log ends at entry ${head.seq}, but entry ${last} was written` };
}

/** One line of `tocsin audit export`: canonical JSON with every field of the entry, so that anyone can verify it. */
export function exportLine(entry: AuditEntry): string {
  const { seq, previousHash, hash } = entry;
  return canonicalJson({ ...recordFields(entry), seq, previousHash, hash });
}

/** JSON with sorted keys and no white space. Dates become ISO strings, `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(JSON.parse(JSON.stringify(value) ?? "null")));
}

function recordFields(record: AuditRecord) {
  const { actor, action, subject, outcome, data } = record;
  return { at: record.at.toISOString(), actor, action, subject, outcome, data };
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}

function cleanStrings(value: unknown): unknown {
  if (typeof value === "string") return cleanText(value);
  if (Array.isArray(value)) return value.map(cleanStrings);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [cleanText(key), cleanStrings(member)]),
  );
}

function cleanText(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what PostgreSQL refuses.
    /\u0000|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g,
    "\uFFFD",
  );
}
