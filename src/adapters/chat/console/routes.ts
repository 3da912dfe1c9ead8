/** The console's HTTP: which path does what, who may, and how much. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Person } from "../../../domain/people/person.ts";
import { oneLine } from "../../../domain/view.ts";
import type { Clock, Log } from "../../../ports/observability.ts";
import type { Pages } from "../../../ports/page.ts";
import { type Answering, createAccess, type Member, publicPerson, type Visit } from "./access.ts";
import type { Assets } from "./assets.ts";
import { complete, type Desk, type Doorway, formOf, submit } from "./desk.ts";
import type { Feed } from "./feed.ts";
import {
  type Answer,
  badBody,
  download,
  json,
  missing,
  openStream,
  readJson,
  refusal,
  send,
  tooMany,
} from "./http.ts";
import { createLimiter } from "./limiter.ts";
import { createPageRoutes, pagePath } from "./page-routes.ts";
import type { Sessions } from "./session.ts";

export interface RouteOptions {
  readonly assets: Assets;
  readonly desk: Desk;
  readonly feed: Feed;
  readonly sessions: Sessions;
  readonly people: readonly Person[];
  /** What there is to look at beside the channels; null for nothing. */
  readonly pages: Pages | null;
  /** Null while the bot is not started. */
  readonly doorway: () => Doorway | null;
  readonly lagMs: () => number | null;
  readonly clock: Clock;
  readonly log: Log;
}

interface Route {
  readonly method: "GET" | "POST";
  readonly path: RegExp;
  /** `anyone` may: the page itself and signing in. Null: the route has answered by itself. */
  readonly answer:
    | { readonly to: "anyone"; readonly with: Answering<Visit> }
    | { readonly to: "member"; readonly with: Answering<Member> };
}

/** Characters of a problem in the log. */
const longestProblem = 300;

const commandBody = z.strictObject({
  text: z.string().trim().min(1).max(4_000),
  channel: z.string().max(100),
  key: z.string().regex(/^[\w-]{8,64}$/),
  thread: z.int().positive().nullable().optional(),
  person: z.string().max(200).optional(),
});
const formBody = z.strictObject({
  text: z.string().trim().min(1).max(4_000),
  channel: z.string().max(100),
  thread: z.int().positive().nullable(),
});
const lineBody = z.strictObject({ line: z.string().max(4_000) });

