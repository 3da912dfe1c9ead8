/** Which requests a browser or a stranger may not make, decided from headers alone. */
import type { IncomingHttpHeaders } from "node:http";

export type GateResult =
  | { readonly kind: "pass" }
  | { readonly kind: "refuse"; readonly problem: string; readonly remedy: string };

const pass: GateResult = { kind: "pass" };
const loopbackHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);
const proxyHeaders = ["forwarded", "x-forwarded-for", "x-real-ip", "via"] as const;

/**
 * Whether an open console (no sign-in, because only this machine can reach it) may answer. Another machine can still
 * get here through a page that makes its own name point to 127.0.0.1 (DNS rebinding) or through a proxy.
 */
export function checkLocal(headers: IncomingHttpHeaders, remoteAddress: string | undefined): GateResult {
  const host = headers.host ?? "";
  if (!loopbackHosts.has(hostName(host))) {
    return {
      kind: "refuse",
      problem: `The console is open to this machine only, and was asked for as "${host.slice(0, 100)}".`,
      remedy:
        "Open it as http://127.0.0.1 or http://localhost with its port, or give each person a console token in tocsin.yaml.",
    };
  }
  const header = proxyHeaders.find((name) => headers[name] !== undefined);
  if (header !== undefined || !isLoopbackAddress(remoteAddress)) {
    return {
      kind: "refuse",
      problem: `The console is open to this machine only, and this request came from elsewhere (${header ?? remoteAddress ?? "unknown address"}).`,
      remedy:
        "Give each person a console token in tocsin.yaml (people.<id>.console) before putting a proxy in front.",
    };
  }
  return pass;
}

/**
 * Whether a request that changes something was made by our own page. A request with neither header is no browser's:
 * every browser sends Origin with a POST, and a JSON body, which we insist on, cannot be sent across origins unasked.
 * @see https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
 */
export function checkSameOrigin(headers: IncomingHttpHeaders): GateResult {
  const site = headers["sec-fetch-site"];
  const origin = headers.origin;
  if (site !== undefined && site !== "same-origin") return crossSite(String(site));
  if (site === undefined && origin !== undefined && originHost(origin) !== headers.host?.toLowerCase()) {
    return crossSite(origin);
  }
  return pass;
}

function crossSite(from: string): GateResult {
  return {
    kind: "refuse",
    problem: `This request came from another site (${from.slice(0, 100)}).`,
    remedy: "Use the console's own page.",
  };
}

function originHost(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host.toLowerCase() : null;
}

/** Name of a Host header without its port: "[::1]:8080" is "[::1]". */
function hostName(host: string): string {
  return host.replace(/:\d{1,5}$/, "").toLowerCase();
}

function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && /^(127\.|::1$|::ffff:127\.)/.test(address);
}
