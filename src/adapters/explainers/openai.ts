/** Explanations written by a model behind the OpenAI chat completions API or a server compatible with it. */
import { createHash } from "node:crypto";
import type OpenAI from "openai";
import { z } from "zod";
import { answerSchema, buildPrompt, draftSchema, type Prompt } from "../../domain/explanation/prompt.ts";
import { maxAnswerTokens, promptTokens, tokensOf } from "../../domain/explanation/tokens.ts";
import { type Secret, secretOf } from "../../ports/secret.ts";
import type { Explainer, ExplainResult, Log } from "../../ports.ts";

export interface OpenAiOptions {
  /** Looked for anew when the server refuses it. */
  readonly apiKey: Secret | string;
  /** Null for OpenAI itself. */
  readonly baseUrl: string | null;
  readonly model: string;
  /** For the whole explanation, both attempts together. */
  readonly timeoutMs: number;
  readonly log: Log;
}

/** How structure is asked for: by a schema, or, from servers that know none, as any JSON object. */
type Mode = "json_schema" | "json_object";

type Answer =
  | { readonly kind: "answered"; readonly result: ExplainResult }
  /** The server does not take this kind of request. */
  | { readonly kind: "unsupported"; readonly status: number };

const maxAnswerBytes = 1_000_000;

const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: z.object({ total_tokens: z.number().nonnegative() }).nullish(),
});

/**
 * Creates the explainer; the SDK is loaded with the first question.
 * Never rejects: whatever goes wrong is `unavailable` with a plain reason.
 */
export function createOpenAiExplainer(options: OpenAiOptions): Explainer {
  const apiKey = secretOf("OPENAI_API_KEY", options.apiKey);
  let loading: Promise<{ readonly sdk: typeof import("openai"); readonly client: OpenAI }> | null = null;
  let mode: Mode = "json_schema";

  async function load() {
    const sdk = await import("openai");
    const client = new sdk.OpenAI({
      apiKey: apiKey.current(),
      baseURL: options.baseUrl ?? "https://api.openai.com/v1",
      // Null, or the SDK would read them from the environment.
      organization: null,
      project: null,
      webhookSecret: null,
      adminAPIKey: null,
      maxRetries: 0,
      timeout: options.timeoutMs,
      logLevel: "off",
      fetch: boundedFetch,
    });
    return { sdk, client };
  }

  async function ask(prompt: Prompt, signal: AbortSignal): Promise<ExplainResult> {
    loading ??= load();
    const { sdk, client } = await loading;
    const first = await attempt(client, sdk, prompt, mode, signal);
    if (first.kind === "answered") return first.result;
    if (mode === "json_object") return unavailable(`the server refused the request (${first.status})`, 0);
    const second = await attempt(client, sdk, prompt, "json_object", signal);
    if (second.kind === "unsupported")
      return unavailable(`the server refused the request (${second.status})`, 0);
    if (second.result.kind === "drafted") mode = "json_object";
    return second.result;
  }

  async function attempt(
    client: OpenAI,
    sdk: typeof import("openai"),
    prompt: Prompt,
    how: Mode,
    signal: AbortSignal,
  ): Promise<Answer> {
    try {
      const request = await requestOf(options.model, prompt, how);
      const completion = await complete(client, sdk, request, signal);
      return { kind: "answered", result: readWithHash(completion, prompt, options.model) };
    } catch (error) {
      return problemOf(error, sdk, { prompt, timeoutMs: options.timeoutMs, signal });
    }
  }

  /** A request that was refused for its key is made once more where there is another one by now. */
  async function complete(
    client: OpenAI,
    sdk: typeof import("openai"),
    request: OpenAI.ChatCompletionCreateParamsNonStreaming,
    signal: AbortSignal,
  ): Promise<unknown> {
    const create = async (key: string) =>
      await client.withOptions({ apiKey: key }).chat.completions.create(request, { signal });
    const key = apiKey.current();
    try {
      return await create(key);
    } catch (error) {
      if (!(error instanceof sdk.AuthenticationError) || !(await apiKey.hasChangedFrom(key))) throw error;
      return await create(apiKey.current());
    }
  }

  return {
    name: "openai",
    async explain(question) {
      const prompt = buildPrompt(question);
      const deadline = AbortSignal.timeout(options.timeoutMs);
      try {
        // The race also bounds what an abort cannot interrupt.
        const late = timedOut(deadline, prompt, options.timeoutMs);
        return recorded(await Promise.race([ask(prompt, deadline), late]));
      } catch (error) {
        options.log.error(
          { incident: question.incident.id, error: nameOf(error) },
          "explain: the model failed",
        );
        return recorded(unavailable("the model could not be asked", 0));
      }

      function recorded(result: ExplainResult): ExplainResult {
        const answerHash = result.exchange?.answerHash ?? null;
        const promptHash = sha256(`${prompt.system}\n${prompt.user}`);
        return {
          ...result,
          untold: prompt.untold,
          exchange: { model: options.model, promptHash, answerHash },
        };
      }
    },
  };
}

