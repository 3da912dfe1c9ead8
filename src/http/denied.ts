import type { IncomingMessage, ServerResponse } from "node:http";
import { type DeniedAttempts, senderAddress, senderNetwork } from "../domain/audit/denied-attempt.ts";

export type Denial = Pick<DeniedAttempts, "door" | "status" | "sender">;

/**
 * What an answered request was, when it was turned away for who sent it; else null. Told by the answer, so that no door
 * can forget to say so. To be asked while the connection is open, or the sender is unknown.
 * @param route - first segment of the path where something is mounted there, else "console".
 * @param segments - of the path, decoded.
 */
export function denialOf(
  request: IncomingMessage,
  response: ServerResponse,
  { route, segments }: { readonly route: string; readonly segments: readonly string[] },
): Denial | null {
  const status = response.statusCode;
  const isSignIn = route === "console" && segments.join("/") === "api/sign-in";
  if (status !== 401 && status !== 403 && !(status === 429 && isSignIn)) return null;
  // The page itself asks who is there before anyone has signed in.
  const { cookie, "x-forwarded-for": forwarded } = request.headers;
  if (route === "console" && status === 401 && request.method === "GET" && cookie === undefined) return null;
  const address = senderAddress(request.socket.remoteAddress, [forwarded].flat().at(-1));
  return {
    door: isSignIn ? "console/sign-in" : doorOf(route, segments),
    status,
    sender: senderNetwork(address),
  };
}

/** Webhooks and callbacks have a door for each name; one that is not configured is answered 404, so it is none. */
function doorOf(route: string, segments: readonly string[]): string {
  const [, name = ""] = segments;
  return route === "webhooks" || route === "callbacks" ? `${route}/${name}` : route;
}
