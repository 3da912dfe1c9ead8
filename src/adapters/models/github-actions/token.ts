/** Who asks GitHub: a token, or an App that gets itself one for an hour. */
import { createSign } from "node:crypto";
import { z } from "zod";
import type { HttpClient } from "../../../ports/http-client.ts";
import type { Clock } from "../../../ports/observability.ts";
import type { GithubSettings } from "./settings.ts";

/** A token is renewed so long before it ends, ms. */
const spareMs = 5 * 60_000;
const jwtMs = 9 * 60_000;
/** GitHub refuses times ahead of its clock. */
const skewMs = 60_000;

/** Gives the value of the Authorization header. */
export interface Authorizer {
  authorization(): Promise<string>;
  /** After a 401: the next one is asked for anew. */
  forget(): void;
}

/** A token that GitHub gave for an hour, ms since 1970; before `from` the clock was set back, and nobody knows its end. */
interface Known {
  readonly authorization: string;
  readonly from: number;
  readonly until: number;
}

export function createAuthorizer(
  { credentials, apiUrl, timeoutMs }: Pick<GithubSettings, "credentials" | "apiUrl" | "timeoutMs">,
  { http, clock }: { readonly http: HttpClient; readonly clock: Clock },
): Authorizer {
  if (credentials.kind === "token") {
    const { authorization } = credentials;
    return { authorization: () => Promise.resolve(authorization), forget: () => undefined };
  }
  const { installation, appId, privateKey } = credentials;
  let known: Known | null = null;

  async function renew(): Promise<Known> {
    const now = clock.now();
    const { data } = await http.ask({
      who: "github",
      method: "POST",
      url: new URL(`app/installations/${installation}/access_tokens`, apiUrl),
      headers: { authorization: `Bearer ${appJwt(appId, privateKey, now)}` },
      schema: z.object({ token: z.string().min(1), expires_at: z.iso.datetime({ offset: true }) }),
      timeoutMs,
      remedies: {
        401: "is app.id the App's, and app.privateKey its key?",
        404: "is app.installation its installation on this repository?",
      },
    });
    const until = Date.parse(data.expires_at) - spareMs;
    return { authorization: `Bearer ${data.token}`, from: now.getTime(), until };
  }

  return {
    authorization: async () => {
      const now = clock.now().getTime();
      if (known === null || now < known.from || now >= known.until) known = await renew();
      return known.authorization;
    },
    forget: () => {
      known = null;
    },
  };
}

/**
 * @see https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
 */
function appJwt(appId: string, privateKey: string, now: Date): string {
  const seconds = (ms: number) => Math.floor(ms / 1_000);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = {
    iat: seconds(now.getTime() - skewMs),
    exp: seconds(now.getTime() + jwtMs),
    iss: appId,
  };
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part(claims)}`;
  try {
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
  } catch {
    // The message of the error could hold parts of the key.
    throw new Error("github: app.privateKey is not the PEM of a private RSA key");
  }
}
