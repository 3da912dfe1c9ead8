/** The HTTP side: Web API, response URLs and uploads, with scopes, rates and faults in front. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { blocksOf, contentProblem } from "./chat.ts";
import type { Fault, Faults } from "./faults.ts";
import { effectsOf } from "./markup.ts";
import { type Args, type Context, type Method, missingScope, type Reply } from "./method.ts";
import { methods } from "./methods.ts";
import { type Pace, tiers } from "./pace.ts";

/** One call of the Web API, a response URL ("response_url") or an upload ("upload"). */
export interface SlackCall {
  readonly at: number;
  readonly method: string;
  readonly channel: string | null;
  readonly args: Args;
  /** "ok", the error's code, "429", or "fault: " and its kind. */
  outcome: string;
}

export interface ResponseUrl {
  readonly channel: string;
  readonly user: string;
  uses: number;
  readonly expiresAt: number;
}

export interface WebOptions {
  readonly context: Context;
  readonly faults: Faults;
  readonly pace: Pace;
  readonly isPaced: boolean;
  readonly postBurst: number;
  readonly calls: SlackCall[];
  readonly violations: string[];
  readonly responseUrls: ReadonlyMap<string, ResponseUrl>;
  readonly tokens: { readonly bot: string; readonly app: string };
  /** Tokens that were good once. */
  readonly revoked: ReadonlySet<string>;
  /** Code with which every token is refused, or null. */
  readonly tokenError: () => string | null;
  readonly onChange: () => void;
}

export interface Web {
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Shows a text to one person, or to the channel when its response_type says so. */
  show(
    target: { readonly channel: string; readonly user: string },
    args: Args,
    via: "response_url" | "ack",
  ): void;
}

interface HttpAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const responseUrlUses = 5;
const responseUrlFields = new Set([
  "text",
  "blocks",
  "response_type",
  "replace_original",
  "delete_original",
  "thread_ts",
]);

