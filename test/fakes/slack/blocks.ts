/** Block Kit's rules as Slack enforces them. Strict: an unknown field is refused, as a misspelt one would be. */
import { z } from "zod";
import { inputElement } from "./modals.ts";

const plain = (max: number) =>
  z.strictObject({
    type: z.literal("plain_text"),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
const markup = (max: number) =>
  z.strictObject({
    type: z.literal("mrkdwn"),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().optional(),
  });
const text = (max: number) => z.discriminatedUnion("type", [plain(max), markup(max)]);
const blockId = z.string().min(1).max(255).optional();
const style = z
  .strictObject({
    bold: z.boolean(),
    italic: z.boolean(),
    strike: z.boolean(),
    code: z.boolean(),
    underline: z.boolean(),
  })
  .partial()
  .optional();
const webAddress = z
  .string()
  .max(3000)
  .regex(/^(?:https?|mailto|tel):/);

const inline = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text: z.string().min(1), style }),
  z.strictObject({
    type: z.literal("link"),
    url: webAddress,
    text: z.string().min(1).optional(),
    unsafe: z.boolean().optional(),
    style,
  }),
  z.strictObject({
    type: z.literal("date"),
    timestamp: z.int().positive(),
    format: z.string().regex(/\{[a-z_]+\}/),
    fallback: z.string().min(1).optional(),
    url: webAddress.optional(),
    style,
  }),
  z.strictObject({ type: z.literal("user"), user_id: z.string().regex(/^[UW][A-Z0-9]+$/), style }),
  z.strictObject({ type: z.literal("usergroup"), usergroup_id: z.string().regex(/^S[A-Z0-9]+$/), style }),
  z.strictObject({ type: z.literal("channel"), channel_id: z.string().regex(/^[CG][A-Z0-9]+$/), style }),
  z.strictObject({ type: z.literal("broadcast"), range: z.enum(["here", "channel", "everyone"]), style }),
  z.strictObject({
    type: z.literal("emoji"),
    name: z.string().min(1),
    unicode: z.string().optional(),
    style,
  }),
]);
const richSection = z.strictObject({
  type: z.literal("rich_text_section"),
  elements: z.array(inline).min(1),
});
const richElement = z.discriminatedUnion("type", [
  richSection,
  z.strictObject({
    type: z.literal("rich_text_list"),
    style: z.enum(["bullet", "ordered"]),
    elements: z.array(richSection).min(1),
    indent: z.int().min(0).max(8).optional(),
    offset: z.int().min(0).optional(),
    border: z.int().min(0).max(1).optional(),
  }),
  z.strictObject({
    type: z.literal("rich_text_preformatted"),
    elements: z.array(z.union([inline.options[0], inline.options[1]])).min(1),
    border: z.int().min(0).max(1).optional(),
  }),
  z.strictObject({ type: z.literal("rich_text_quote"), elements: z.array(inline).min(1) }),
]);
const richText = z.strictObject({
  type: z.literal("rich_text"),
  block_id: blockId,
  elements: z.array(richElement).min(1),
});

const confirm = z.strictObject({
  title: plain(100),
  text: text(300),
  confirm: plain(30),
  deny: plain(30),
  style: z.enum(["primary", "danger"]).optional(),
});
const button = z.strictObject({
  type: z.literal("button"),
  text: plain(75),
  action_id: z.string().min(1).max(255).optional(),
  value: z.string().min(1).max(2000).optional(),
  url: webAddress.optional(),
  style: z.enum(["primary", "danger"]).optional(),
  confirm: confirm.optional(),
  accessibility_label: z.string().max(75).optional(),
});
const image = z.strictObject({
  type: z.literal("image"),
  image_url: webAddress.optional(),
  alt_text: z.string().min(1).max(2000),
});
const cell = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("raw_text"), text: z.string().min(1) }),
  richText,
]);
const block = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("header"), block_id: blockId, text: plain(150) }),
  z
    .strictObject({
      type: z.literal("section"),
      block_id: blockId,
      text: text(3000).optional(),
      fields: z.array(text(2000)).min(1).max(10).optional(),
      accessory: z.union([button, image]).optional(),
      expand: z.boolean().optional(),
    })
    .refine(
      (value) => value.text !== undefined || value.fields !== undefined,
      "section needs text or fields",
    ),
  z.strictObject({
    type: z.literal("context"),
    block_id: blockId,
    elements: z
      .array(z.union([text(2000), image]))
      .min(1)
      .max(10),
  }),
  z.strictObject({ type: z.literal("divider"), block_id: blockId }),
  z.strictObject({
    type: z.literal("actions"),
    block_id: blockId,
    elements: z.array(button).min(1).max(25),
  }),
  z.strictObject({
    type: z.literal("image"),
    block_id: blockId,
    image_url: webAddress,
    alt_text: z.string().min(1).max(2000),
    title: plain(2000).optional(),
  }),
  richText,
  z.strictObject({
    type: z.literal("table"),
    block_id: blockId,
    rows: z.array(z.array(cell).min(1).max(20)).min(1).max(100),
    column_settings: z
      .array(
        z
          .strictObject({ align: z.enum(["left", "center", "right"]), is_wrapped: z.boolean() })
          .partial()
          .nullable(),
      )
      .max(20)
      .optional(),
  }),
]);

