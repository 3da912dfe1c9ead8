import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { parseDuration } from "../src/domain/command/options.ts";
import { occurrenceAt, windowName } from "../src/domain/suppression/maintenance.ts";
import { formatMatcher } from "../src/domain/suppression/matcher.ts";
import type { Silence } from "../src/domain/suppression/silence.ts";
import { duration, moment, oneLine, plain, textOf } from "../src/domain/view.ts";
import { channelName } from "../src/ports/chat.ts";
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  type Refusal,
} from "../src/ports/command.ts";
import { nameOf } from "./_lookup.ts";
import { matchersText, readMatchers, readReason, refusal } from "./_matchers.ts";

const maxDurationMs = 30 * 24 * 3_600_000;

export default defineCommand({
  kind: "operate",
  name: "silence",
  summary: "Mute alerts for a while, list what is muted, make it last longer, or end it",
  examples: [
    'silence service=checkout severity=~"warning|info" --for 2h --reason "load test"',
    "silence --list",
    "silence --extend 3 --for 2h",
    "silence --end 3",
  ],
  options: z.object({
    matchers: z
      .string()
      .max(1_000)
      .optional()
      .describe('which alerts: label=value, also != =~ !~, all must hold; service="a b" with blanks'),
    for: z.string().max(20).default("2h").describe("how long: 30m, 2h, 1d12h; at most 30d"),
    reason: z.string().max(500).optional().describe("why; shown wherever an alert was muted"),
    list: z.boolean().default(false).describe("show what is muted now"),
    extend: z.number().int().positive().optional().describe("number of the silence to make last longer"),
    end: z.number().int().positive().optional().describe("number of the silence to end now"),
  }),
  args: ["matchers"],
  rest: "matchers",
  action: "silence",
  form: { fields: ["matchers", "for", "reason"], isForBare: true },
  async run(options, context) {
    if (options.end !== undefined) return await end(options.end, context);
    const lengthMs = readLength(options.for);
    if (options.extend !== undefined)
      return typeof lengthMs === "number" ? await extend(options.extend, lengthMs, context) : lengthMs;
    if (options.list || options.matchers === undefined) return await list(context);
    const matchers = readMatchers(options.matchers);
    if ("kind" in matchers) return matchers;
    if (typeof lengthMs !== "number") return lengthMs;
    const reason = readReason(options.reason, "A silence");
    if (typeof reason !== "string") return reason;
    const endsAt = new Date(context.now.getTime() + lengthMs);
    return await create(context, { matchers, reason, endsAt });
  },
});

function readLength(text: string): number | Refusal {
  const lengthMs = parseDuration(text);
  if (lengthMs !== null && lengthMs > 0 && lengthMs <= maxDurationMs) return lengthMs;
  return refusal(
    "duration",
    `"${oneLine(text, 20)}" is not a duration up to 30d.`,
    "Write it as 30m, 2h or 1d12h.",
  );
}

async function create(
  context: CommandContext,
  wanted: Pick<Silence, "matchers" | "reason" | "endsAt">,
): Promise<CommandResult> {
  const id = await save(context, wanted);
  const until = textOf([moment(wanted.endsAt)]);
  const view = answerView(
    `Silence ${id} mutes alerts with ${matchersText(wanted.matchers)} until ${until}.`,
    {
      tone: "good",
      actions: [{ label: "End it", command: `silence --end ${id}`, style: "plain" }],
    },
  );
  const matchers = wanted.matchers.map(formatMatcher);
  const data = { matchers, reason: wanted.reason, endsAt: wanted.endsAt.toISOString() };
  const audit = { action: "silence.created", subject: `silence:${id}`, data };
  // Muting concerns everyone in the channel.
  return { kind: "answer", view, visibility: "public", audit };
}

async function save(
  { store, now, person, channel }: CommandContext,
  wanted: Pick<Silence, "matchers" | "reason" | "endsAt">,
): Promise<number> {
  return await store.incidents.saveSilence({
    ...wanted,
    createdBy: person.id,
    createdIn: channel === null ? null : channelName(channel),
    startsAt: now,
    createdAt: now,
  });
}

