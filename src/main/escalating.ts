/** Everything that tells people of an incident that nobody has, made once. */
import { createHttpClient } from "../adapters/http-client.ts";
import { createPager } from "../adapters/pagers.ts";
import { createEscalate, type Escalate, type EscalateOptions } from "../app/escalate.ts";
import type { Config } from "../config.ts";

export function createEscalating({
  config,
  ...parts
}: Omit<EscalateOptions, "rules" | "rotas" | "people" | "pagers"> & { readonly config: Config }): Escalate {
  const { escalation: rules, rotas, people } = config;
  const http = createHttpClient({ clock: parts.clock });
  const pagers = new Map(
    config.pagers.map((settings) => [settings.name, createPager(settings, { http, clock: parts.clock })]),
  );
  return createEscalate({ ...parts, rules, rotas, people, pagers });
}
