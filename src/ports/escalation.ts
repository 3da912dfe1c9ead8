import type { Incident } from "../domain/incident.ts";
import type { Escalation } from "../domain/people/escalation.ts";

/** What a pager can be told of an incident. */
export type PageAction = "trigger" | "acknowledge" | "resolve";

/** What one pager was told of one incident, and what it should be told. */
export interface Page {
  readonly incidentId: number;
  readonly pager: string;
  readonly wanted: PageAction;
  /** Null before the first. */
  readonly told: PageAction | null;
  readonly problem: string | null;
}

export interface EscalationStore {
  find(incidentId: number): Promise<Escalation | null>;
  save(escalation: Escalation): Promise<void>;
  /** When it was opened or reopened last. */
  openSince(incident: Pick<Incident, "id" | "openedAt">): Promise<Date>;
  pages(incidentId: number): Promise<readonly Page[]>;
  /** Creates the page, or changes what is wanted of it. */
  wantPage(page: Pick<Page, "incidentId" | "pager" | "wanted">): Promise<void>;
  /** After an attempt: told, or what kept it from that. */
  markPage(page: Page): Promise<void>;
}

/** Something outside that wakes people: one entry of `pagers:` in tocsin.yaml. */
export interface Pager {
  readonly name: string;
  /**
   * Tells it; told the same twice, it counts it once.
   * @throws Error fit to be shown, without credentials.
   */
  tell(action: PageAction, incident: Incident, because: string): Promise<void>;
}

/** One entry of `pagers:` in tocsin.yaml, with its secret. */
export type PagerSettings =
  | { readonly kind: "pagerduty"; readonly name: string; readonly key: string; readonly url: string }
  | { readonly kind: "webhook"; readonly name: string; readonly url: string; readonly secret: string | null };
