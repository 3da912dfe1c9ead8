/** `/models history`: which version served when, and at one moment. */
import { answerView } from "../src/domain/command/answer.ts";
import { intervalAt, type ServingInterval } from "../src/domain/serving/intervals.ts";
import { versionWord } from "../src/domain/serving.ts";
import { oneLine, type ViewAction } from "../src/domain/view.ts";
import type { CommandContext, CommandResult, ModelEntry, Refusal } from "../src/ports/command.ts";
import { readServing, type ServingHistory } from "../src/queries/serving-history.ts";
import { nameOf } from "./_lookup.ts";

export interface HistoryQuestion {
  readonly entry: ModelEntry;
  /** Null for all of the model's. */
  readonly environment: string | null;
  /** As typed; null for the list. */
  readonly at: string | null;
  /** 1 is the newest. */
  readonly page: number;
}

const pageSize = 20;
const backendMs = 10_000;

export async function modelHistory(
  question: HistoryQuestion,
  context: CommandContext,
): Promise<CommandResult> {
  const { entry, environment } = question;
  const at = question.at === null ? null : momentOf(question.at);
  if (at !== null && "kind" in at) return at;
  if (at !== null && at > context.now)
    return refuse("future", `${at.toISOString()} has not come yet.`, "Name a moment of the past.");
  if (environment !== null && !entry.environments.includes(environment)) {
    const problem = `${entry.name} has no environment "${oneLine(environment, 60)}".`;
    return refuse("environment", problem, `Its environments are: ${entry.environments.join(", ")}.`);
  }
  const places = entry.environments.filter((name) => environment === null || name === environment);
  const told = await Promise.all(
    places.map(async (name): Promise<Told> => {
      const place = { model: entry.name, environment: name, backend: entry.backend };
      const history = await readServing(place, context.store, { now: context.now, limitMs: backendMs });
      return { environment: name, history };
    }),
  );
  return at === null ? listAnswer(question, told, context) : momentAnswer(question, at, told, context);
}

interface Told {
  readonly environment: string;
  readonly history: ServingHistory;
}

const withZone = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;

/** "2026-11-01T12:00Z", or a day, which is its midnight in UTC. */
function momentOf(text: string): Date | Refusal {
  const moment = new Date(text);
  if (withZone.test(text) && !Number.isNaN(moment.getTime())) return moment;
  return refuse(
    "moment",
    `"${oneLine(text, 60)}" is no moment.`,
    "Write it with its zone: 2026-11-01T12:00Z or 2026-11-01T13:00+01:00.",
  );
}

// ---------- at one moment ----------

function momentAnswer(
  { entry }: HistoryQuestion,
  at: Date,
  told: readonly Told[],
  context: CommandContext,
): CommandResult {
  const found = told.map(({ environment, history }) => ({
    environment,
    history,
    interval: intervalAt(history.intervals, at, context.now),
  }));
  const sentences = found.map(({ environment, interval }) => {
    return `In ${environment} ${interval === null ? "nothing is known" : wordsOf(interval, context)}.`;
  });
  const view = answerView(`${entry.name} at ${minuteOf(at)} UTC. ${sentences.join(" ")}${problemsOf(told)}`, {
    title: `${entry.name} at ${minuteOf(at)} UTC`,
    blocks: [
      {
        kind: "table",
        columns: ["environment", ...columns],
        rows: found.map(({ environment, interval }) => [
          environment,
          ...(interval === null ? columns.map(() => "–") : rowOf(interval, context)),
        ]),
      },
    ],
    actions: auditActions(found.flatMap(({ interval }) => interval ?? [])),
  });
  return { kind: "answer", view, visibility: "private" };
}

/** "version 3 served, from … until …, by ml with rollout 7": the whole fact in one line. */
function wordsOf(interval: ServingInterval, context: CommandContext): string {
  const { state, version, otherVersion, from, to } = interval;
  const span = `${from === null ? "" : `, from ${minuteOf(from)}`}${to === null ? ", until now" : `, until ${minuteOf(to)}`}`;
  if (state === "unknown")
    return `it is unknown what served${span}: nobody looked, and the backend does not say`;
  if (state === "conflict")
    return `accounts differ${span}: the bot recorded ${versionWord(version)}, the backend says ${versionWord(otherVersion)}`;
  return `${versionWord(version)} served${span}${howOf(interval, context)}`;
}