const input = z.strictObject({
  type: z.literal("input"),
  block_id: blockId,
  label: plain(2000),
  hint: plain(2000).optional(),
  optional: z.boolean().optional(),
  element: inputElement,
});
const modal = z
  .strictObject({
    type: z.literal("modal"),
    title: plain(24),
    blocks: z.array(z.union([input, block])).max(100),
    submit: plain(24).optional(),
    close: plain(24).optional(),
    callback_id: z.string().min(1).max(255).optional(),
    private_metadata: z.string().max(3000).optional(),
    clear_on_close: z.boolean().optional(),
    notify_on_close: z.boolean().optional(),
    external_id: z.string().max(255).optional(),
  })
  .refine(
    (view) => view.submit !== undefined || view.blocks.every((one) => one.type !== "input"),
    "a modal with an input block needs submit",
  )
  .refine(
    ({ blocks }) =>
      repeated(blocks.flatMap((one) => (one.block_id === undefined ? [] : [one.block_id]))).length === 0,
    "block_id must be unique",
  );
/** @see https://docs.slack.dev/reference/methods/views.open (view_too_large) */
const largestModal = 250_000;

/** @see https://docs.slack.dev/reference/views/home-tab-views and, for each block, the surfaces that show it. */
const home = z
  .strictObject({
    type: z.literal("home"),
    blocks: z.array(block).max(100),
    callback_id: z.string().min(1).max(255).optional(),
    private_metadata: z.string().max(3000).optional(),
    external_id: z.string().max(255).optional(),
  })
  .refine(
    (view) => view.blocks.every((one) => !["table", "markdown", "file"].includes(one.type)),
    "tables, Markdown and files are for messages",
  );

/** What Slack would say of a home tab, or null when it would take it. */
export function checkHome(value: unknown): readonly string[] | null {
  return problemsOf(value, home);
}

/** What Slack would say of a modal, or null when it would take it. */
export function checkModal(value: unknown): readonly string[] | null {
  return problemsOf(value, modal);
}

function problemsOf(value: unknown, view: z.ZodType): readonly string[] | null {
  if (JSON.stringify(value).length > largestModal) return ["[ERROR] view_too_large"];
  const parsed = view.safeParse(value);
  return parsed.success
    ? null
    : parsed.error.issues
        .slice(0, 10)
        .map(({ message, path }) => `[ERROR] ${message} [json-pointer:/view/${path.join("/")}]`);
}

export type BlockRecord = Readonly<Record<string, unknown>>;

/** Error code and messages of what Slack would refuse, or null. */
export interface BlockProblem {
  readonly error: "invalid_blocks" | "invalid_attachments" | "msg_blocks_too_long";
  readonly messages: readonly string[];
}

/** People measured 11,341 characters of text refused, and 13,297 of Markdown the most accepted. */
const longestText = 11_300;
const longestJson = 13_200;

/** Checks the blocks of one message. */
export function checkBlocks(value: unknown, most = 50): BlockProblem | null {
  const parsed = z.array(block).max(most).safeParse(value);
  if (!parsed.success)
    return {
      error: "invalid_blocks",
      messages: parsed.error.issues
        .slice(0, 10)
        .map((issue) => `[ERROR] ${issue.message} [json-pointer:/blocks/${issue.path.join("/")}]`),
    };
  const duplicates = [
    ...repeated(parsed.data.flatMap((one) => (one.block_id === undefined ? [] : [one.block_id]))),
    ...parsed.data.flatMap((one) =>
      one.type === "actions" ? repeated(one.elements.map((e) => e.action_id ?? "")) : [],
    ),
  ];
  if (duplicates.length > 0)
    return { error: "invalid_blocks", messages: duplicates.map((id) => `[ERROR] \`${id}\` already exists`) };
  if (parsed.data.filter((one) => one.type === "table").length > 1)
    return { error: "invalid_attachments", messages: ["[ERROR] only_one_table_allowed"] };
  const ragged = parsed.data.some(
    (one) => one.type === "table" && new Set(one.rows.map((row) => row.length)).size > 1,
  );
  if (ragged) return { error: "invalid_blocks", messages: ["[ERROR] table rows differ in length"] };
  const isLong = JSON.stringify(value).length > longestJson || textLength(value) > longestText;
  return isLong ? { error: "msg_blocks_too_long", messages: [] } : null;
}

function repeated(ids: readonly string[]): readonly string[] {
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}

/** Characters in every `text` of the tree. */
export function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, part) => sum + textLength(part), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, part]) => sum + (key === "text" && typeof part === "string" ? part.length : textLength(part)),
    0,
  );
}

/** Everything a person reads in the blocks, in order, one line per text. */
export function readableText(value: unknown): string {
  const lines: string[] = [];
  collect(value, lines);
  return lines.join("\n");
}

function collect(value: unknown, lines: string[]): void {
  if (Array.isArray(value)) for (const part of value) collect(part, lines);
  else if (typeof value === "object" && value !== null)
    for (const [key, part] of Object.entries(value)) {
      if ((key === "text" || key === "fallback") && typeof part === "string") lines.push(part);
      else collect(part, lines);
    }
}
