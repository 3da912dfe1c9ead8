/** AWS's own client, loaded when it is first needed: signing requests is what it is for. */
import { createHash } from "node:crypto";
import type { SageMaker } from "@aws-sdk/client-sagemaker";
import { redact } from "../../../domain/text/redaction.ts";
import { oneLine } from "../../../domain/view.ts";
import { HttpMishapError, type Mishap } from "../../../ports/http-client.ts";
import type { SagemakerSettings } from "./settings.ts";

export interface Sagemaker {
  /** @throws HttpMishapError */
  ask<Answer>(
    question: (client: SageMaker, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer>;
  /** The same; null where what is named is not there. */
  find<Answer>(
    question: (client: SageMaker, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer | null>;
  /** The same for making something; false when there is one of that name already. */
  make(
    question: (client: SageMaker, options: { readonly abortSignal: AbortSignal }) => Promise<unknown>,
  ): Promise<boolean>;
}

export function createSagemakerClient({
  region,
  endpointUrl,
  credentials,
  timeoutMs,
}: Pick<SagemakerSettings, "region" | "endpointUrl" | "credentials" | "timeoutMs">): Sagemaker {
  let loading: Promise<SageMaker> | null = null;

  async function load(): Promise<SageMaker> {
    const sdk = await import("@aws-sdk/client-sagemaker").catch((cause: unknown) => {
      throw new Error("sagemaker: install @aws-sdk/client-sagemaker beside the bot; it was left out", {
        cause,
      });
    });
    return new sdk.SageMaker({
      region,
      // A second try of its own would be a start that nobody asked for.
      maxAttempts: 1,
      requestHandler: { connectionTimeout: timeoutMs, requestTimeout: timeoutMs },
      ...(endpointUrl === undefined ? {} : { endpoint: endpointUrl }),
      ...(credentials === null ? {} : { credentials }),
    });
  }

  const ask: Sagemaker["ask"] = async (question) => {
    loading ??= load();
    const client = await loading;
    try {
      return await within(timeoutMs, (abortSignal) => question(client, { abortSignal }));
    } catch (error) {
      throw mishapOf(error, timeoutMs);
    }
  };

  return {
    ask,
    find: async (question) => {
      try {
        return await ask(question);
      } catch (error) {
        if (error instanceof HttpMishapError && error.mishap === "absent") return null;
        throw error;
      }
    },
    make: async (question) => {
      try {
        await ask(question);
        return true;
      } catch (error) {
        if (error instanceof HttpMishapError && /already exist/i.test(error.said)) return false;
        throw error;
      }
    },
  };
}

class LateError extends Error {
  override readonly name = "LateError";
}

/** The client's own limits do not cover an answer that stops half-way. */
async function within<Answer>(ms: number, work: (signal: AbortSignal) => Promise<Answer>): Promise<Answer> {
  const stop = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new LateError());
      stop.abort();
    }, ms);
  });
  try {
    return await Promise.race([work(stop.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What an error of the SDK means for what was asked. */
function mishapOf(error: unknown, timeoutMs: number): HttpMishapError {
  if (error instanceof LateError)
    return new HttpMishapError(`sagemaker: it took longer than ${timeoutMs / 1_000} s`, {
      mishap: "unclear",
    });
  const name = error instanceof Error ? error.name : "unknown";
  const status = statusOf(error);
  if (status === null) {
    const what =
      name === "CredentialsProviderError"
        ? "there are no AWS credentials"
        : `it could not be reached (${oneLine(name, 60)})`;
    return new HttpMishapError(`sagemaker: ${what}`, {
      mishap: name === "CredentialsProviderError" ? "refused" : "unclear",
    });
  }
  const text = status === 401 || !(error instanceof Error) ? "" : oneLine(redact(error.message).text, 250);
  const mishap = kindOf(name, status, text);
  const said = text === "" ? "" : `: ${text}`;
  return new HttpMishapError(`sagemaker: ${oneLine(name, 60)} (${status})${said}`, {
    mishap,
    status,
    said: text,
  });
}

function kindOf(name: string, status: number, text: string): Mishap {
  if (name.startsWith("Throttling") || name === "TooManyRequestsException" || status === 429)
    return "limited";
  if (name === "ResourceNotFound" || /^Could not find /.test(text) || /does not exist/.test(text))
    return "absent";
  return status >= 500 || status === 408 || status === 409 || status < 300 ? "unclear" : "refused";
}

function statusOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("$metadata" in error)) return null;
  const { $metadata } = error;
  const isTold = typeof $metadata === "object" && $metadata !== null && "httpStatusCode" in $metadata;
  return isTold && typeof $metadata.httpStatusCode === "number" ? $metadata.httpStatusCode : null;
}

/** A name for what is made for an operation: the same each time, at most 63 characters, as SageMaker takes them. */
export function resourceName(operationId: string): string {
  const name = `tocsin-${operationId}`;
  return name.length <= 63 ? name : `tocsin-${digestOf(operationId).slice(0, 40)}`;
}

/** 64 hex characters: a client token has 32 to 128. */
export function digestOf(operationId: string): string {
  return createHash("sha256").update(operationId).digest("hex");
}