async function requestOf(
  model: string,
  prompt: Prompt,
  mode: Mode,
): Promise<OpenAI.ChatCompletionCreateParamsNonStreaming> {
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: "system", content: prompt.system },
    { role: "user", content: prompt.user },
  ];
  // Older compatible servers know only max_tokens; newer models of OpenAI refuse it.
  if (mode === "json_object")
    return { model, messages, response_format: { type: "json_object" }, max_tokens: maxAnswerTokens };
  const { zodResponseFormat } = await import("openai/helpers/zod");
  return {
    model,
    messages,
    response_format: zodResponseFormat(draftSchema, "explanation"),
    max_completion_tokens: maxAnswerTokens,
  };
}

/** The answer, and the hash of its text where there is one. */
function readWithHash(completion: unknown, prompt: Prompt, model: string): ExplainResult {
  const content = completionSchema.safeParse(completion).data?.choices[0]?.message.content ?? null;
  const answerHash = content === null ? null : sha256(content);
  return { ...read(completion, prompt), exchange: { model, promptHash: "", answerHash } };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Reads an answer of a server that may be anything. */
function read(completion: unknown, prompt: Prompt): ExplainResult {
  const parsed = completionSchema.safeParse(completion);
  const choice = parsed.data?.choices[0];
  if (choice === undefined) return unavailable("the answer was no chat completion", promptTokens(prompt));
  const content = choice.message.content ?? "";
  const tokens = parsed.data?.usage?.total_tokens ?? promptTokens(prompt) + tokensOf(content);
  if (choice.finish_reason === "length") return unavailable("the answer was cut off", tokens);
  if (choice.finish_reason === "content_filter") return unavailable("the answer was filtered", tokens);
  if (choice.message.refusal) return unavailable("the model refused", tokens);
  const draft = answerSchema.safeParse(parseJson(content));
  if (!draft.success) return unavailable("the answer was not the JSON asked for", tokens);
  return { kind: "drafted", draft: { ...draft.data, actions: [] }, tokens };
}

/** The JSON value of a text, also inside a Markdown fence; undefined when there is none. */
function parseJson(content: string): unknown {
  const fenced = /^\s*```(?:json)?\s*([\s\S]*?)\s*```\s*$/.exec(content);
  try {
    return JSON.parse(fenced?.[1] ?? content);
  } catch {
    return undefined;
  }
}

function problemOf(
  error: unknown,
  sdk: typeof import("openai"),
  {
    prompt,
    timeoutMs,
    signal,
  }: { readonly prompt: Prompt; readonly timeoutMs: number; readonly signal: AbortSignal },
): Answer {
  const answered = (reason: string, tokens = 0): Answer => ({
    kind: "answered",
    result: unavailable(reason, tokens),
  });
  if (
    signal.aborted ||
    error instanceof sdk.APIConnectionTimeoutError ||
    error instanceof sdk.APIUserAbortError
  )
    return answered(`timed out after ${timeoutMs / 1000} s`, promptTokens(prompt));
  if (error instanceof sdk.APIConnectionError) return answered("the server could not be reached");
  if (error instanceof sdk.APIError && typeof error.status === "number") return problemOfStatus(error.status);
  return answered("the answer could not be read", promptTokens(prompt));
}

function problemOfStatus(status: number): Answer {
  // What a server says of a schema or a parameter that it does not know.
  if (status === 400 || status === 415 || status === 422 || status === 501)
    return { kind: "unsupported", status };
  const reasons: Readonly<Record<number, string>> = {
    401: "the key was not accepted (401)",
    403: "access was denied (403)",
    404: "the model or the address does not exist (404)",
    429: "rate limited (429)",
  };
  const reason = reasons[status] ?? (status >= 500 ? `server error (${status})` : `refused (${status})`);
  return { kind: "answered", result: unavailable(reason, 0) };
}

function timedOut(signal: AbortSignal, prompt: Prompt, timeoutMs: number): Promise<ExplainResult> {
  return new Promise((resolve) => {
    const answer = () => resolve(unavailable(`timed out after ${timeoutMs / 1000} s`, promptTokens(prompt)));
    if (signal.aborted) answer();
    // A moment later than the abort itself, which usually tells more.
    else signal.addEventListener("abort", () => setTimeout(answer, 200).unref(), { once: true });
  });
}

function unavailable(reason: string, tokens: number): ExplainResult {
  return { kind: "unavailable", reason, tokens };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/** Fetch that follows no redirect, since the prompt goes only where it was sent, and reads at most 1 MB. */
async function boundedFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, { ...init, redirect: "error" });
  if (response.body === null) return response;
  let bytes = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > maxAnswerBytes) controller.error(new Error("openai: the answer is larger than 1 MB"));
      else controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(limit), {
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
  });
}