export function createWeb(options: WebOptions): Web {
  const { context, faults, calls, violations, responseUrls, tokens } = options;
  const { world, now, scopes } = context;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const path = new URL(request.url ?? "/", context.baseUrl).pathname;
    const [, area = "", rest = ""] = /^\/([a-z]+)\/(.*)$/.exec(path) ?? [];
    if (area === "api") await serveMethod(rest, request, body, response);
    else if (area === "response") await serveResponseUrl(rest, body, response);
    else if (area === "upload") await serveUpload(rest.replace(/^v1\//, ""), body, response);
    else reply(response, { status: 404, body: { ok: false, error: "unknown_path" } });
    options.onChange();
  }

  async function serveMethod(
    name: string,
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
  ): Promise<void> {
    const method = methods[name];
    if (method === undefined) {
      violations.push(`unknown method ${name}`);
      return reply(response, { status: 200, body: { ok: false, error: "unknown_method" } });
    }
    const parsed = parseArgs(name, method, request, body);
    const call = record(name, parsed.args);
    await withFault(call, response, () => {
      const refusal = parsed.refusal ?? authorise(method, request, parsed.token);
      if (refusal !== null) return answerOf(call, refusal, 200);
      const wait = options.isPaced ? paceOf(name, method, call.channel) : null;
      if (wait === null) return answerOf(call, method.run(parsed.args, context), 200);
      call.outcome = "429";
      return tooMany(wait);
    });
  }

  /** Does `work` unless a fault comes before it, and answers unless a fault comes after. */
  async function withFault(call: SlackCall, response: ServerResponse, work: () => HttpAnswer): Promise<void> {
    const fault = faults.take(call.method, call.channel);
    if (fault === null) return reply(response, work());
    if (fault.kind === "slow") {
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return reply(response, work());
    }
    if (fault.kind.startsWith("commit_then")) work();
    call.outcome = `fault: ${fault.kind}`;
    const answer = faultAnswer(fault);
    if (answer === "reset") response.socket?.resetAndDestroy();
    else if (answer !== "silence") reply(response, answer);
  }

  function answerOf(call: SlackCall, result: Reply, failureStatus: number): HttpAnswer {
    call.outcome = result.ok ? "ok" : String(result.error);
    return { status: result.ok ? 200 : failureStatus, body: result };
  }

  function reply(response: ServerResponse, { status, body, headers = {} }: HttpAnswer): void {
    const isText = typeof body === "string";
    response.writeHead(status, {
      "content-type": isText ? "text/html" : "application/json; charset=utf-8",
      "x-oauth-scopes": [...scopes].join(","),
      ...headers,
    });
    response.end(isText ? body : JSON.stringify(body));
  }

  function record(method: string, args: Args): SlackCall {
    const channel = args["channel"] ?? args["channel_id"];
    const call: SlackCall = {
      at: now(),
      method,
      channel: typeof channel === "string" ? channel : null,
      args,
      outcome: "pending",
    };
    calls.push(call);
    return call;
  }

  function authorise(method: Method, request: IncomingMessage, token: string | null): Reply | null {
    const refused = options.tokenError();
    if (refused !== null) return { ok: false, error: refused };
    const given = token ?? /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? null;
    if (given === null) return { ok: false, error: "not_authed" };
    if (given === (method.token === "bot" ? tokens.app : tokens.bot))
      return { ok: false, error: "not_allowed_token_type" };
    if (options.revoked.has(given)) return { ok: false, error: "token_revoked" };
    if (given !== tokens[method.token]) return { ok: false, error: "invalid_auth" };
    const missing = method.scopes.find((any) => !any.split("|").some((scope) => scopes.has(scope)));
    return missing === undefined ? null : missingScope(missing.split("|")[0] ?? missing, { scopes });
  }

  /** Bodies are forms whose objects are JSON text, as the SDK sends them; JSON bodies are taken too. */
  function parseArgs(name: string, method: Method, request: IncomingMessage, body: Buffer) {
    const isJson = (request.headers["content-type"] ?? "").startsWith("application/json");
    const text = body.toString("utf8");
    const raw: Args = isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
    const args: Record<string, unknown> = {};
    const problems: string[] = [];
    for (const [key, value] of Object.entries(raw)) {
      if (key === "token") continue;
      const type = method.args[key];
      const decoded = type === undefined || isJson ? value : decode(type, String(value));
      if (type === undefined) problems.push(`unknown argument ${key}`);
      else if (decoded === undefined) problems.push(`argument ${key} is not ${type}`);
      else args[key] = decoded;
    }
    for (const key of method.required) if (args[key] === undefined) problems.push(`missing argument ${key}`);
    violations.push(...problems.map((problem) => `${name}: ${problem}`));
    const token = typeof raw["token"] === "string" ? raw["token"] : null;
    if (problems.length === 0) return { args, refusal: null, token };
    const messages = problems.map((problem) => `[ERROR] ${problem}`);
    const refusal: Reply = { ok: false, error: "invalid_arguments", response_metadata: { messages } };
    return { args, refusal, token };
  }

  function paceOf(name: string, method: Method, channel: string | null): number | null {
    if (method.rate === "post")
      return options.pace.take(`${name}/${channel}`, { perSecond: 1, burst: options.postBurst });
    const perMinute = tiers[method.rate];
    return options.pace.take(name, { perSecond: perMinute / 60, burst: perMinute });
  }

  async function serveResponseUrl(id: string, body: Buffer, response: ServerResponse): Promise<void> {
    const target = responseUrls.get(id);
    const args: Args = JSON.parse(body.toString("utf8"));
    const call = record("response_url", { ...args, channel: target?.channel });
    await withFault(call, response, () => answerOf(call, takeResponse(target, args), 404));
  }

  function takeResponse(target: ResponseUrl | undefined, args: Args): Reply {
    for (const key of Object.keys(args))
      if (!responseUrlFields.has(key)) violations.push(`response_url: unknown field ${key}`);
    if (target === undefined) return { ok: false, error: "invalid_url" };
    if (now() > target.expiresAt) return { ok: false, error: "expired_url" };
    if (target.uses >= responseUrlUses) return { ok: false, error: "used_url" };
    const problem = contentProblem(args, context);
    if (problem !== null) return problem;
    target.uses += 1;
    show(target, args, "response_url");
    return { ok: true };
  }

  function show(
    target: { readonly channel: string; readonly user: string },
    args: Args,
    via: "response_url" | "ack",
  ): void {
    const text = String(args["text"] ?? "");
    const blocks = blocksOf(args);
    const effects = effectsOf({ text, blocks, parse: "none", linkNames: false, mrkdwn: true });
    const shown = { channel: target.channel, threadTs: null, text, blocks, effects };
    if (args["response_type"] !== "in_channel") world.ephemerals.push({ ...shown, user: target.user, via });
    else world.addMessage({ ...shown, user: context.bot.userId, botId: context.bot.botId, metadata: null });
  }

  async function serveUpload(id: string, body: Buffer, response: ServerResponse): Promise<void> {
    const file = world.files.get(id);
    const call = record("upload", { id, length: body.length });
    await withFault(call, response, () => {
      if (file === undefined) return answerOf(call, { ok: false, error: "file_not_found" }, 404);
      if (body.length !== file.length) {
        violations.push(`upload ${id}: ${body.length} bytes came, ${file.length} were announced`);
        return answerOf(call, { ok: false, error: "length_mismatch" }, 400);
      }
      file.bytes = body;
      return answerOf(call, { ok: true }, 200);
    });
  }

  return { serve, show };
}

function tooMany(seconds: number): HttpAnswer {
  return {
    status: 429,
    body: { ok: false, error: "ratelimited" },
    headers: { "retry-after": String(seconds) },
  };
}

function faultAnswer(fault: Exclude<Fault, { kind: "slow" }>): HttpAnswer | "reset" | "silence" {
  switch (fault.kind) {
    case "rate_limit":
      return tooMany(fault.retryAfterSeconds);
    case "http_500":
    case "commit_then_500":
      return { status: 500, body: "Internal Server Error" };
    case "error":
      return { status: 200, body: { ok: false, error: fault.error, ...fault.more } };
    case "commit_then_error":
      return { status: 200, body: { ok: false, error: fault.error } };
    case "html":
      return { status: 200, body: "<html><body>Sign in to the proxy</body></html>" };
    case "reset":
    case "commit_then_reset":
      return "reset";
    case "hang":
    case "commit_then_hang":
      return "silence";
  }
}

function decode(type: Method["args"][string], value: string): unknown {
  if (type === "string") return value;
  if (type === "boolean") return booleans[value];
  if (type === "number") return Number.isFinite(Number(value)) && value !== "" ? Number(value) : undefined;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

const booleans: Readonly<Record<string, boolean>> = { true: true, "1": true, false: false, "0": false };

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
