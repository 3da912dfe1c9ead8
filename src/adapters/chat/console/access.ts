/** Who may come in: where a request may come from, sessions, signing in, and saying who one is. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { senderAddress } from "../../../domain/audit/denied-attempt.ts";
import type { Person } from "../../../domain/people/person.ts";
import type { Log } from "../../../ports/observability.ts";
import { checkLocal, checkSameOrigin } from "./gate.ts";
import { type Answer, badBody, json, refusal, tooMany } from "./http.ts";
import { createLimiter } from "./limiter.ts";
import type { Session, Sessions } from "./session.ts";

export interface AccessOptions {
  readonly sessions: Sessions;
  readonly people: readonly Person[];
  readonly log: Log;
}

/** One request, as far as it is understood. */
export interface Visit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  /** What the pattern of the path caught. */
  readonly parts: readonly string[];
  readonly body: unknown;
  readonly now: Date;
}

/** A request of someone who may use the console. */
export type Member = Visit & { readonly session: Session };

/** Null when it has answered by itself. */
export type Answering<Kind> = (visit: Kind) => Answer | null | Promise<Answer | null>;

const personBody = z.strictObject({ person: z.string().max(200) });
const tokenBody = z.strictObject({ token: z.string().trim().min(1).max(1_000) });

export function createAccess(options: AccessOptions) {
  const { sessions, log } = options;
  const failures = createLimiter({ limit: 10, windowMs: 60_000, maxKeys: 10_000 });
  const allFailures = createLimiter({ limit: 200, windowMs: 60_000, maxKeys: 1 });

  /** Null when the request may go on, else the refusal. */
  function gate(request: IncomingMessage): Answer | null {
    if (sessions.mode === "open") {
      const local = checkLocal(request.headers, request.socket.remoteAddress);
      if (local.kind === "refuse") return refusal(403, local);
    }
    if (request.method !== "POST") return null;
    const origin = checkSameOrigin(request.headers);
    return origin.kind === "refuse" ? refusal(403, origin) : null;
  }

  async function asMember(visit: Visit, answer: Answering<Member>): Promise<Answer | null> {
    const known = sessions.read(visit.request.headers.cookie, visit.now);
    const renewed = known === null ? beginOpen(visit) : sessions.renew(known, visit.now);
    const session = renewed ?? known;
    if (session === null) return askToSignIn();
    // Set before the route answers: a stream writes its head by itself.
    if (renewed !== null) visit.response.setHeader("set-cookie", cookieFor(visit, renewed));
    return answer({ ...visit, session });
  }

  /** On an open console whoever comes first is the first person, until they say otherwise. */
  function beginOpen(visit: Visit): Session | null {
    if (sessions.mode !== "open") return null;
    const asked = z.looseObject({ person: z.string() }).safeParse(visit.body).data?.person;
    const person = options.people.find(({ id }) => id === asked) ?? options.people[0] ?? null;
    return sessions.begin(person, visit.now);
  }

  function askToSignIn(): Answer {
    return refusal(401, {
      problem: "You are not signed in.",
      remedy: "Sign in with your console token; tocsin.yaml has its sha256 as people.<id>.console.",
    });
  }

  function cookieFor(visit: Visit, session: Session): string {
    // The page's own address says whether a proxy in front speaks TLS.
    const isSecure = visit.request.headers.origin?.startsWith("https:") === true;
    return sessions.cookie(session, { isSecure, now: visit.now });
  }

  function signIn(visit: Visit): Answer {
    const parsed = tokenBody.safeParse(visit.body);
    if (!parsed.success) return badBody(parsed.error);
    const { socket, headers } = visit.request;
    const address = senderAddress(socket.remoteAddress, [headers["x-forwarded-for"]].flat().at(-1));
    const waitMs = Math.max(failures.waitMs(address, visit.now), allFailures.waitMs("all", visit.now));
    if (waitMs > 0) return tooMany("Too many wrong tokens from here.", waitMs);
    const person = sessions.personOf(parsed.data.token);
    if (person === null) {
      failures.take(address, visit.now);
      allFailures.take("all", visit.now);
      log.warn({ address }, "console: sign-in with a wrong token");
      return refusal(401, {
        problem: "Nobody has this token.",
        remedy: "Check it, or put its sha256 into tocsin.yaml as people.<id>.console and restart.",
      });
    }
    const session = sessions.begin(person, visit.now);
    log.info({ person: person.id }, "console: signed in");
    return json(200, { you: publicPerson(person) }, { "set-cookie": cookieFor(visit, session) });
  }

  function switchPerson(visit: Visit): Answer {
    if (sessions.mode !== "open") {
      const why = { problem: "Here people sign in.", remedy: "Sign out, then sign in with the other token." };
      return refusal(403, why);
    }
    const parsed = personBody.safeParse(visit.body);
    if (!parsed.success) return badBody(parsed.error);
    const person = options.people.find(({ id }) => id === parsed.data.person);
    if (person === undefined) {
      const names = options.people.map(({ id }) => id).join(", ");
      return refusal(404, {
        problem: `There is no person "${parsed.data.person}".`,
        remedy: `Choose one of: ${names === "" ? "nobody is configured" : names}.`,
      });
    }
    const session = sessions.begin(person, visit.now);
    return json(200, { you: publicPerson(person) }, { "set-cookie": cookieFor(visit, session) });
  }

  function signOut(): Answer {
    return json(200, { isSignedOut: true }, { "set-cookie": sessions.endCookie() });
  }

  return { gate, asMember, signIn, signOut, switchPerson };
}

/** What the page may know of a person. */
export function publicPerson(person: Person) {
  return { id: person.id, name: person.name, roles: person.roles };
}
