/**
 * The thread in which a retrain computes. It lives while there is something to compute and a little longer; it takes one
 * work at a time, each within bounds of time and memory.
 */
import { once } from "node:events";
import path from "node:path";
import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import type { LabelledCause } from "../../domain/learning/fitting.ts";
import type { Topology } from "../../domain/topology.ts";
import type { LearningThread } from "../../ports/learning.ts";
import { NotStartedError } from "../../ports/model.ts";
import type { Answers, Asked, Reply } from "./thread/messages.ts";

export interface LearningThreadOptions {
  /** Longest time of one work. Below what a backend's start may take, so that it is told before it is given up. */
  readonly limitMs?: number;
  /** Most old objects, MB. */
  readonly memoryMb?: number;
}

export interface OpenLearningThread extends LearningThread {
  /** Ends it, in the middle of a work if need be: that one, those that wait and later ones fail. */
  close(): Promise<void>;
}

const idleMs = 5_000;
/** Sources while it runs from a checkout, else what the compiler made of them. */
const extension = path.extname(new URL(import.meta.url).pathname);
const entry = new URL(`./thread/entry${extension}`, import.meta.url);

/** Starts nothing before something is asked. */
export function createLearningThread({
  limitMs = 240_000,
  memoryMb = halfOfHeap(),
}: LearningThreadOptions = {}): OpenLearningThread {
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  const closing = new AbortController();

  async function stop(): Promise<void> {
    const gone = worker;
    worker = null;
    await gone?.terminate();
  }

  function forget(gone: Worker): void {
    if (worker === gone) worker = null;
  }

  function wakeUp(): Worker {
    clearTimeout(idle);
    const awake = worker ?? startWorker(memoryMb);
    // One that ended by itself while nobody waited is not asked again.
    if (worker === null) awake.once("exit", () => forget(awake));
    worker = awake;
    awake.ref();
    return awake;
  }

  function letRest(): void {
    worker?.unref();
    idle = setTimeout(() => void stop(), idleMs).unref();
  }

  /** @param feed - hands over everything that the answer needs. */
  async function compute<Kind extends keyof Answers>(
    feed: (post: (message: Asked) => void) => Promise<void>,
  ): Promise<Answers[Kind]> {
    closing.signal.throwIfAborted();
    const thread = wakeUp();
    const work = new AbortController();
    const late = setTimeout(() => work.abort(overtime(limitMs)), limitMs);
    const signal = AbortSignal.any([work.signal, closing.signal]);
    try {
      const post = (message: Asked) => {
        signal.throwIfAborted();
        thread.postMessage(message);
      };
      const [[reply]] = await Promise.all([once(thread, "message", { signal }), feed(post)]);
      const answer = answerIn(reply as Reply);
      letRest();
      // entry.ts replies, and to each kind of work with what belongs to it.
      return answer as Answers[Kind];
    } catch (error) {
      const reason: unknown = signal.aborted ? signal.reason : explained(error, memoryMb);
      work.abort(reason);
      await stop();
      throw reason;
    } finally {
      clearTimeout(late);
    }
  }

  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  return {
    scorePairs: (work) => inTurn(() => compute<"pairs">(async (post) => post({ kind: "pairs", work }))),
    fit: ({ causes, ...options }) =>
      inTurn(() =>
        compute<"fit">(async (post) => {
          await handOver(causes, post);
          post({ kind: "fit", options });
        }),
      ),
    close: async () => {
      closing.abort(new Error("learning: the bot is stopping; the retrain is tried again after its start"));
      await stop();
    },
  };
}

/** Their topology is one and the same, and large: it is sent once. */
async function handOver(causes: AsyncIterable<LabelledCause>, post: (message: Asked) => void): Promise<void> {
  let sent: Topology | null = null;
  for await (const { question, ...label } of causes) {
    const { topology, kindOf: _, ...asked } = question;
    post({
      kind: "cause",
      row: { ...label, question: asked },
      topology: topology === sent ? null : topology,
    });
    sent = topology;
  }
}

/** Its environment is empty: it needs no secret. */
function startWorker(memoryMb: number): Worker {
  const worker = new Worker(extension === ".ts" ? fromSources(entry) : entry, {
    name: "learning",
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  // Whoever waits for an answer is told; without anybody an error must not end the bot.
  worker.on("error", () => undefined);
  return worker;
}

/**
 * Node 20 runs no sources, and a thread does not inherit what lets it: that has to be called in the thread itself.
 * @see https://tsx.is/dev-api/register-esm
 */
function fromSources({ href }: URL): URL {
  const [tsx, own] = [import.meta.resolve("tsx/esm/api"), href].map((url) => JSON.stringify(url));
  const code = `import { register } from ${tsx}; register(); await import(${own});`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** @throws Error that went wrong in the thread, with where it did so. */
function answerIn(reply: Reply): Answers[keyof Answers] {
  if (reply.kind === "answer") return reply.answer;
  const error = new Error(`learning: ${reply.message}`);
  error.stack = reply.stack;
  throw error;
}

function halfOfHeap(): number {
  return Math.floor(getHeapStatistics().heap_size_limit / 2 / 1_048_576);
}

function overtime(limitMs: number): Error {
  return new NotStartedError(
    `learning: the computation took longer than ${limitMs / 1_000} s and was ended. Try again when the machine is less busy, or give it a faster processor.`,
  );
}

function explained(error: unknown, memoryMb: number): unknown {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code !== "ERR_WORKER_OUT_OF_MEMORY") return error;
  return new NotStartedError(
    `learning: the computation took more than the ${memoryMb} MB that it may take, half of the bot's heap, and was ended. Start the bot with more, such as NODE_OPTIONS=--max-old-space-size=${4 * memoryMb}.`,
    { cause: error },
  );
}