/** @returns a function that answers a request, or says by `false` that its path is not the console's. */
export function createRoutes(options: RouteOptions) {
  const { sessions, desk, feed, clock, log } = options;
  const access = createAccess(options);
  const sent = createLimiter({ limit: 60, windowMs: 10_000, maxKeys: 10_000 });
  const pages = createPageRoutes(options.pages);

  const routes: readonly Route[] = [
    anyone("GET", /^\/(?:channels\/[^/]{1,300}(?:\/\d{1,15})?)?$/, (visit) => asset(visit, "index.html")),
    anyone("GET", pagePath, (visit) => asset(visit, "index.html")),
    anyone("GET", /^\/assets\/([\w-]{1,50}\.\w{2,4})$/, (visit) => asset(visit, visit.parts[0] ?? "")),
    anyone("GET", /^\/favicon\.ico$/, (visit) => asset(visit, "favicon.svg")),
    anyone("POST", /^\/api\/sign-in$/, access.signIn),
    anyone("POST", /^\/api\/sign-out$/, access.signOut),
    anyone("POST", /^\/api\/person$/, access.switchPerson),
    member("GET", /^\/events$/, stream),
    member("GET", /^\/api\/state$/, state),
    member("GET", /^\/api\/channels$/, async () => json(200, { channels: await desk.channels() })),
    member("GET", /^\/api\/messages$/, earlier),
    member("GET", /^\/api\/threads\/(\d{1,15})$/, thread),
    member("GET", /^\/api\/cards\/(incidents|rollouts)\/(\d{1,9})$/, card),
    member("GET", /^\/api\/pages(\/[^?]{1,700})$/, pages.page),
    member("GET", /^\/api\/page-files\/(\d{1,4})(\/[^?]{1,700})$/, pages.file),
    member("GET", /^\/api\/images\/(\d{1,15})\/(\d{1,4})$/, image),
    member("GET", /^\/api\/files\/(\d{1,15})\/(\d{1,4})$/, file),
    member("POST", /^\/api\/complete$/, suggestions),
    member("POST", /^\/api\/form$/, form),
    member("POST", /^\/api\/command$/, command),
  ];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const url = parseUrl(request.url);
    const matching = url === null ? [] : routes.filter((route) => route.path.test(url.pathname));
    if (url === null || matching.length === 0) return false;
    try {
      const answer = await decide(request, response, url, matching);
      if (answer === null) return true;
      if (answer.refused !== undefined) {
        const problem = oneLine(answer.refused.problem, longestProblem);
        const { status, refused } = answer;
        log.info({ path: url.pathname, status, ...refused, problem }, "console: a request was refused");
      }
      send(request, response, answer);
    } catch (error) {
      const why = { problem: "The bot could not do that just now.", remedy: "Try again; its log says more." };
      const answer = refusal(503, why, { "retry-after": "2" });
      log.error(
        { err: error, path: url.pathname, reference: answer.refused?.reference },
        "console: a request failed",
      );
      if (response.headersSent) response.destroy();
      else send(request, response, answer);
    }
    return true;
  }

  async function decide(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    matching: readonly Route[],
  ): Promise<Answer | null> {
    const method = request.method === "HEAD" ? "GET" : request.method;
    const route = matching.find((candidate) => candidate.method === method);
    if (route === undefined) return wrongMethod(matching);
    const barred = access.gate(request);
    if (barred !== null) return barred;
    const body = route.method === "POST" ? await readJson(request) : { kind: "read" as const, value: null };
    if (body.kind === "too_large") {
      return refusal(
        413,
        { problem: "The request is too large.", remedy: "Keep a command under 4,000 characters." },
        { connection: "close" },
      );
    }
    if (body.kind === "not_json") {
      return refusal(415, { problem: body.problem, remedy: "Send JSON as application/json." });
    }
    const parts = route.path.exec(url.pathname)?.slice(1) ?? [];
    const visit: Visit = { request, response, url, parts, body: body.value, now: clock.now() };
    if (route.answer.to === "anyone") return route.answer.with(visit);
    return access.asMember(visit, route.answer.with);
  }

  async function state(visit: Member): Promise<Answer> {
    const commands = options.doorway()?.commands ?? [];
    const page = await desk.state(visit.session, visit.url.searchParams.get("channel"), commands);
    return json(200, {
      you: visit.session.person === null ? null : publicPerson(visit.session.person),
      mode: sessions.mode,
      people: sessions.mode === "open" ? options.people.map(publicPerson) : [],
      lagMs: options.lagMs(),
      now: visit.now.toISOString(),
      ...page,
    });
  }

  async function earlier(visit: Member): Promise<Answer> {
    const channel = visit.url.searchParams.get("channel") ?? "";
    const before = wholeNumber(visit.url.searchParams.get("before"));
    return json(200, await desk.earlier(channel, before));
  }

  async function thread(visit: Member): Promise<Answer> {
    const found = await desk.thread(visit.session, Number(visit.parts[0]));
    return found === null ? missing("This message does not exist, or is not for you.") : json(200, found);
  }

  async function card(visit: Member): Promise<Answer> {
    const kind = visit.parts[0] === "rollouts" ? "rollout" : "incident";
    const found = await desk.findCard(kind, Number(visit.parts[1]));
    return found === null
      ? missing(`There is no card of ${kind} ${visit.parts[1]} in the console.`)
      : json(200, found);
  }

  async function image(visit: Member): Promise<Answer> {
    const png = await desk.image(visit.session, Number(visit.parts[0]), Number(visit.parts[1]));
    if (png === null) return missing("There is no such picture.");
    const headers = { "cache-control": "private, max-age=86400, immutable" };
    return { status: 200, body: png, type: "image/png", headers };
  }

  async function file(visit: Member): Promise<Answer> {
    const found = await desk.file(visit.session, Number(visit.parts[0]), Number(visit.parts[1]));
    return found === null ? missing("There is no such file.") : download(found);
  }

  async function suggestions(visit: Member): Promise<Answer> {
    const parsed = lineBody.safeParse(visit.body);
    if (!parsed.success) return badBody(parsed.error);
    const doorway = options.doorway();
    if (doorway === null) return starting();
    return json(200, await complete(doorway, visit.session, parsed.data.line));
  }

  async function form(visit: Member): Promise<Answer> {
    const parsed = formBody.safeParse(visit.body);
    if (!parsed.success) return badBody(parsed.error);
    const doorway = options.doorway();
    if (doorway === null) return starting();
    return json(200, await formOf(doorway, visit.session, parsed.data));
  }

  async function command(visit: Member): Promise<Answer> {
    const parsed = commandBody.safeParse(visit.body);
    if (!parsed.success) return badBody(parsed.error);
    const { person, thread: threadId, ...rest } = parsed.data;
    const you = visit.session.person?.id;
    if (person !== undefined && person !== you) {
      return refusal(409, {
        problem: `This page thinks you are "${person}", and you are "${you ?? "nobody"}" by now.`,
        remedy: "Reload the page and try again.",
      });
    }
    const doorway = options.doorway();
    if (doorway === null) return starting();
    const channels = await desk.channels();
    if (!channels.some(({ id }) => id === rest.channel)) {
      return missing(`There is no channel "${rest.channel.slice(0, 100)}".`);
    }
    if (threadId != null && !(await desk.hasCard(rest.channel, threadId))) {
      return missing(`There is no card ${threadId} in ${rest.channel}.`);
    }
    const waitMs = sent.take(visit.session.id, visit.now);
    if (waitMs > 0) return tooMany("Too many commands at once.", waitMs);
    const request = await submit(doorway, visit.session, { ...rest, thread: threadId ?? null }, visit.now);
    return json(202, { request });
  }

  function stream(visit: Member): Answer | null {
    const seen = visit.request.headers["last-event-id"] ?? visit.url.searchParams.get("since");
    const { session, response } = visit;
    // A promise of room is made before the head is written; both happen in the same turn.
    const full = feed.room(session.id);
    if (full !== null) {
      const problem =
        full === "too_many_of_yours" ? "You have too many pages open." : "Too many pages are open.";
      return refusal(503, { problem, remedy: "Close a page; this one tries again." }, { "retry-after": "5" });
    }
    openStream(response);
    feed.subscribe({
      sessionId: session.id,
      since: wholeNumber(typeof seen === "string" ? seen : null),
      personId: session.person?.id ?? null,
      expiresAt: session.expiresAt,
      response,
    });
    return null;
  }

  function asset(visit: Visit, name: string): Answer {
    const found = options.assets.get(name);
    if (found === undefined) return missing(`There is no file "${name}".`);
    const headers = { etag: found.etag, "cache-control": "no-cache" };
    const isKnown = visit.request.headers["if-none-match"] === found.etag;
    return { status: isKnown ? 304 : 200, body: isKnown ? "" : found.body, type: found.type, headers };
  }

  return handle;
}

function anyone(method: Route["method"], path: RegExp, answer: Answering<Visit>): Route {
  return { method, path, answer: { to: "anyone", with: answer } };
}

function member(method: Route["method"], path: RegExp, answer: Answering<Member>): Route {
  return { method, path, answer: { to: "member", with: answer } };
}

function wrongMethod(matching: readonly Route[]): Answer {
  const allow = matching.map((route) => route.method).join(", ");
  return refusal(405, { problem: "Wrong method.", remedy: `Use ${allow}.` }, { allow });
}

function starting(): Answer {
  const why = { problem: "The bot is starting.", remedy: "Try again in a moment." };
  return refusal(503, why, { "retry-after": "1" });
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function parseUrl(url: string | undefined): URL | null {
  const path = url ?? "";
  return path.startsWith("/") && URL.canParse(path, "http://console")
    ? new URL(path, "http://console")
    : null;
}
