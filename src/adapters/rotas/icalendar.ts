/** A rota that is kept as a calendar: fetched now and then, remembered for when it cannot be. */
import { personIn } from "../../domain/people/calendar-person.ts";
import type { Person } from "../../domain/people/person.ts";
import { oneLine } from "../../domain/view.ts";
import type { Clock, Log, OnCallAnswer, RotaCalendar } from "../../ports.ts";
import { entriesAt } from "./icalendar/entries.ts";

export interface CalendarSettings {
  readonly name: string;
  /** Often holds a token: never in a log or an answer. */
  readonly url: string;
  /** What the calendar calls people, to their ids. */
  readonly aliases: Readonly<Record<string, string>>;
  /** For times without a zone and for whole days; an IANA name. */
  readonly timezone: string;
}

export interface CalendarParts {
  readonly people: readonly Person[];
  readonly clock: Clock;
  readonly log: Log;
}

/** For the whole exchange, ms. */
const timeoutMs = 5_000;
const maxBytes = 4 * 1024 * 1024;
/** So long it is not fetched again, also when that failed, ms. */
const freshMs = 5 * 60_000;
/** So long what was read last counts while it cannot be fetched, ms. */
const keptMs = 7 * 86_400_000;

/** Creates the reader; nothing is fetched before somebody asks. */
export function createCalendar(
  settings: CalendarSettings,
  { people, clock, log }: CalendarParts,
): RotaCalendar {
  const { name, aliases, timezone } = settings;
  let known: { readonly text: string; readonly at: number } | null = null;
  let triedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | null = null;

  /** Several who ask at once wait for one fetch. */
  async function refresh(): Promise<void> {
    const now = clock.now().getTime();
    if (now - triedAt < freshMs && now >= triedAt) return;
    fetching ??= fetchText(settings.url)
      .then((text) => {
        known = { text, at: clock.now().getTime() };
      })
      .catch((error: unknown) => {
        log.warn(
          { rota: name, problem: why(error) },
          "on call: the calendar cannot be read; the last one counts",
        );
      })
      .finally(() => {
        triedAt = clock.now().getTime();
        fetching = null;
      });
    await fetching;
  }

  async function at(moment: Date): Promise<OnCallAnswer> {
    await refresh();
    if (known === null || clock.now().getTime() - known.at > keptMs)
      return { kind: "unknown", because: "its calendar cannot be read" };
    try {
      const entries = await entriesAt(known.text, moment, timezone);
      // Whoever stands in was put over the usual turn: the entry that began last counts.
      const entry = entries.at(-1);
      if (entry === undefined) return { kind: "nobody" };
      const person = personIn(entry, people, aliases);
      if (person !== null) return { kind: "turn", person };
      const called = oneLine(entry.summary || (entry.attendees[0] ?? ""), 80);
      return { kind: "unknown", because: `its calendar names "${called}", which no one person is called` };
    } catch (error) {
      log.warn({ rota: name, problem: why(error) }, "on call: what its address gives is no calendar");
      return { kind: "unknown", because: "what its address gives is no calendar" };
    }
  }

  return { name, at };
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, {
    headers: { accept: "text/calendar" },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** Without the address, which may hold a token. */
function why(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs} ms`;
  const { cause } = error;
  const code =
    typeof cause === "object" && cause !== null && "code" in cause ? ` (${String(cause.code)})` : "";
  return oneLine(`${error.message.replaceAll(/https?:\/\/\S+/g, "its address")}${code}`, 200);
}
