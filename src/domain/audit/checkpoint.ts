/**
 * Signed checkpoints of the audit log, and proofs against them, in the formats of the transparency-log community, so
 * that tools of others can read them.
 * @see https://c2sp.org/tlog-checkpoint https://c2sp.org/signed-note https://c2sp.org/tlog-proof
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { type TreeHash, verifyConsistency, verifyInclusion } from "./merkle.ts";

/** What a checkpoint says: the log of this name had so many entries, with this root. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: TreeHash;
}

/** What signs checkpoints. The name is the log's origin. */
export interface CheckpointSigner {
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** What checks them: name and Ed25519 public key, exchanged as one line of text. */
export interface CheckpointVerifier {
  readonly name: string;
  readonly publicKey: KeyObject;
}

/** A text from outside that is not what it should be; the message says what, without echoing it. */
export class CheckpointError extends Error {
  override readonly name = "CheckpointError";
}

const ed25519 = 0x01;
const keyLength = 32;
const signatureLength = 64;
const idLength = 4;
const proofHeader = "c2sp.org/tlog-proof@v1";
const maxNote = 100_000;
const maxHashes = 63;
/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410). */
const publicPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** The 32 bytes of an Ed25519 public key. */
function rawKey(key: KeyObject): Buffer {
  return key.export({ type: "spki", format: "der" }).subarray(-keyLength);
}

function keyId(name: string, publicKey: KeyObject): Buffer {
  return createHash("sha256")
    .update(`${name}\n`)
    .update(Buffer.of(ed25519))
    .update(rawKey(publicKey))
    .digest()
    .subarray(0, idLength);
}

/** The signer's counterpart. */
export function verifierOf({ name, privateKey }: CheckpointSigner): CheckpointVerifier {
  return { name, publicKey: createPublicKey(privateKey) };
}

/** The 8 hex characters by which a key is named. */
export function verifierId({ name, publicKey }: CheckpointVerifier): string {
  return keyId(name, publicKey).toString("hex");
}

/** Reads a private key in PEM. @throws CheckpointError when it is not one of Ed25519. */
export function readSigner(name: string, pem: string): CheckpointSigner {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (cause) {
    throw new CheckpointError("the signing key is not a private key in PEM", { cause });
  }
  if (privateKey.asymmetricKeyType !== "ed25519")
    throw new CheckpointError(`the signing key is of type ${privateKey.asymmetricKeyType}; expected ed25519`);
  return { name, privateKey };
}

/** One line by which others know the key: name, key id and key. Not secret. */
export function formatVerifier({ name, publicKey }: CheckpointVerifier): string {
  const key = Buffer.concat([Buffer.of(ed25519), rawKey(publicKey)]).toString("base64");
  return `${name}+${keyId(name, publicKey).toString("hex")}+${key}`;
}

/** @throws CheckpointError when the line is not a key, or its id is that of another. */
export function parseVerifier(line: string): CheckpointVerifier {
  const [, name = "", id = "", encoded = ""] =
    /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/.exec(line.trim()) ?? [];
  const key = Buffer.from(encoded, "base64");
  if (name === "" || key.length !== keyLength + 1 || key[0] !== ed25519)
    throw new CheckpointError(
      "this is not a checkpoint key; expected NAME+ID+KEY as tocsin audit key prints it",
    );
  const publicKey = createPublicKey({
    key: Buffer.concat([publicPrefix, key.subarray(1)]),
    format: "der",
    type: "spki",
  });
  if (keyId(name, publicKey).toString("hex") !== id)
    throw new CheckpointError("the checkpoint key does not match its own id; it was changed or mistyped");
  return { name, publicKey };
}

/** A checkpoint with its signature, as a note that can be kept anywhere. */
export function signCheckpoint(checkpoint: Omit<Checkpoint, "origin">, signer: CheckpointSigner): string {
  const text = `${signer.name}\n${checkpoint.size}\n${Buffer.from(checkpoint.root).toString("base64")}\n`;
  const id = keyId(signer.name, createPublicKey(signer.privateKey));
  const signature = sign(null, Buffer.from(text), signer.privateKey);
  return `${text}\n— ${signer.name} ${Buffer.concat([id, signature]).toString("base64")}\n`;
}

/** Reads a note and checks its signature. @throws CheckpointError when it does not hold. */
export function openCheckpoint(note: string, verifier: CheckpointVerifier): Checkpoint {
  if (note.length > maxNote) throw new CheckpointError("this is too long for a checkpoint");
  const end = note.lastIndexOf("\n\n");
  const text = note.slice(0, end + 1);
  const id = keyId(verifier.name, verifier.publicKey);
  const signatures = note
    .slice(end + 2)
    .split("\n")
    .map((line) => /^— (\S+) ([A-Za-z0-9+/]+=*)$/.exec(line))
    .filter((match) => match?.[1] === verifier.name)
    .map((match) => Buffer.from(match?.[2] ?? "", "base64"))
    .filter((bytes) => bytes.length === idLength + signatureLength && bytes.subarray(0, idLength).equals(id));
  const [signature] = signatures;
  if (end < 0 || signature === undefined)
    throw new CheckpointError(`the checkpoint bears no signature of ${verifier.name} with this key`);
  if (!verify(null, Buffer.from(text), verifier.publicKey, signature.subarray(idLength)))
    throw new CheckpointError(`the signature of ${verifier.name} is wrong: the checkpoint was changed`);
  return parseText(text, verifier.name);
}