function howOf({ cause, by, rolloutId }: ServingInterval, context: CommandContext): string {
  const who = by === null ? "" : ` by ${oneLine(nameOf(context.people, by), 60)}`;
  if (rolloutId !== null) return `, brought by rollout ${rolloutId}${who}`;
  return cause === "outside" ? `, brought outside the bot${who}` : who === "" ? "" : `, brought${who}`;
}

// ---------- the list ----------

const columns = ["version", "from", "until", "how", "by", "source"];

function listAnswer(
  { entry, environment, page }: HistoryQuestion,
  told: readonly Told[],
  context: CommandContext,
): CommandResult {
  const rows = told
    .flatMap((one) => one.history.intervals.map((interval) => ({ environment: one.environment, interval })))
    // A beginning of which nothing is known says nothing in a list.
    .filter(({ interval }) => interval.state !== "unknown" || interval.from !== null)
    .sort((a, b) => (b.interval.from?.getTime() ?? 0) - (a.interval.from?.getTime() ?? 0));
  const pages = Math.max(1, Math.ceil(rows.length / pageSize));
  if (page > pages) return refuse("page", `There is no page ${page}.`, `The last one is ${pages}.`);
  const shown = rows.slice((page - 1) * pageSize, page * pageSize);
  const where = environment === null ? entry.name : `${entry.name} in ${environment}`;
  const cut = told.some(({ history }) => history.isCut) ? " The oldest are left out." : "";
  const newest = shown[0];
  const first = newest === undefined ? "" : ` In ${newest.environment} ${wordsOf(newest.interval, context)}.`;
  const line = `models history ${entry.name}${environment === null ? "" : ` --environment ${environment}`}`;
  const view = answerView(
    `${where}: ${rows.length} ${rows.length === 1 ? "span" : "spans"} of time, newest first; page ${page} of ${pages}.${first}${cut}${problemsOf(told)}`,
    {
      title: `What served as ${where}`,
      blocks: [
        {
          kind: "table",
          columns: ["environment", ...columns],
          rows: shown.map((row) => [row.environment, ...rowOf(row.interval, context)]),
        },
      ],
      actions: [
        ...(page > 1 ? [pageAction("Newer", `${line} --page ${page - 1}`)] : []),
        ...(page < pages ? [pageAction("Older", `${line} --page ${page + 1}`)] : []),
      ],
    },
  );
  return { kind: "answer", view, visibility: "private" };
}

function rowOf(interval: ServingInterval, context: CommandContext): readonly string[] {
  const { state, version, otherVersion, from, to, cause, by, rolloutId, sources } = interval;
  const what =
    state === "unknown"
      ? "unknown"
      : state === "conflict"
        ? `${version ?? "nothing"}, or ${otherVersion ?? "nothing"}`
        : (version ?? "nothing");
  const how = rolloutId !== null ? `rollout ${rolloutId}` : cause === "outside" ? "outside the bot" : "–";
  return [
    oneLine(what, 60),
    from === null ? "–" : minuteOf(from),
    to === null ? "now" : minuteOf(to),
    how,
    by === null ? "–" : oneLine(nameOf(context.people, by), 40),
    sources.length === 0 ? "–" : sources.join(" and "),
  ];
}

function problemsOf(told: readonly Told[]): string {
  const problems = new Set(told.flatMap(({ history }) => history.backendProblem ?? []));
  return [...problems]
    .map((problem) => ` Without the backend's own account (${oneLine(problem, 150)}).`)
    .join("");
}

function auditActions(intervals: readonly ServingInterval[]): ViewAction[] {
  const ids = new Set(intervals.flatMap(({ rolloutId }) => rolloutId ?? []));
  return [...ids]
    .slice(0, 3)
    .map((id) => pageAction(`Audit of rollout ${id}`, `audit --subject rollout:${id}`));
}

function pageAction(label: string, command: string): ViewAction {
  return { label, command, style: "plain" };
}

function minuteOf(at: Date): string {
  return at.toISOString().slice(0, 16).replace("T", " ");
}

function refuse(reason: string, problem: string, remedy: string): Refusal {
  return { kind: "refuse", reason, problem, remedy };
}