/** As in Alertmanager a new silence takes the place of the old one, so that each has one end and one reminder. */
async function extend(id: number, lengthMs: number, context: CommandContext): Promise<CommandResult> {
  const silence = await findActive(id, context);
  if ("kind" in silence) return silence;
  const { matchers, reason } = silence;
  const endsAt = new Date(silence.endsAt.getTime() + lengthMs);
  if (endsAt.getTime() - context.now.getTime() > maxDurationMs) {
    const problem = `Silence ${id} would then last for more than 30 days.`;
    return refusal("duration", problem, "Make it shorter; what is muted for good belongs into its own rule.");
  }
  await context.store.incidents.endSilence(id, context.now);
  const next = await save(context, { matchers, reason, endsAt });
  const until = textOf([moment(endsAt)]);
  return {
    kind: "answer",
    view: answerView(`Silence ${next} takes the place of ${id} and lasts until ${until}.`, {
      tone: "good",
      actions: [{ label: "End it", command: `silence --end ${next}`, style: "plain" }],
    }),
    visibility: "public",
    audit: {
      action: "silence.extended",
      subject: `silence:${next}`,
      data: { instead: id, matchers: matchers.map(formatMatcher), reason, endsAt: endsAt.toISOString() },
    },
  };
}

async function findActive(id: number, context: CommandContext): Promise<Silence | Refusal> {
  const active = await context.store.incidents.silences(context.now);
  const silence = active.find((candidate) => candidate.id === id);
  if (silence !== undefined) return silence;
  const known = active.map((candidate) => candidate.id).join(", ");
  const remedy = known === "" ? "Nothing is muted." : `Active silences are: ${known}.`;
  return {
    ...refusal("unknown_silence", `There is no active silence ${id}.`, remedy),
    suggestions: ["silence --list"],
  };
}

async function end(id: number, context: CommandContext): Promise<CommandResult> {
  const silence = await findActive(id, context);
  if ("kind" in silence) return silence;
  await context.store.incidents.endSilence(id, context.now);
  const matchers = silence.matchers.map(formatMatcher);
  return {
    kind: "answer",
    view: answerView(`Silence ${id} (${matchers.join(" and ")}) has ended.`, { tone: "good" }),
    visibility: "public",
    audit: { action: "silence.ended", subject: `silence:${id}`, data: { matchers, reason: silence.reason } },
  };
}

async function list(context: CommandContext): Promise<CommandResult> {
  const active = await context.store.incidents.silences(context.now);
  const windows = await maintenanceUnderWay(context);
  if (active.length === 0) {
    const view = answerView(windows === null ? "Nothing is muted." : `No silence is active. ${windows}`);
    return { kind: "answer", view, visibility: "private" };
  }
  const rows = active.map((silence) => [
    String(silence.id),
    silence.matchers.map(formatMatcher).join(" "),
    duration(silence.endsAt.getTime() - context.now.getTime()),
    nameOf(context.people, silence.createdBy),
    oneLine(silence.reason, 200),
  ]);
  const first = active.map(
    (silence) => `${silence.id} (${silence.matchers.map(formatMatcher).join(" and ")})`,
  );
  const also = windows === null ? "" : ` ${windows}`;
  const view = answerView(`${active.length} active: ${first.slice(0, 5).join("; ")}.${also}`, {
    title: "What is muted",
    blocks: [
      { kind: "table", columns: ["id", "alerts with", "for another", "by", "reason"], rows },
      { kind: "note", text: [plain(`silence --end NUMBER ends one.${also}`)] },
    ],
    actions: active.slice(0, 5).map((silence) => ({
      label: `End ${silence.id}`,
      command: `silence --end ${silence.id}`,
      style: "plain",
    })),
  });
  return { kind: "answer", view, visibility: "private" };
}

/** One sentence on maintenance, which mutes as well; null when there is none now. */
async function maintenanceUnderWay({ store, now }: CommandContext): Promise<string | null> {
  const windows = await store.incidents.maintenance(now);
  const names = windows
    .filter((window) => occurrenceAt(window.schedule, now) !== null)
    .map((window) => windowName(window));
  return names.length === 0
    ? null
    : `Under maintenance: ${names.slice(0, 10).join(", ")}; see maintenance list.`;
}
