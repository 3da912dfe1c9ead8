/** The limits of Discord's messages. @see https://discord.com/developers/docs/resources/message */
import { z } from "zod";
import { invalid, Refusal, refusals } from "./refusal.ts";
import type { EmbedBody } from "./world.ts";

const text = z.string();
const embed = z.object({
  title: text.optional(),
  description: text.optional(),
  url: text.optional(),
  color: z.number().int().min(0).max(0xffffff).optional(),
  timestamp: text.optional(),
  fields: z.array(z.object({ name: text, value: text, inline: z.boolean().optional() })).optional(),
  footer: z.object({ text }).optional(),
  author: z.object({ name: text }).optional(),
  image: z.object({ url: text }).optional(),
  thumbnail: z.object({ url: text }).optional(),
});
const button = z.object({
  type: z.literal(2),
  style: z.number().int().min(1).max(5),
  label: text.optional(),
  custom_id: text.optional(),
  url: text.optional(),
  disabled: z.boolean().optional(),
});
const row = z.object({ type: z.literal(1), components: z.array(button) });
const allowedMentions = z.object({
  parse: z.array(z.enum(["users", "roles", "everyone"])).optional(),
  users: z.array(text).optional(),
  roles: z.array(text).optional(),
  replied_user: z.boolean().optional(),
});

/** A message as a client writes it. A component of another kind than rows of buttons is refused: the fake knows no other. */
export const messageInput = z.object({
  content: text.nullish(),
  embeds: z.array(embed).nullish(),
  components: z.array(row).nullish(),
  attachments: z
    .array(
      z.object({
        id: z.union([z.number(), text]),
        filename: text.optional(),
        description: text.nullish(),
      }),
    )
    .nullish(),
  allowed_mentions: allowedMentions.nullish(),
  nonce: z.union([text, z.number()]).nullish(),
  enforce_nonce: z.boolean().optional(),
  flags: z.number().int().optional(),
  message_reference: z
    .object({ message_id: text, fail_if_not_exists: z.boolean().optional() })
    .loose()
    .nullish(),
  tts: z.boolean().optional(),
});
export type MessageInput = z.infer<typeof messageInput>;
export interface UploadedFile {
  readonly field: string;
  readonly name: string;
  readonly size: number;
  readonly text: string;
}

const fileBytes = 10 * 1024 * 1024;
const requestBytes = 25 * 1024 * 1024;

/** @throws Refusal for a body that is not of a message's form. */
export function readMessage(body: unknown): MessageInput {
  const parsed = messageInput.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(issue?.path.join(".") ?? "body", "MODEL_TYPE_CONVERT", issue?.message ?? "not an object");
}

/** @throws Refusal for what is too long, too many or empty. */
export function checkMessage(input: MessageInput, files: readonly UploadedFile[]): void {
  checkLength("content", input.content ?? "", 0, 2000);
  if (typeof input.nonce === "string") checkLength("nonce", input.nonce, 0, 25);
  checkEmbeds(input.embeds ?? [], files);
  checkComponents(input.components ?? []);
  checkFiles(input, files);
}

/** @throws Refusal 50006 when there is nothing to see. */
export function checkNotEmpty(message: {
  readonly content: string;
  readonly embeds: readonly unknown[];
  readonly components: readonly unknown[];
  readonly attachments: readonly unknown[];
}): void {
  const { content, embeds, components, attachments } = message;
  if (content.trim() === "" && embeds.length + components.length + attachments.length === 0)
    throw refusals.emptyMessage();
}

/** Counted as Discord does, in UTF-16 units at most; blank texts count as missing. */
export function checkLength(path: string, value: string, min: number, max: number): void {
  if (value.trim().length < min) throw invalid(path, "BASE_TYPE_REQUIRED", "This field is required");
  if (value.length > max) throw invalid(path, "BASE_TYPE_MAX_LENGTH", `Must be ${max} or fewer in length.`);
}

function checkCount(path: string, count: number, max: number): void {
  if (count > max) throw invalid(path, "BASE_TYPE_MAX_LENGTH", `Must be ${max} or fewer in length.`);
}