function parseText(text: string, name: string): Checkpoint {
  const [origin = "", size = "", root = ""] = text.split("\n");
  const bytes = Buffer.from(root, "base64");
  const isSize = /^(?:0|[1-9]\d{0,14})$/.test(size);
  if (origin !== name || !isSize || bytes.length !== keyLength || bytes.toString("base64") !== root)
    throw new CheckpointError(
      "this is not a checkpoint: expected origin, size and root hash on lines of their own",
    );
  return { origin, size: Number(size), root: bytes };
}

/** What a proof says, before anything of it is checked. */
export interface ParsedProof {
  /** 0 for the first entry. */
  readonly index: number;
  readonly path: readonly TreeHash[];
  /** The checkpoint that it leads to, as a note. */
  readonly note: string;
  /** Data that came with it: the entry itself, as a line of an export; null when there is none. */
  readonly extra: string | null;
}

/**
 * A proof that one entry is in the log, with the checkpoint that it leads to: checked offline, with the key alone.
 * @param extra - the entry as a line of an export, so that the proof says of what it is one.
 */
export function formatProof({ index, path, note, extra }: ParsedProof): string {
  const data = extra === null ? "" : `extra ${Buffer.from(extra).toString("base64")}\n`;
  return `${proofHeader}\n${data}index ${index}\n${linesOf(path)}\n${note}`;
}

/** @throws CheckpointError when the text is no proof. */
export function parseProof(proof: string): ParsedProof {
  const blank = proof.indexOf("\n\n");
  const [header, ...lines] = proof.slice(0, Math.max(0, blank)).split("\n");
  const extra = /^extra ([A-Za-z0-9+/]+=*)$/.exec(lines[0] ?? "")?.[1];
  if (extra !== undefined) lines.shift();
  const [place = "", ...encoded] = lines;
  const index = Number(/^index (0|[1-9]\d{0,14})$/.exec(place)?.[1] ?? Number.NaN);
  const path = hashesOf(encoded);
  if (header !== proofHeader || Number.isNaN(index) || path === null)
    throw new CheckpointError(`this is not a proof; its first line should be ${proofHeader}`);
  const data = extra === undefined ? null : Buffer.from(extra, "base64").toString("utf8");
  return { index, path, note: proof.slice(blank + 2), extra: data };
}

/**
 * Checks that the leaf is where the proof says, in a log of which this key signed the checkpoint.
 * @returns the checkpoint and the index that were proved.
 * @throws CheckpointError when anything does not hold.
 */
export function openProof(
  proof: string,
  leaf: TreeHash,
  verifier: CheckpointVerifier,
): { readonly index: number; readonly checkpoint: Checkpoint } {
  const { index, path, note } = parseProof(proof);
  const checkpoint = openCheckpoint(note, verifier);
  if (!verifyInclusion(leaf, index, checkpoint.size, path, checkpoint.root))
    throw new CheckpointError(`the entry is not number ${index + 1} of the log that this checkpoint is of`);
  return { index, checkpoint };
}

/**
 * A proof that the log only grew from an older checkpoint to a newer one, as witnesses take it.
 * @see https://c2sp.org/tlog-witness (add-checkpoint)
 */
export function formatConsistency(oldSize: number, hashes: readonly TreeHash[], note: string): string {
  return `old ${oldSize}\n${linesOf(hashes)}\n${note}`;
}

/** Whether a text is such a proof and no proof of one entry. */
export function isConsistency(proof: string): boolean {
  return proof.startsWith("old ");
}

/**
 * Checks that the log of the older checkpoint is the beginning of the one that the proof leads to.
 * @returns the newer checkpoint.
 * @throws CheckpointError when anything does not hold.
 */
export function openConsistency(
  proof: string,
  older: Pick<Checkpoint, "size" | "root">,
  verifier: CheckpointVerifier,
): Checkpoint {
  const blank = proof.indexOf("\n\n");
  const [first = "", ...encoded] = proof.slice(0, Math.max(0, blank)).split("\n");
  const size = Number(/^old (0|[1-9]\d{0,14})$/.exec(first)?.[1] ?? Number.NaN);
  const hashes = hashesOf(encoded);
  if (Number.isNaN(size) || hashes === null)
    throw new CheckpointError('this is not a consistency proof; its first line should be "old" and a size');
  if (size !== older.size)
    throw new CheckpointError(`the proof starts at ${size} entries, and the checkpoint has ${older.size}`);
  const newer = openCheckpoint(proof.slice(blank + 2), verifier);
  if (!verifyConsistency(older, newer, hashes))
    throw new CheckpointError(
      `the log of ${newer.size} entries does not begin with that of ${older.size}: it was rewritten`,
    );
  return newer;
}

/** Notes that stand one after another in a text, as a file holds them to which each was appended. */
export function splitNotes(text: string): readonly string[] {
  return text.match(/[^\n]+\n\d+\n[^\n]+\n\n(?:— [^\n]+\n)+/g) ?? [];
}

function linesOf(hashes: readonly TreeHash[]): string {
  return hashes.map((hash) => `${Buffer.from(hash).toString("base64")}\n`).join("");
}

function hashesOf(encoded: readonly string[]): readonly TreeHash[] | null {
  const hashes = encoded.map((line) => Buffer.from(line, "base64"));
  const areHashes = hashes.every(
    (hash, i) => hash.length === keyLength && hash.toString("base64") === encoded[i],
  );
  return areHashes && hashes.length <= maxHashes ? hashes : null;
}
