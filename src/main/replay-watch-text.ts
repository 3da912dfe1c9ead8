import type { ReplayedSeries, WatchReplay } from "../app/replay-watch.ts";
import { median } from "../domain/metrics/series.ts";
import { duration, oneLine } from "../domain/view.ts";
import type { BacktestScore, Raised } from "../domain/watch/backtest.ts";

const maxRaisedShown = 10;
const dayMs = 86_400_000;

/** What a rule would have done, over all its series. */
export interface WatchTotals {
  readonly raised: number;
  /** Null when nothing says what it should have come before. */
  readonly judged: {
    readonly events: number;
    readonly foreseen: number;
    readonly falseAlarms: number;
    readonly medianLeadMs: number | null;
  } | null;
}

export function totalsOf({ series }: WatchReplay): WatchTotals {
  const raised = series.reduce((sum, one) => sum + one.raised.length, 0);
  const scored = series.flatMap(({ events, score }) =>
    events === null || score === null ? [] : [{ events, score }],
  );
  if (scored.length === 0) return { raised, judged: null };
  const leads = scored.flatMap(({ score }) => score.leads);
  return {
    raised,
    judged: {
      events: scored.reduce((sum, { events }) => sum + events.length, 0),
      foreseen: leads.length,
      falseAlarms: scored.reduce((sum, { score }) => sum + score.falseAlarms.length, 0),
      medianLeadMs: leads.length === 0 ? null : median(leads),
    },
  };
}

/** One line, for people and for doctor. */
export function totalsText(replay: WatchReplay): string {
  const { raised, judged } = totalsOf(replay);
  const days = Math.max(1, Math.round((replay.span.toMs - replay.span.fromMs) / dayMs));
  const times = `${raised === 0 ? "never raised" : `raised ${count(raised, "time")}`} in ${count(days, "day")}`;
  if (judged === null)
    return `${times}; nothing says what it should have come before: --alert NAME names an alert`;
  const { events, foreseen, falseAlarms, medianLeadMs } = judged;
  if (events === 0 && falseAlarms === 0)
    return `${times}; ${replay.rule.kind === "forecast" ? "its limit was never reached" : "the alert never fired"}, so this says nothing of how good it is`;
  const what = replay.rule.kind === "forecast" ? "limits reached" : "alerts";
  const lead = medianLeadMs === null ? "" : `, median lead ${leadText(medianLeadMs)}`;
  return `${times}: ${foreseen} of ${events} ${what} foreseen${lead}, ${count(falseAlarms, "false alarm")}`;
}

/** Every time it would have raised, per series, and the totals. */
export function formatWatchReplay(replay: WatchReplay): string {
  const { rule, span, series, leftOut } = replay;
  const head = `${rule.name}, ${day(span.fromMs)} to ${day(span.toMs)}: ${count(series.length, "series")}${leftOut > 0 ? `, ${leftOut} more left out` : ""}`;
  const notable = series.filter((one) => one.raised.length > 0 || (one.score?.missed.length ?? 0) > 0);
  return [head, ...notable.flatMap(seriesLines), totalsText(replay)].join("\n");
}

function seriesLines({ labels, raised, events, score }: ReplayedSeries): readonly string[] {
  const pairs = Object.entries(labels).filter(([name]) => name !== "__name__");
  const name =
    pairs.length === 0 ? "  one series" : `  ${pairs.map(([label, value]) => `${label}=${value}`).join(" ")}`;
  const lines = raised
    .slice(0, maxRaisedShown)
    .map((alarm) => `    ${verdictOf(alarm, score)}${raisedText(alarm)}`);
  const rest = raised.length > maxRaisedShown ? [`    and ${raised.length - maxRaisedShown} more`] : [];
  const missed = (score?.missed ?? []).map(({ atMs }) => `    missed ${moment(atMs)}`);
  return [
    `${oneLine(name, 200).replace(/^/, "  ")}${events === null ? "" : ` (${events.length} to foresee)`}`,
    ...lines,
    ...rest,
    ...missed,
  ];
}

/** In one width; empty where nothing says what was right. */
function verdictOf(alarm: Raised, score: BacktestScore | null): string {
  if (score === null) return "";
  if (score.falseAlarms.includes(alarm)) return "false  ";
  return alarm.toMs === null && score.leads.length === 0 ? "open   " : "right  ";
}

function raisedText({ fromMs, toMs, because }: Raised): string {
  const until = toMs === null ? "still on" : `for ${duration(toMs - fromMs)}`;
  return `${moment(fromMs)} ${until}: ${oneLine(because, 160)}`;
}

function leadText(ms: number): string {
  return ms >= 0 ? duration(ms) : `${duration(-ms)} after`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 || noun === "series" ? "" : "s"}`;
}

function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
