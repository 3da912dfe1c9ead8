/** Pagers outside: PagerDuty's events, and a plain webhook for anything else. */
import { createHmac } from "node:crypto";
import { z } from "zod";
import type { Severity } from "../domain/alert.ts";
import type { Incident } from "../domain/incident.ts";
import { oneLine } from "../domain/view.ts";
import type { Clock, HttpClient, PageAction, Pager, PagerSettings } from "../ports.ts";

const timeoutMs = 10_000;
/** @see https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ */
const severityWords: Readonly<Record<Severity, string>> = {
  critical: "critical",
  high: "error",
  warning: "warning",
  info: "info",
};

/** What a pager counts as one, however often it is told. */
function dedupKey({ id, openedAt }: Incident): string {
  return `tocsin-${id}-${openedAt.getTime()}`;
}

/** Creates the pager; nothing is sent before the first page. */
export function createPager(
  settings: PagerSettings,
  parts: { readonly http: HttpClient; readonly clock: Clock },
): Pager {
  const { name } = settings;
  const tell = settings.kind === "pagerduty" ? pagerDuty(settings, parts) : webhook(settings, parts);
  return { name, tell };
}

function pagerDuty(
  { key, url }: Extract<PagerSettings, { kind: "pagerduty" }>,
  { http }: { readonly http: HttpClient },
): Pager["tell"] {
  return async (action, incident, because) => {
    const { id, title, severity, services, startedAt } = incident;
    const payload = {
      summary: oneLine(`#${id} ${title}`, 1_024),
      source: oneLine(services[0] ?? "tocsin", 255),
      severity: severityWords[severity],
      timestamp: startedAt.toISOString(),
      custom_details: { incident: id, services, because: oneLine(because, 300) },
    };
    const question = {
      ...{ who: "pagerduty", method: "POST" as const, url: new URL(url), headers: {}, timeoutMs },
      body: JSON.stringify({
        ...{ routing_key: key, event_action: action, dedup_key: dedupKey(incident), client: "Tocsin" },
        ...(action === "trigger" ? { payload } : {}),
      }),
      schema: z.object({ status: z.string() }).loose(),
      remedies: { 400: "is the integration key that of an Events API v2 integration?" },
    };
    try {
      await http.ask(question);
    } catch (error) {
      // The key is in the body, which a server may repeat.
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(message.replaceAll(key, "…"), { cause: error });
    }
  };
}

/** Signed as `timestamp.body` when there is a secret, so that the receiver can tell it from anybody else's. */
function webhook(
  { name, url, secret }: Extract<PagerSettings, { kind: "webhook" }>,
  { http, clock }: { readonly http: HttpClient; readonly clock: Clock },
): Pager["tell"] {
  return async (action: PageAction, incident, because) => {
    const { id, title, severity, services, state, startedAt } = incident;
    const body = JSON.stringify({
      ...{ action, key: dedupKey(incident), because },
      incident: { id, title, severity, services, state, startedAt: startedAt.toISOString() },
    });
    const timestamp = String(Math.floor(clock.now().getTime() / 1000));
    const signed =
      secret === null
        ? {}
        : {
            "x-tocsin-timestamp": timestamp,
            "x-tocsin-signature": `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`,
          };
    await http.ask({
      ...{ who: name, method: "POST", url: new URL(url), headers: signed, timeoutMs, body },
      schema: z.unknown(),
    });
  };
}
