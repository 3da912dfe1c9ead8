/**
 * What the bot did to an alias, kept as one tag of the registered model: MLflow itself remembers neither when an alias
 * was moved nor by whom. The tag is how an operation is found again after a crash.
 */

import { z } from "zod";
import { jsonOf } from "../../../domain/text/json.ts";

/**
 * asked: written before the alias is touched. set: the alias was seen to point there. lost: it was seen to point
 * elsewhere, so it is over without having been done.
 */
export type RecordState = "asked" | "set" | "lost";

/** One operation of ours on one alias. */
export interface AliasRecord {
  readonly operationId: string;
  readonly to: string;
  /** What the alias pointed to before; null when there was none. */
  readonly from: string | null;
  readonly at: Date;
  readonly by: string;
  readonly state: RecordState;
  /** Of the lock under which it was asked for; 0 in records that are older than fences. */
  readonly fence: number;
}

/** MLflow takes 100,000 characters for a tag; some hosted registries 5,000 and fewer. */
const maxCharacters = 4_500;
const maxRecords = 40;

const stored = z.array(
  z
    .object({
      op: z.string(),
      to: z.string(),
      from: z.string().nullable(),
      at: z.iso.datetime(),
      by: z.string(),
      state: z.enum(["asked", "set", "lost"]),
      fence: z.number().int().default(0),
    })
    .transform(({ op, at, ...rest }): AliasRecord => ({ ...rest, operationId: op, at: new Date(at) })),
);

export function recordTag(alias: string): string {
  return `tocsin.history.${alias}`;
}

/**
 * Reads the tag; oldest first.
 * @param text - null or undefined when the model has no such tag.
 * @param tag - its name and the model's, for the message.
 * @throws Error when someone edited it into something else: what was done cannot be told then.
 */
export function parseRecords(text: string | null | undefined, tag: string): readonly AliasRecord[] {
  if (text === null || text === undefined || text === "") return [];
  const parsed = stored.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const what = `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "no JSON"}`;
  throw new Error(`mlflow: the bot's record was edited (${what}); delete the tag ${tag} to start anew`);
}

/** Writes the newest that fit, always with the last. */
export function writeRecords(records: readonly AliasRecord[]): string {
  const kept = records
    .slice(-maxRecords)
    .map(({ operationId, at, by, ...rest }) =>
      JSON.stringify({ op: operationId, at: at.toISOString(), by: by.slice(0, 100), ...rest }),
    );
  while (kept.length > 1 && kept.join(",").length > maxCharacters) kept.shift();
  return `[${kept.join(",")}]`;
}

/** With this operation's record as given; the newest stays the last. */
export function withRecord(records: readonly AliasRecord[], record: AliasRecord): readonly AliasRecord[] {
  const isKnown = records.some((other) => other.operationId === record.operationId);
  if (!isKnown) return [...records, record];
  return records.map((other) => (other.operationId === record.operationId ? record : other));
}

/** The record of what serves now, when it was the bot that pointed the alias there and nobody moved it since. */
export function recordOfLive(records: readonly AliasRecord[], live: string | null): AliasRecord | null {
  const last = records.filter((record) => record.state === "set").at(-1);
  return last !== undefined && last.to === live ? last : null;
}