function checkEmbeds(embeds: readonly EmbedBody[], files: readonly UploadedFile[]): void {
  checkCount("embeds", embeds.length, 10);
  let total = 0;
  for (const [at, each] of embeds.entries()) {
    const path = `embeds.${at}`;
    const count = (name: string, value: string, min: number, max: number) => {
      checkLength(`${path}.${name}`, value, min, max);
      total += value.length;
    };
    count("title", each.title ?? "", 0, 256);
    count("description", each.description ?? "", 0, 4096);
    if (each.footer !== undefined) count("footer.text", each.footer.text, 1, 2048);
    if (each.author !== undefined) count("author.name", each.author.name, 1, 256);
    checkCount(`${path}.fields`, each.fields?.length ?? 0, 25);
    for (const [index, field] of (each.fields ?? []).entries()) {
      count(`fields.${index}.name`, field.name, 1, 256);
      count(`fields.${index}.value`, field.value, 1, 1024);
    }
    checkUrl(`${path}.url`, each.url, files);
    checkUrl(`${path}.image.url`, each.image?.url, files);
    const isEmpty =
      `${each.title ?? ""}${each.description ?? ""}`.trim() === "" &&
      (each.fields?.length ?? 0) === 0 &&
      each.image === undefined &&
      each.footer === undefined &&
      each.author === undefined;
    if (isEmpty) throw refusals.emptyMessage();
  }
  if (total > 6000)
    throw invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000");
}

function checkUrl(path: string, url: string | undefined, files: readonly UploadedFile[]): void {
  if (url === undefined || url === "") return;
  const attached = /^attachment:\/\/(.+)$/.exec(url)?.[1];
  if (attached !== undefined && files.some((file) => file.name === attached)) return;
  if (attached === undefined && /^https?:\/\/\S+$/.test(url)) return;
  throw invalid(path, "URL_TYPE_INVALID_SCHEME", `Scheme or file of "${url}" is not supported`);
}

function checkComponents(rows: readonly z.infer<typeof row>[]): void {
  checkCount("components", rows.length, 5);
  const seen = new Set<string>();
  for (const [at, each] of rows.entries()) {
    const path = `components.${at}.components`;
    if (each.components.length === 0) throw invalid(path, "BASE_TYPE_REQUIRED", "This field is required");
    checkCount(path, each.components.length, 5);
    for (const [index, one] of each.components.entries()) {
      const place = `${path}.${index}`;
      checkLength(`${place}.label`, one.label ?? "", 1, 80);
      if (one.style === 5) {
        checkUrl(`${place}.url`, one.url, []);
        continue;
      }
      checkLength(`${place}.custom_id`, one.custom_id ?? "", 1, 100);
      if (seen.has(one.custom_id ?? ""))
        throw invalid(
          `${place}.custom_id`,
          "COMPONENT_CUSTOM_ID_DUPLICATED",
          "Component custom id cannot be duplicated",
        );
      seen.add(one.custom_id ?? "");
    }
  }
}

function checkFiles(input: MessageInput, files: readonly UploadedFile[]): void {
  checkCount("files", files.length, 10);
  if (files.some((file) => file.size > fileBytes)) throw refusals.tooLarge();
  if (files.reduce((sum, file) => sum + file.size, 0) > requestBytes) throw refusals.tooLarge();
  for (const [at, each] of (input.attachments ?? []).entries()) {
    checkLength(`attachments.${at}.description`, each.description ?? "", 0, 1024);
    const isNew = typeof each.id === "number";
    if (isNew && !files.some((file) => file.field === `files[${each.id}]`))
      throw invalid(`attachments.${at}`, "ATTACHMENT_NOT_FOUND", "Unknown attachment");
  }
}

/** @throws Refusal when the body could not have come from valid UTF-8. */
export function checkWellFormed(raw: string): void {
  if (/\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])/.test(raw))
    throw new Refusal(400, 50109, "The request body contains invalid JSON.");
}

/** Who a message would notify, given what it allows; without `allowed_mentions` Discord notifies everyone it names. */
export function mentionsOf(input: MessageInput, repliedTo: string | null): string[] {
  const content = input.content ?? "";
  const allowed = input.allowed_mentions;
  const parse = new Set<string>(allowed?.parse ?? (allowed == null ? ["users", "roles", "everyone"] : []));
  const out: string[] = [];
  for (const [, id = ""] of content.matchAll(/<@!?(\d+)>/g))
    if (parse.has("users") || allowed?.users?.includes(id)) out.push(`user ${id}`);
  for (const [, id = ""] of content.matchAll(/<@&(\d+)>/g))
    if (parse.has("roles") || allowed?.roles?.includes(id)) out.push(`role ${id}`);
  if (parse.has("everyone")) for (const [name] of content.matchAll(/@(?:everyone|here)/g)) out.push(name);
  if (repliedTo !== null && (allowed == null || allowed.replied_user === true)) out.push(`user ${repliedTo}`);
  return out;
}
