/** Where the page of an incident is that an example of a comparison speaks of. */
import { z } from "zod";
import { createHttpClient } from "../adapters/http-client.ts";
import type { Config } from "../config.ts";
import { incidentPageUrl } from "../domain/incident/page-address.ts";
import { type HttpClient, HttpMishapError, systemClock } from "../ports.ts";

export type PageOf = (incidentId: number) => string | null;

export const noPages: PageOf = () => null;

const answerMs = 1_000;
const alive = z.object({ status: z.literal("up") });

/**
 * Where tocsin.yaml says that people reach the console; else the console of a bot that answers on this machine now. An
 * address that may lead nowhere is none.
 */
export async function incidentPages(
  { incidentChannels, host, port }: Pick<Config, "incidentChannels" | "host" | "port">,
  http: Pick<HttpClient, "ask"> = createHttpClient({ clock: systemClock }),
): Promise<PageOf> {
  const consoleUrl = incidentChannels.consoleUrl ?? (await consoleHere(host, port, http));
  return consoleUrl === null ? noPages : (id) => incidentPageUrl(consoleUrl, id);
}

async function consoleHere(
  host: string,
  port: number,
  http: Pick<HttpClient, "ask">,
): Promise<string | null> {
  // Port 0 lets the system choose, and nobody else knows what it chose.
  if (port === 0) return null;
  const url = `http://${reachable(host)}:${port}`;
  const question = {
    who: "console",
    method: "GET",
    headers: {},
    schema: alive,
    timeoutMs: answerMs,
  } as const;
  try {
    await http.ask({ ...question, url: new URL("/healthz", url) });
    return url;
  } catch (error) {
    if (error instanceof HttpMishapError) return null;
    throw error;
  }
}

/** A host that listens everywhere is reached on this machine. */
function reachable(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (bare === "0.0.0.0" || bare === "::") return "127.0.0.1";
  return bare.includes(":") ? `[${bare}]` : bare;
}
