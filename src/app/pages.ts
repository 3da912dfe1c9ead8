/** What the console shows at each address, to whom. Reading is judged as the commands that read are. */
import type { Person } from "../domain/people/person.ts";
import type {
  Clock,
  ModelEntry,
  PageRequest,
  PageResult,
  Pages,
  Policy,
  SearchStore,
  Store,
} from "../ports.ts";
import type { Execute } from "./execute.ts";
import { auditEntryPage, auditPage } from "./pages/audit.ts";
import { type MakePage, missing, type PageContext, type Settings } from "./pages/context.ts";
import { homePage } from "./pages/home.ts";
import { incidentPage } from "./pages/incident.ts";
import { incidentReportPage } from "./pages/incident-report.ts";
import { incidentsPage } from "./pages/incidents.ts";
import { modelPage, modelsPage } from "./pages/models.ts";
import { noisePage } from "./pages/noise.ts";
import { rolloutPage, rolloutsPage } from "./pages/rollouts.ts";
import { settingsPage } from "./pages/settings.ts";
import { personOf } from "./person-of.ts";

export interface PagesOptions {
  readonly store: Store;
  readonly policy: Policy;
  readonly people: readonly Person[];
  readonly models: readonly ModelEntry[];
  readonly settings: Settings;
  readonly look: Execute["look"];
  readonly clock: Clock;
}

/** Pages under one word of the path: of all, of one, and those beside that of one by the word after it. */
interface Place {
  readonly all: MakePage;
  readonly one?: MakePage;
  readonly beside?: Readonly<Record<string, MakePage>>;
}

/** By the first word of the path. */
const pages: Readonly<Record<string, Place>> = {
  home: { all: homePage },
  incidents: { all: incidentsPage, one: incidentPage, beside: { report: incidentReportPage } },
  models: { all: modelsPage, one: modelPage },
  rollouts: { all: rolloutsPage, one: rolloutPage },
  audit: { all: auditPage, one: auditEntryPage },
  noise: { all: noisePage },
  settings: { all: settingsPage },
};

/** Pages of one thing that have a number, which PostgreSQL takes as such. */
const numbered: ReadonlySet<string> = new Set(["incidents", "rollouts", "audit"]);

/** How long names are remembered, ms. */
const namesMs = 60_000;
const maxNames = 100;

export function createPages(options: PagesOptions): Pages {
  const { policy, people } = options;
  /** By how far back they reach. */
  const remembered = new Map<
    number,
    { readonly at: number; readonly names: ReturnType<SearchStore["names"]> }
  >();

  async function open(request: PageRequest): Promise<PageResult> {
    const [first = "", id] = request.path;
    const make = pageAt(request.path);
    if (make === undefined) return nowhere();
    if (id !== undefined && numbered.has(first) && !/^[1-9]\d{0,8}$/.test(id)) return nowhere();
    const person = await personOf(options.store, people, request.account);
    return decide(person, request) ?? (await make(contextOf(person, request), id ?? ""));
  }

  /** Null when they may look around at all. */
  function decide(person: Person, { account, now }: PageRequest): PageResult | null {
    const question = {
      person,
      action: "read",
      resource: { type: "Bot" },
      via: account.platform,
      now,
    } as const;
    const decision = policy.decide(question);
    if (decision.kind === "allow") return null;
    return {
      kind: "refuse",
      because: "denied",
      problem: `${person.name}, you may not read here: ${decision.because}.`,
      remedy: "Someone who edits tocsin.yaml can give you a role under people.",
    };
  }

  /** Names change slowly, and every list asks for them. */
  function names(sinceMs: number): ReturnType<SearchStore["names"]> {
    const now = options.clock.now().getTime();
    const known = remembered.get(sinceMs);
    if (known !== undefined && now - known.at < namesMs) return known.names;
    const found = options.store.search.names(new Date(now - sinceMs), maxNames);
    remembered.set(sinceMs, { at: now, names: found });
    found.catch(() => remembered.delete(sinceMs));
    return found;
  }

  function contextOf(person: Person, { account, query, now }: PageRequest): PageContext {
    return {
      ...{ store: options.store, models: options.models, settings: options.settings },
      ...{ policy, people, person, query, now, names },
      look: (command, text) => options.look({ account, command, text }),
      may: (action, resource) =>
        policy.decide({ person, action, resource, via: account.platform, now }).kind === "allow",
      nameOf: (id) => people.find((known) => known.id === id)?.name ?? id,
    };
  }

  return { open };
}

function pageAt([first = "", id, beside, ...more]: readonly string[]): MakePage | undefined {
  const place = Object.hasOwn(pages, first) ? pages[first] : undefined;
  if (place === undefined || more.length > 0) return undefined;
  if (id === undefined) return place.all;
  if (beside === undefined) return place.one;
  const others = place.beside ?? {};
  return Object.hasOwn(others, beside) ? others[beside] : undefined;
}

function nowhere(): PageResult {
  return missing("There is no such page.", "Choose one from the list on the side.");
}
