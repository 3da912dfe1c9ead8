import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { type Advice, adviseOn } from "../src/domain/noise/advice.ts";
import {
  type Duplicate,
  isOfSeveralSenders,
  type NoiseReport,
  type NoisyRule,
  reportNoise,
} from "../src/domain/noise/noise.ts";
import { duration, oneLine, plain, type ViewAction, type ViewBlock } from "../src/domain/view.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";

const dayMs = 24 * 3_600_000;
const maxRows = 12;
const maxAdvice = 5;

const maxTeams = 8;

export default defineCommand({
  kind: "read",
  name: "noise",
  summary: "Which rules cost attention for nothing, by team, with snippets that would quieten them",
  examples: ["noise", "noise payments --days 7"],
  options: z.object({
    team: z
      .string()
      .max(200)
      .optional()
      .describe("only rules of this team: label team or owner, else the channel that showed them"),
    days: z.number().int().min(1).max(90).default(30).describe("how many days back, 1 to 90"),
  }),
  args: ["team"],
  rest: "team",
  action: "read",
  async run(options, context) {
    const from = new Date(context.now.getTime() - options.days * dayMs);
    const facts = await context.store.noise.facts(from, context.now, context.senders);
    const team = options.team ?? null;
    const known = [...new Set(facts.rules.flatMap((rule) => rule.team ?? []))];
    if (team !== null && !known.some((each) => each.toLowerCase() === team.toLowerCase()))
      return unknownTeam(team, known, options.days);
    return answerOf(reportNoise(facts, team), { team, days: options.days }, context);
  },
});

function unknownTeam(team: string, known: readonly string[], days: number): CommandResult {
  const listed = known.slice(0, 10).map((each) => oneLine(each, 40));
  return {
    kind: "refuse",
    reason: "unknown_team",
    problem: `No alert of the last ${days} days is of team "${oneLine(team, 80)}".`,
    remedy: listed.length === 0 ? "No alert names a team." : `Teams are: ${listed.join(", ")}.`,
    suggestions: ["noise"],
  };
}

function answerOf(
  report: NoiseReport,
  asked: { readonly team: string | null; readonly days: number },
  context: CommandContext,
): CommandResult {
  const advice = adviseOn(report);
  const of = asked.team === null ? "" : ` of ${oneLine(asked.team, 60)}`;
  const view = answerView(summaryOf(report, asked), {
    title: `Noise${of}, last ${asked.days} days`,
    blocks: [
      { kind: "text", text: [plain(summaryOf(report, asked))] },
      ...table("Rules", ruleColumns, report.rules.slice(0, maxRows).map(ruleRow)),
      ...table("Say the same", duplicateColumns, report.duplicates.slice(0, maxRows).map(duplicateRow)),
      ...(asked.team === null ? teamTable(report) : []),
      ...advice.slice(0, maxAdvice).flatMap(adviceBlocks),
      { kind: "note", text: [plain(footnote(report, advice))] },
    ],
    actions: silences(advice, context),
  });
  return { kind: "answer", view, visibility: "private" };
}

function summaryOf(
  report: NoiseReport,
  { team, days }: { readonly team: string | null; readonly days: number },
): string {
  const { notified, mattered } = report.total;
  const span = days === 1 ? "a day" : `${days} days`;
  if (notified === 0) return `No notification in ${span}.`;
  const idle = Math.round((100 * (notified - mattered)) / notified);
  const shares = [
    { is: idle === 0, acted: "people acted on all of them" },
    { is: idle === 100, acted: "nobody acted on any of them" },
  ];
  const acted = shares.find(({ is }) => is)?.acted ?? `nobody acted on ${idle} % of them`;
  const all = `${notified === 1 ? "1 notification" : `${notified} notifications`} in ${span}; ${acted}.`;
  const of = team === null ? "" : ` of ${oneLine(team, 60)}`;
  const [worst] = report.rules;
  if (worst === undefined) return `${all} No rule${of} stands out as noise.`;
  const rules = report.rules.length === 1 ? "1 rule" : `${report.rules.length} rules`;
  const share = percent(report.rules.reduce((sum, rule) => sum + rule.shareRatio, 0));
  return `${all} ${rules}${of} made ${share} of them, first ${oneLine(worst.name, 100)} (${worst.verdicts.join(", ")}).`;
}

const ruleColumns = ["rule", "team", "notified", "share", "acted on", "median", "verdict"];

function ruleRow(rule: NoisyRule): readonly string[] {
  return [
    `${oneLine(rule.name, 60)}${isOfSeveralSenders(rule) ? ` (${oneLine(rule.source, 40)})` : ""}`,
    oneLine(rule.team ?? "", 40),
    String(rule.notified),
    percent(rule.shareRatio),
    String(rule.mattered),
    rule.lastedMs === null ? "" : duration(rule.lastedMs),
    rule.verdicts.join(", "),
  ];
}

const duplicateColumns = ["first", "then", "together", "of all", "lead"];

function duplicateRow(pair: Duplicate): readonly string[] {
  return [
    oneLine(pair.leader, 60),
    oneLine(pair.follower, 60),
    String(pair.together),
    percent(pair.shareRatio),
    duration(Math.abs(pair.leadMs)),
  ];
}

function teamTable(report: NoiseReport): readonly ViewBlock[] {
  const rows = report.teams
    .slice(0, maxTeams)
    .map(({ team, notified, shareRatio, mattered }) => [
      oneLine(team ?? "no team", 60),
      String(notified),
      percent(shareRatio),
      String(mattered),
    ]);
  return table("Teams", ["team", "notified", "share", "acted on"], rows);
}

function table(
  heading: string,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): readonly ViewBlock[] {
  if (rows.length === 0) return [];
  return [
    { kind: "heading", text: heading },
    { kind: "table", columns, rows },
  ];
}

function adviceBlocks({ title, snippet, command }: Advice): readonly ViewBlock[] {
  const where = snippet === null ? "" : ` In ${snippet.where}:`;
  return [
    { kind: "text", text: [plain(`${title}${where}`)] },
    ...(snippet === null ? [] : [{ kind: "code" as const, text: snippet.text }]),
    ...(snippet === null && command !== null ? [{ kind: "code" as const, text: command }] : []),
  ];
}

function footnote(report: NoiseReport, advice: readonly Advice[]): string {
  const more = advice.length - maxAdvice;
  const hidden = report.rules.length - maxRows;
  return [
    "A notification is a firing that nothing muted; it was acted on when a person took, resolved, merged or judged its incident.",
    ...(hidden > 0 ? [`${hidden} more rules are not shown.`] : []),
    ...(more > 0 ? [`${more} more suggestions: ask for one team.`] : []),
  ].join(" ");
}

function silences(advice: readonly Advice[], context: CommandContext): readonly ViewAction[] {
  if (!context.may("silence", { type: "Bot" })) return [];
  // One silence mutes what every sender has of a name and team.
  return [...new Set(advice.flatMap(({ command }) => command ?? []))]
    .map((command): ViewAction => {
      const name = /alertname="([^"]*)"/.exec(command)?.[1] ?? "it";
      const label = oneLine(`Silence ${name} for 7 d`, 60);
      return { label, command, style: "plain", confirm: `${command}?` };
    })
    .slice(0, 3);
}

function percent(ratio: number): string {
  return `${Math.round(100 * ratio)} %`;
}
