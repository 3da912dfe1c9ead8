/** Values that several keys of tocsin.yaml take. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { parseChannel } from "../ports.ts";

/** Of whatever the file names: a source, a person, a role, a model. */
export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "must be lower-case letters, digits, - and _, at most 63");
export const channel = z
  .string()
  .refine((text) => parseChannel(text) !== null, 'must be "platform:id", for example "slack:C0123ABCD"');
/** A secret that only has to be recognised. */
export const hash = z
  .string()
  .refine((text) => /^sha256:[0-9a-f]{64}$/.test(text) || /^env:[A-Z][A-Z0-9_]*$/.test(text), {
    error: (issue) =>
      `is written in clear text; write "sha256:${sha256(String(issue.input))}" instead, or "env:NAME" to read it from the environment`,
  });
/** A secret that the bot has to say: the variable that holds it. */
export const secretName = z
  .string()
  .regex(
    /^env:[A-Z][A-Z0-9_]*$/,
    'must be "env:NAME": the secret itself belongs into the environment, not into the file',
  );
/** YAML reads bare digits as a number, and one beyond 2^53 has then lost its last digits: every Discord id. */
export const accountId = z
  .union([z.string(), z.number()])
  .refine(
    (id) => typeof id === "string" || Number.isSafeInteger(id),
    'is a number too large to keep its digits; write it in quotes, for example "112233445566778899"',
  )
  .transform(String);

/** 64 lowercase hex characters. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
