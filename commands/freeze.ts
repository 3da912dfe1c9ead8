import { z } from "zod";
import { answerView } from "../src/domain/command/answer.ts";
import { type Freeze, freezeLabelNames } from "../src/domain/rollout/freeze.ts";
import { occurrenceAt, scheduleText, windowName } from "../src/domain/suppression/maintenance.ts";
import { formatMatcher, type Matcher } from "../src/domain/suppression/matcher.ts";
import { oneLine, plain, type ViewAction } from "../src/domain/view.ts";
import {
  type CommandContext,
  type CommandResult,
  defineCommand,
  type Refusal,
} from "../src/ports/command.ts";
import { nameOf } from "./_lookup.ts";
import { readMatcherList, readReason, refusal } from "./_matchers.ts";
import { readSchedule, scheduleOptions, timeLeft } from "./_schedule.ts";

export default defineCommand({
  kind: "operate",
  name: "freeze",
  summary: "Keep rollouts from being asked for, once or every week; list freezes, or end one",
  examples: [
    'freeze add environment=production --for 2d --reason "year end"',
    'freeze add kind=deploy --days fri --from 16:00 --to 24:00 --timezone Europe/Berlin --reason "weekend"',
    "freeze list",
    "freeze end 3",
  ],
  options: z.object({
    action: z.enum(["list", "add", "end"]).default("list").describe("list, add or end"),
    what: z
      .string()
      .max(1_000)
      .optional()
      .describe("to add: model=, environment=, kind= or risk=, none for all; to end: the number"),
    ...scheduleOptions,
    reason: z.string().max(500).optional().describe("why; shown to whoever asks for a rollout"),
  }),
  args: ["action", "what"],
  rest: "what",
  action: "freeze",
  form: { isForBare: true },
  async run(given, context) {
    if (given.action === "list") return await list(context);
    if (given.action === "end") return await end(given.what ?? "", context);
    const matchers = readScope(given.what ?? "");
    if ("kind" in matchers) return matchers;
    const schedule = readSchedule(given, context.now);
    if (schedule.kind === "refuse") return schedule;
    const reason = readReason(given.reason, "A freeze");
    if (typeof reason !== "string") return reason;
    return await add(context, { matchers, schedule, reason });
  },
});

function readScope(text: string): readonly Matcher[] | Refusal {
  const matchers = readMatcherList(text);
  if ("kind" in matchers) return matchers;
  const odd = matchers.find(({ name }) => !freezeLabelNames.some((known) => known === name));
  if (odd === undefined) return matchers;
  return refusal(
    "label",
    `A rollout has no "${oneLine(odd.name, 40)}".`,
    `It has ${freezeLabelNames.join(", ")}.`,
  );
}

async function add(
  { store, now, person }: CommandContext,
  wanted: Pick<Freeze, "matchers" | "schedule" | "reason">,
): Promise<CommandResult> {
  const id = await store.rollouts.saveFreeze({ ...wanted, name: null, createdBy: person.id, createdAt: now });
  const when = scheduleText(wanted.schedule);
  return {
    kind: "answer",
    view: answerView(`Freeze ${id} is on ${scopeText(wanted.matchers)}: ${when}. ${wanted.reason}`, {
      tone: "warning",
      actions: [{ label: "End it", command: `freeze end ${id}`, style: "plain" }],
    }),
    visibility: "public",
    audit: {
      action: "freeze.created",
      subject: `freeze:${id}`,
      data: { matchers: wanted.matchers.map(formatMatcher), when, reason: wanted.reason },
    },
  };
}

async function end(text: string, { store, now }: CommandContext): Promise<CommandResult> {
  const freezes = await store.rollouts.freezes(now);
  const wanted = text.trim().replace(/^#/, "");
  const freeze = freezes.find((candidate) => windowName(candidate) === wanted);
  if (freeze === undefined) {
    const known = freezes.filter(({ name }) => name === null).map(({ id }) => id);
    const remedy = known.length === 0 ? "None was made by command." : `There are: ${known.join(", ")}.`;
    return {
      ...refusal("unknown_freeze", `There is no freeze "${oneLine(wanted, 60)}".`, remedy),
      suggestions: ["freeze list"],
    };
  }
  if (freeze.name !== null) {
    const remedy = "Take it out there, and start the bot again.";
    return refusal("configured", `Freeze "${freeze.name}" is in tocsin.yaml.`, remedy);
  }
  await store.rollouts.endFreeze(freeze.id, now);
  const data = {
    matchers: freeze.matchers.map(formatMatcher),
    when: scheduleText(freeze.schedule),
    reason: freeze.reason,
  };
  return {
    kind: "answer",
    view: answerView(`Freeze ${freeze.id} on ${scopeText(freeze.matchers)} has ended.`, { tone: "good" }),
    visibility: "public",
    audit: { action: "freeze.ended", subject: `freeze:${freeze.id}`, data },
  };
}

async function list({ store, now, people }: CommandContext): Promise<CommandResult> {
  const freezes = await store.rollouts.freezes(now);
  if (freezes.length === 0)
    return { kind: "answer", view: answerView("No freeze is planned."), visibility: "private" };
  const inForce = freezes.filter(({ schedule }) => occurrenceAt(schedule, now) !== null);
  const names = inForce.map(windowName).slice(0, 10).join(", ");
  const text =
    inForce.length === 0
      ? `${freezes.length} planned, none in force.`
      : `${freezes.length} planned, in force: ${names}.`;
  const view = answerView(text, {
    title: "Freezes",
    blocks: [
      {
        kind: "table",
        columns: ["id", "rollouts", "when", "now", "by", "reason"],
        rows: freezes.map((freeze) => [
          windowName(freeze),
          scopeText(freeze.matchers),
          scheduleText(freeze.schedule),
          timeLeft(freeze.schedule, now),
          nameOf(people, freeze.createdBy),
          oneLine(freeze.reason, 200),
        ]),
      },
      {
        kind: "note",
        text: [plain("freeze end NUMBER ends one. What a freeze stops is the policy's business.")],
      },
    ],
    actions: freezes
      .filter(({ name }) => name === null)
      .slice(0, 5)
      .map(({ id }): ViewAction => ({ label: `End ${id}`, command: `freeze end ${id}`, style: "plain" })),
  });
  return { kind: "answer", view, visibility: "private" };
}

function scopeText(matchers: readonly Matcher[]): string {
  return matchers.length === 0
    ? "all rollouts"
    : `rollouts with ${matchers.map(formatMatcher).join(" and ")}`;
}
