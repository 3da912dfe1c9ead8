/** What no backend may do, whatever the network, the other side or a crash does to it. */
import { afterEach, describe, expect, test } from "vitest";
import { type ModelBackend, NotStartedError, type Observed, type Operation } from "../../src/ports.ts";
import type { Call, Fate, FaultProxy } from "../adapters/models/proxy.ts";
import { type ModelScene, operationOf } from "./model.ts";

/** A scene whose backend speaks through a proxy, with a time limit of one second for a request. */
export interface FaultScene extends ModelScene {
  readonly proxy: FaultProxy;
  /** The call that begins the work. */
  isStart(call: Call): boolean;
  /** How often the work was really begun. */
  begun(): number;
  /** Lets time pass for the backend, ms; nothing happens at the other side. */
  pass(ms: number): void;
  /** What a lying answer to the start looks like; `{}` when left out. */
  readonly lie?: string;
}

/** How an operation ended, or that a person is asked. */
type Ending = Observed["kind"] | "asks" | "not_started";

const passing: Fate = { kind: "pass" };
/** After it, `start` must say NotStarted; after a doubt, whatever it says must be found out by looking. */
const refusals: readonly [string, Fate][] = [
  ["401", { kind: "answer", status: 401, body: '{"message": "token ghp_leaked-secret-1 is bad"}' }],
  ["403", { kind: "answer", status: 403 }],
  ["404 of a proxy", { kind: "answer", status: 404, body: "<html>" }],
  ["a redirect", { kind: "answer", status: 302, headers: { location: "http://127.0.0.1:9/" } }],
  ["429", { kind: "answer", status: 429, headers: { "retry-after": "7" } }],
];
const doubts: readonly [string, Fate][] = [
  ["409", { kind: "answer", status: 409 }],
  ["500", { kind: "answer", status: 500, body: "oops" }],
  ["503", { kind: "answer", status: 503 }],
  ["a timeout", { kind: "hang" }],
  ["a half-open connection", { kind: "half_open" }],
  ["a cut connection", { kind: "cut", when: "before" }],
  ["a connection cut after it was done", { kind: "cut", when: "after" }],
];

export interface FaultContract {
  readonly name: string;
  readonly open: () => Promise<FaultScene>;
  /** Credentials that must be in no message and no reference. */
  readonly secrets: readonly string[];
  /** Answers that this service gives another meaning; tested by its own file. */
  readonly except?: readonly string[];
}

