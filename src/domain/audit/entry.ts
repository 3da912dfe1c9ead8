/** Entries of the audit log: what is recorded, and how one entry is hashed. */
import { createHash, createHmac } from "node:crypto";
import { isPersonal } from "./personal.ts";

/** What happened, before it is chained. */
export interface AuditRecord {
  readonly at: Date;
  /** Person id, or "tocsin". */
  readonly actor: string;
  /** Verb in the past or the name of the act: "rollout.approved", "silence.created", "start". */
  readonly action: string;
  /** "rollout:7", "incident:12", "model:fraud-scorer". Never a person: it cannot be erased. */
  readonly subject: string;
  readonly outcome: "done" | "denied" | "refused" | "failed" | "requested";
  /** JSON; no secrets. */
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Fields of an entry that its hash covers as salted commitments only, so that a value and its salt can be erased and
 * the hash still holds. A field is "actor", or "data." and a key of `data`.
 */
export interface CommittedFields {
  /** Field to commitment: 64 lowercase hex characters. */
  readonly commitments: Readonly<Record<string, string>>;
  /** Field to salt (32 hex characters), for values that are still kept. */
  readonly salts: Readonly<Record<string, string>>;
  /** Field to the number of the entry "audit.erased" by which its value and salt went. */
  readonly erased: Readonly<Record<string, number>>;
}

/** One hash-chained record. */
export interface AuditEntry extends AuditRecord {
  /** 1 for the first entry; grows by one. */
  readonly seq: number;
  readonly previousHash: string;
  readonly hash: string;
  /** Absent in entries of format 1, whose hash covers every value itself. */
  readonly committed?: CommittedFields;
}

/** The position of a chain: what the head row, a card or a file kept elsewhere says of it. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** `previousHash` of the first entry. */
export const genesisHash = "0".repeat(64);

/** What stands for an actor who was erased. */
export const erasedActor = "(erased)";

/** A value that can be erased, with what commits to it. */
export interface CommittedValue {
  readonly field: string;
  readonly salt: string;
  readonly value: unknown;
}

/** A record in format 2, ready to be chained. */
export interface SealedRecord {
  /** Null when it is among the values. */
  readonly actor: string | null;
  /** What stays in clear for good. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly commitments: Readonly<Record<string, string>>;
  readonly values: readonly CommittedValue[];
  /** 64 lowercase hex characters; see {@link linkEntry}. */
  readonly contentHash: string;
}

/**
 * Hash of one entry of format 1: SHA-256 over the canonical JSON of its sequence number, the hash before it and the
 * record. Logs of older releases hold such entries for ever; new ones are of format 2.
 * @param record - must be {@link storable}: the store keeps exactly what was hashed.
 * @param seq - 1 for the first entry.
 * @returns 64 lowercase hex characters.
 */
export function hashEntry(record: AuditRecord, seq: number, previousHash: string): string {
  return sha256(canonicalJson({ ...recordFields(record), seq, previousHash }));
}

/**
 * Puts personal fields behind salted commitments and hashes the rest with them: format 2.
 * @param record - must be {@link storable}.
 * @param newSalt - a fresh random salt at every call: 16 bytes in hex.
 */
export function sealRecord(record: AuditRecord, newSalt: () => string): SealedRecord {
  const personal = Object.entries(record.data)
    .filter(([key, value]) => isPersonal(key, value))
    .map(([key, value]): [string, unknown] => [`data.${key}`, value]);
  if (record.actor !== "tocsin") personal.unshift(["actor", record.actor]);
  const values = personal.map(([field, value]): CommittedValue => ({ field, value, salt: newSalt() }));
  const commitments = Object.fromEntries(values.map((value) => [value.field, commit(value)]));
  const sealed = { ...publicPart(record, commitments), commitments };
  return { ...sealed, values, contentHash: contentHashOf(record, sealed) };
}

/** HMAC-SHA-256 under the salt over the canonical JSON of field and value: without the salt it tells nothing. */
export function commit({ field, salt, value }: CommittedValue): string {
  return createHmac("sha256", Buffer.from(salt, "hex"))
    .update(canonicalJson([field, value]))
    .digest("hex");
}

/**
 * Hash of an entry of format 2: it ties what the entry says to its place. Simple enough for the database to compute
 * while it holds the head of the chain; `migrations/` has the same in SQL.
 * @returns 64 lowercase hex characters.
 */
export function linkEntry(seq: number, previousHash: string, contentHash: string): string {
  return sha256(`tocsin.audit.v2\n${seq}\n${previousHash}\n${contentHash}\n`);
}

/** The hash that an entry should have, of either format. */
export function expectedHash(entry: AuditEntry): string {
  const { seq, previousHash, committed } = entry;
  if (committed === undefined) return hashEntry(entry, seq, previousHash);
  const { commitments } = committed;
  const content = contentHashOf(entry, { ...publicPart(entry, commitments), commitments });
  return linkEntry(seq, previousHash, content);
}

/** The value that a field has now, for one that is not erased. */
export function fieldValue(entry: AuditRecord, field: string): unknown {
  return field === "actor" ? entry.actor : entry.data[field.slice("data.".length)];
}

function contentHashOf(record: AuditRecord, sealed: Pick<SealedRecord, "actor" | "data" | "commitments">) {
  const { action, subject, outcome } = record;
  const at = record.at.toISOString();
  return sha256(canonicalJson({ version: 2, at, action, subject, outcome, ...sealed }));
}

function publicPart(record: AuditRecord, commitments: Readonly<Record<string, string>>) {
  const isCommitted = (field: string) => Object.hasOwn(commitments, field);
  const data = Object.entries(record.data).filter(([key]) => !isCommitted(`data.${key}`));
  return { actor: isCommitted("actor") ? null : record.actor, data: Object.fromEntries(data) };
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

/** The fields of a record alone, its moment as text. */
export function recordFields(record: AuditRecord) {
  const { actor, action, subject, outcome, data } = record;
  return { at: record.at.toISOString(), actor, action, subject, outcome, data };
}

/** JSON with sorted keys and no white space. Dates become ISO strings, `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sortKeys(JSON.parse(JSON.stringify(value) ?? "null")));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
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
