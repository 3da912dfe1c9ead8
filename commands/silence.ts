import { z } from "zod";
import { answerView } from "../src/domain/answer.ts";
import { parseDuration } from "../src/domain/command-line.ts";
import {
  formatMatcher,
  type Matcher,
  matchesAll,
  parseMatcher,
  type Silence,
} from "../src/domain/suppression.ts";
import { duration, moment, oneLine, plain, textOf } from "../src/domain/view.ts";
import { tokenize } from "../src/domain/words.ts";
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  type Refusal,
} from "../src/ports/command.ts";
import { nameOf } from "./_lookup.ts";

const maxDurationMs = 30 * 24 * 3_600_000;
const maxMatchers = 20;

export default defineCommand({
  kind: "operate",
  name: "silence",
  summary: "Mute alerts for a while, list what is muted, or end it",
  examples: [
    'silence service=checkout severity=~"warning|info" --for 2h --reason "load test"',
    "silence --list",
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
    end: z.number().int().positive().optional().describe("number of the silence to end now"),
  }),
  args: ["matchers"],
  rest: "matchers",
  action: "silence",
  async run(options, context) {
    if (options.end !== undefined) return await end(options.end, context);
    if (options.list || options.matchers === undefined) return await list(context);
    const matchers = readMatchers(options.matchers);
    if ("kind" in matchers) return matchers;
    const lengthMs = parseDuration(options.for);
    if (lengthMs === null || lengthMs <= 0 || lengthMs > maxDurationMs) {
      return refuse(
        "duration",
        `"${options.for}" is not a duration up to 30d.`,
        "Write it as 30m, 2h or 1d12h.",
      );
    }
    const reason = oneLine(options.reason ?? "", 500);
    if (reason === "") {
      return refuse(
        "no_reason",
        "A silence needs a reason.",
        'Add --reason "why"; others will want to know.',
      );
    }
    const endsAt = new Date(context.now.getTime() + lengthMs);
    return await create(context, { matchers, reason, endsAt });
  },
});

async function create(
  context: CommandContext,
  wanted: Pick<Silence, "matchers" | "reason" | "endsAt">,
): Promise<CommandResult> {
  const { now, person } = context;
  const id = await context.store.incidents.saveSilence({
    ...wanted,
    createdBy: person.id,
    startsAt: now,
    createdAt: now,
  });
  const matchers = wanted.matchers.map(formatMatcher);
  const until = textOf([moment(wanted.endsAt)]);
  const view = answerView(`Silence ${id} mutes alerts with ${matchers.join(" and ")} until ${until}.`, {
    tone: "good",
    actions: [{ label: "End it", command: `silence --end ${id}`, style: "plain" }],
  });
  const data = { matchers, reason: wanted.reason, endsAt: wanted.endsAt.toISOString() };
  const audit = { action: "silence.created", subject: `silence:${id}`, data };
  // Muting concerns everyone in the channel.
  return { kind: "answer", view, visibility: "public", audit };
}

async function end(id: number, context: CommandContext): Promise<CommandResult> {
  const active = await context.store.incidents.silences(context.now);
  const silence = active.find((candidate) => candidate.id === id);
  if (silence === undefined || !(await context.store.incidents.endSilence(id, context.now))) {
    const known = active.map((candidate) => candidate.id).join(", ");
    const remedy = known === "" ? "Nothing is muted." : `Active silences are: ${known}.`;
    return {
      ...refuse("unknown_silence", `There is no active silence ${id}.`, remedy),
      suggestions: ["silence --list"],
    };
  }
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
  if (active.length === 0)
    return { kind: "answer", view: answerView("Nothing is muted."), visibility: "private" };
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
  const view = answerView(`${active.length} active: ${first.slice(0, 5).join("; ")}.`, {
    title: "What is muted",
    blocks: [
      { kind: "table", columns: ["id", "alerts with", "for another", "by", "reason"], rows },
      { kind: "note", text: [plain("silence --end NUMBER ends one.")] },
    ],
    actions: active.slice(0, 5).map((silence) => ({
      label: `End ${silence.id}`,
      command: `silence --end ${silence.id}`,
      style: "plain",
    })),
  });
  return { kind: "answer", view, visibility: "private" };
}

function readMatchers(text: string): readonly Matcher[] | Refusal {
  const split = tokenize(text);
  if (split.kind === "unclosed_quote") {
    return refuse(
      "unclosed_quote",
      `A quote is never closed: ${oneLine(split.rest, 40)}`,
      'Close it with ".',
    );
  }
  const words = split.tokens.map((token) => (token.kind === "word" ? token.text : `--${token.name}`));
  const matchers: Matcher[] = [];
  for (const word of words.map((each) => each.replace(/,$/, ""))) {
    const matcher = parseMatcher(word);
    if (matcher === null) {
      const problem = `"${oneLine(word, 80)}" is not a matcher.`;
      return refuse("matcher", problem, 'Write label=value, label!=value, label=~"a|b" or label!~"a.*".');
    }
    matchers.push(matcher);
  }
  if (matchers.length === 0 || matchers.length > maxMatchers) {
    return refuse("matcher", `There are ${matchers.length} matchers.`, `Give 1 to ${maxMatchers}.`);
  }
  // As in Alertmanager: a silence that an alert without any labels would match mutes everything.
  if (matchesAll(matchers, {})) {
    return refuse(
      "matches_everything",
      `${matchers.map(formatMatcher).join(" ")} would mute every alert.`,
      "Add a matcher that an empty label does not satisfy, for example service=checkout.",
    );
  }
  return matchers;
}

function refuse(reason: string, problem: string, remedy: string): Refusal {
  return { kind: "refuse", reason, problem, remedy };
}