export function modelFaultContract({ name, open, secrets, except = [] }: FaultContract): void {
  describe(`${name}, when things go wrong,`, () => {
    const scenes: FaultScene[] = [];
    const scene = async () => {
      const opened = await open();
      scenes.push(opened);
      return opened;
    };
    afterEach(async () => {
      for (const opened of scenes.splice(0)) await opened.close();
    });
    const table = (rows: readonly [string, Fate][]) => rows.filter(([title]) => !except.includes(title));

    test.each(table(refusals))("%s to the start is certain: nothing was begun", async (_name, fate) => {
      const opened = await scene();
      const operation = await remembered(opened);
      opened.proxy.fate = (call) => (opened.isStart(call) ? fate : passing);
      const error = await opened.backend.start(operation).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(NotStartedError);
      expectNoSecret(secrets, error);
      expect(opened.begun()).toBe(0);
      opened.proxy.fate = () => passing;
      opened.pass(10_000);
      expect((await opened.backend.findByOperationId(operation.operationId)).kind).toBe("absent");
      expect(await carryOut(opened, operation)).toBe("succeeded");
      expect(opened.begun()).toBe(1);
    });

    test.each(table(doubts))(
      "%s to the start is found out by looking, never by guessing",
      async (_name, fate) => {
        const opened = await scene();
        const operation = await remembered(opened);
        opened.proxy.fate = (call) => (opened.isStart(call) ? fate : passing);
        const started = await opened.backend.start(operation).catch((thrown: unknown) => thrown);
        if (started instanceof Error) expect(started).not.toBeInstanceOf(NotStartedError);
        expectNoSecret(secrets, started);
        opened.proxy.fate = () => passing;
        expect(["succeeded", "asks"]).toContain(await carryOut(opened, operation));
        expect(opened.begun()).toBeLessThanOrEqual(1);
      },
    );

    test.each([...table(refusals), ...table(doubts)])(
      "%s to every question is said of every look, and nothing is begun",
      async (title, fate) => {
        if (title.includes("after it was done")) return;
        const opened = await scene();
        const operation = await remembered(opened);
        opened.proxy.fate = () => fate;
        const errors = [
          await opened.backend.live(opened.model, opened.environment).catch((thrown: unknown) => thrown),
          await opened.backend.start(operation).catch((thrown: unknown) => thrown),
        ];
        for (const error of errors) expect(error).toBeInstanceOf(Error);
        expectNoSecret(secrets, errors);
        expect(opened.begun()).toBe(0);
      },
    );

    test("success that is reported while nothing was begun is not believed", async () => {
      const opened = await scene();
      const operation = await remembered(opened);
      opened.proxy.fate = (call) =>
        opened.isStart(call) ? { kind: "pretend", body: opened.lie ?? "{}" } : passing;
      const ending = await carryOut(opened, operation);
      expect(opened.begun()).toBe(0);
      const { version } = await opened.backend.live(opened.model, opened.environment);
      // A backend that says it succeeded is checked by the bot against what serves.
      expect([ending === "succeeded" && version === opened.to, version]).toEqual([false, opened.from]);
    });

    test.each(["before", "after"] as const)(
      "a crash %s any call reaches it ends or asks, and begins the work once at most",
      async (when) => {
        let at = 0;
        const endings: Ending[] = [];
        for (let isCut = true; isCut && at < 60; at += 1) {
          isCut = false;
          let count = 0;
          const opened = await open();
          try {
            const operation = await remembered(opened);
            opened.proxy.fate = () => {
              count += 1;
              if (count !== at + 1) return passing;
              isCut = true;
              return { kind: "cut", when };
            };
            const ending = await carryOut(opened, operation);
            endings.push(ending);
            expect(["succeeded", "asks"], `cut at call ${at}`).toContain(ending);
            expect(opened.begun(), `cut at call ${at}`).toBeLessThanOrEqual(1);
            if (ending === "succeeded") {
              opened.proxy.fate = () => passing;
              const { version } = await opened.backend.live(opened.model, opened.environment);
              expect(version, `cut at call ${at}`).toBe(opened.to);
            }
          } finally {
            await opened.close();
          }
        }
        expect(at).toBeGreaterThan(2);
        expect(endings.at(-1)).toBe("succeeded");
      },
    );
  });
}

async function remembered(scene: ModelScene): Promise<Operation> {
  const operation = operationOf(scene);
  await scene.remember(operation);
  return operation;
}

/** What the bot does: starts, and after a failure or a crash looks before it would start again. */
export async function carryOut(
  scene: Pick<FaultScene, "restart" | "pass">,
  operation: Operation,
): Promise<Ending> {
  for (let life = 0; life < 40; life += 1) {
    try {
      const bot = await scene.restart();
      const found = await bot.findByOperationId(operation.operationId);
      if (found.kind === "cannot_look") return "asks";
      const ref = found.kind === "found" ? found.ref : await bot.start(operation);
      return await followed(bot, ref, operation, scene);
    } catch (error) {
      if (error instanceof NotStartedError && life > 20) return "not_started";
    }
    scene.pass(15_000);
  }
  throw new Error("it came to no end in forty lives");
}

async function followed(
  bot: ModelBackend,
  ref: Parameters<ModelBackend["observe"]>[0],
  operation: Operation,
  scene: Pick<FaultScene, "pass">,
): Promise<Ending> {
  for (let look = 0; look < 100; look += 1) {
    const { kind } = await bot.observe(ref, operation);
    if (kind === "lost") return "asks";
    if (kind !== "running") return kind;
    scene.pass(5_000);
  }
  throw new Error("it still runs after a hundred looks");
}

function expectNoSecret(secrets: readonly string[], seen: unknown): void {
  const text = [seen]
    .flat()
    .map((one) => (one instanceof Error ? `${one.message} ${one.stack}` : JSON.stringify(one)));
  for (const secret of secrets) expect(text.join("\n")).not.toContain(secret);
}
