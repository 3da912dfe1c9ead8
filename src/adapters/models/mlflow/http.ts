/** Requests to MLflow's REST API: bounded in time and size, never redirected, credentials never in a message. */
import { z } from "zod";
import { redact } from "../../../domain/redaction.ts";
import { oneLine } from "../../../domain/view.ts";
import type { MlflowSettings } from "./settings.ts";

/**
 * Why a request gave nothing.
 * refused: the server certainly did not do it, and will not when it is asked the same again. absent: refused, because
 * what was named is not there. unclear: it is not known whether it was done, or it may be done later.
 */
export type Mishap = "refused" | "absent" | "unclear";

/** A request that gave nothing; the message is fit to be shown. */
export class MlflowError extends Error {
  override readonly name = "MlflowError";
  readonly mishap: Mishap;

  constructor(mishap: Mishap, message: string, options?: ErrorOptions) {
    super(`mlflow: ${message}`, options);
    this.mishap = mishap;
  }
}

export interface MlflowHttp {
  /** @param path - below `api/2.0/mlflow/`. @throws MlflowError */
  ask<Data>(request: MlflowRequest<Data>): Promise<Data>;
}

export interface MlflowRequest<Data> {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** The query of a GET, the JSON body of the others. */
  readonly parameters: Readonly<Record<string, string | number | readonly string[]>>;
  readonly schema: z.ZodType<Data>;
}

const maxBodyBytes = 8 * 1024 * 1024;
const failure = z.object({ error_code: z.string(), message: z.string().default("") });

/** Creates the client. Nothing is sent before the first question. */
export function createMlflowHttp(
  settings: Pick<MlflowSettings, "url" | "authorization" | "timeoutMs">,
): MlflowHttp {
  const { url, authorization, timeoutMs } = settings;
  const headers = {
    accept: "application/json",
    ...(authorization === null ? {} : { authorization }),
  };

  async function ask<Data>(request: MlflowRequest<Data>): Promise<Data> {
    const { status, text } = await exchange(request);
    if (status < 200 || status >= 300) throw problemOf(status, text, request.path);
    const parsed = request.schema.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    const where = plain(parsed.error.issues[0]?.path.join(".") ?? "");
    throw new MlflowError(
      "unclear",
      `its answer to ${request.path} has another shape than expected${where === "" ? "" : ` (${where})`}; is this an MLflow server of 2.9 or later?`,
    );
  }

  async function exchange<Data>({ method, path, parameters }: MlflowRequest<Data>) {
    const target = new URL(`api/2.0/mlflow/${path}`, url);
    if (method === "GET") target.search = queryOf(parameters);
    try {
      const response = await fetch(target, {
        method,
        // A redirect is never followed: it could carry the credentials to another host.
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
        ...(method === "GET"
          ? { headers }
          : {
              headers: { ...headers, "content-type": "application/json" },
              body: JSON.stringify(parameters),
            }),
      });
      return { status: response.status, text: await bodyOf(response) };
    } catch (error) {
      throw unreachable(error, timeoutMs);
    }
  }

  return { ask };
}

function queryOf(parameters: MlflowRequest<unknown>["parameters"]): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, String(each)]),
  );
  return new URLSearchParams(pairs).toString();
}

/** What an answer other than 2xx means for what was asked. */
function problemOf(status: number, text: string, path: string): MlflowError {
  const said = failure.safeParse(jsonOf(text));
  const message = said.success && said.data.message !== "" ? `: ${plain(said.data.message)}` : "";
  const code = said.success ? said.data.error_code : null;
  if (status >= 300 && status < 400)
    return new MlflowError(
      "refused",
      `it answered with a redirect (${status}), which is not followed; set url to the address itself`,
    );
  if (status === 401)
    return new MlflowError(
      "refused",
      "it wants other credentials (401); set settings.token or settings.basic",
    );
  if (status === 403)
    return new MlflowError(
      "refused",
      `the account may not do that (403)${message}; grant it EDIT on the registered model, or add this host to the server's --allowed-hosts`,
    );
  if (code === "RESOURCE_DOES_NOT_EXIST") return new MlflowError("absent", `not there${message}`);
  if (status === 404)
    return new MlflowError(
      "refused",
      `it has no ${path} (404); url should end before /api, and the server be MLflow 2.9 or later`,
    );
  if (status === 429) return new MlflowError("unclear", "it is asked too often (429)");
  // A conflict may be with the same request of ours, sent before: to be looked at, not believed.
  if (status === 408 || status === 409 || status >= 500)
    return new MlflowError("unclear", `it answered ${status}${message}`);
  return new MlflowError("refused", `it refused (${status})${message}`);
}

function unreachable(error: unknown, timeoutMs: number): MlflowError {
  if (error instanceof TooLargeError) return new MlflowError("unclear", error.message);
  if (error instanceof Error && error.name === "TimeoutError")
    return new MlflowError("unclear", `it took longer than ${timeoutMs / 1000} s`);
  return new MlflowError("unclear", `it could not be reached (${codeOf(error)})`);
}

/** "ECONNREFUSED": the code and not the message, which may hold the address. */
function codeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? plain(code) : error instanceof Error ? error.name : "unknown";
}

class TooLargeError extends Error {
  override readonly name = "TooLargeError";
}

/** The text, or an error when it is longer than allowed: what is not read is not kept in memory. */
async function bodyOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBodyBytes)
      throw new TooLargeError(`its answer is larger than ${maxBodyBytes / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What a server says may hold anything; it is shown on one line, without secrets. */
function plain(text: string): string {
  return oneLine(redact(text.slice(0, 2_000)).text, 200);
}
