/** The page of all incidents: filters, full text, newest first. */
import { z } from "zod";
import { severities } from "../../domain/alert.ts";
import { firingWords, stateWord } from "../../domain/incident/view.ts";
import type { Incident } from "../../domain/incident.ts";
import { type Cell, cell, type Filter, type PageBlock, toIncident, toPage } from "../../domain/view/page.ts";
import { moment, oneLine } from "../../domain/view.ts";
import type { IncidentSearch } from "../../ports.ts";
import {
  asked,
  cutToPage,
  type MakePage,
  nextAddress,
  type PageContext,
  pageSize,
  shown,
} from "./context.ts";
import { beforeQuery, choice, dayFilters, momentQuery, word, wordQuery } from "./queries.ts";

const states = {
  unresolved: ["open", "acknowledged"],
  open: ["open"],
  acknowledged: ["acknowledged"],
  resolved: ["resolved"],
  muted: ["muted"],
  all: ["open", "acknowledged", "resolved", "muted"],
} as const satisfies Readonly<Record<string, IncidentSearch["states"]>>;
const stateNames = ["unresolved", "open", "acknowledged", "resolved", "muted", "all"] as const;

const query = z.object({
  q: wordQuery,
  state: z.enum(stateNames).optional(),
  severity: z.enum(severities).optional(),
  service: wordQuery,
  team: wordQuery,
  from: momentQuery,
  to: momentQuery,
  before: beforeQuery,
});
type Asked = z.output<typeof query>;

/** How far back names are looked for that a filter offers, ms. */
const namesMs = 30 * 24 * 3_600_000;

export const incidentsPage: MakePage = async (context) => {
  const parsed = asked(query, context.query);
  if (parsed.kind === "refuse") return parsed;
  const want = parsed.value;
  // Whoever searches looks at everything that there was.
  const state = want.state ?? (want.q === undefined ? "unresolved" : "all");
  const [found, names] = await Promise.all([
    context.store.search.incidents(searchOf(want, state)),
    context.names(namesMs),
  ]);
  const { rows, before } = cutToPage(found, ({ id }) => id);
  return shown({
    title: "Incidents",
    lead: leadOf(rows.length, before !== null),
    filters: filtersOf(context.query, state, names),
    blocks: [
      {
        kind: "records",
        label: "Incidents, newest first",
        columns: ["incident", "severity", "state", "what", "since", "who has it", "alerts", "services"],
        bare: ["incident", "severity", "state", "what"],
        rows: rows.map((incident) => rowOf(incident, context)),
        empty: emptyOf(context.query),
      },
      ...(rows.length > 0 || state === "all" ? [] : [allIncidents]),
    ],
    next: nextAddress("/incidents", context.query, before),
  });
};

function searchOf(want: Asked, state: (typeof stateNames)[number]): IncidentSearch {
  return {
    text: want.q ?? null,
    states: states[state],
    severity: want.severity ?? null,
    service: want.service ?? null,
    team: want.team ?? null,
    from: want.from ?? null,
    to: want.to ?? null,
    before: want.before ?? null,
    limit: pageSize + 1,
  };
}

/** What to do next stands with it: nothing found may mean too much asked. */
function emptyOf(given: Readonly<Record<string, string>>): string {
  if ((given["before"] ?? "") !== "") return "That was all.";
  const isNarrowed = Object.values(given).some((value) => value.trim() !== "");
  return isNarrowed
    ? "No incident is like that. Take fewer words or filters, or clear them all."
    : "No incident waits: all are resolved.";
}

const allIncidents: PageBlock = {
  kind: "text",
  text: [toPage("Look at all incidents, resolved ones too", "/incidents?state=all")],
};

function leadOf(count: number, hasMore: boolean): string {
  if (count === 0) return "";
  const what = count === 1 ? "1 incident" : `${count} incidents`;
  return hasMore ? `The newest ${what}; older ones follow below.` : `${what}.`;
}

function filtersOf(
  given: Readonly<Record<string, string>>,
  state: string,
  names: { readonly services: readonly string[]; readonly teams: readonly string[] },
): readonly Filter[] {
  return [
    { name: "q", label: "Search", kind: "search", value: given["q"] ?? "", options: [] },
    choice("state", "State", state, [
      ["unresolved", "not resolved"],
      ["open", "open"],
      ["acknowledged", "acknowledged"],
      ["resolved", "resolved"],
      ["muted", "muted"],
      ["all", "all"],
    ]),
    choice("severity", "Severity", given["severity"] ?? "", [
      ["", "any"],
      ...severities.map((severity) => [severity, severity] as const),
    ]),
    word("service", "Service", given["service"] ?? "", names.services),
    word("team", "Team", given["team"] ?? "", names.teams),
    ...dayFilters(given),
  ];
}

function rowOf(incident: Incident, { nameOf }: PageContext): readonly Cell[] {
  const { id, alertCount } = incident;
  const who = incident.assignedTo ?? incident.acknowledgedBy;
  const isOver = incident.state === "resolved";
  // What is over needs nobody.
  const nobody = isOver ? "" : "nobody";
  return [
    cell(toIncident(id)),
    cell(incident.severity, incident.severity),
    cell(stateOf(incident)),
    cell(toPage(oneLine(incident.title, 160), `/incidents/${id}`)),
    cell(moment(incident.startedAt)),
    cell(who === null ? nobody : oneLine(nameOf(who), 60)),
    cell(isOver ? String(alertCount) : firingWords(incident)),
    cell(listed(incident)),
  ];
}

function stateOf(incident: Incident): string {
  return incident.isMuted ? `${stateWord(incident)}, muted` : stateWord(incident);
}

function listed({ services, serviceCount }: Incident): string {
  const names = services.slice(0, 3).map((name) => oneLine(name, 40));
  const more = serviceCount - names.length;
  return `${names.join(", ")}${more > 0 ? ` +${more}` : ""}`;
}
