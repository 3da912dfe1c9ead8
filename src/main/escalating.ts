/** Everything that tells people of an incident that nobody has, made once. */

import { createHttpClient } from "../adapters/http-client.ts";
import { createPager } from "../adapters/pagers.ts";
import { type CalendarParts, createCalendar } from "../adapters/rotas/icalendar.ts";
import { createEscalate, type Escalate, type EscalateOptions } from "../app/escalate.ts";
import { createOnCall, type OnCall } from "../app/on-call.ts";
import type { Config } from "../config.ts";

/** Rotas of tocsin.yaml and those that are calendars elsewhere. */
export function createRotas({
  config,
  ...parts
}: Pick<CalendarParts, "clock" | "log"> & { readonly config: Config }): OnCall {
  const { rotas, rotaCalendars, people } = config;
  const calendars = rotaCalendars.map((settings) => createCalendar(settings, { ...parts, people }));
  return createOnCall(rotas, calendars);
}

export function createEscalating({
  config,
  ...parts
}: Omit<EscalateOptions, "rules" | "people" | "pagers"> & { readonly config: Config }): Escalate {
  const { escalation: rules, people } = config;
  const http = createHttpClient({ clock: parts.clock });
  const pagers = new Map(
    config.pagers.map((settings) => [settings.name, createPager(settings, { http, clock: parts.clock })]),
  );
  return createEscalate({ ...parts, rules, people, pagers });
}
