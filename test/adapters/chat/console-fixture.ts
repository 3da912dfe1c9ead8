/** A console on a loopback port with messages in memory and a door that remembers what came through it. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Console, type ConsoleOptions, createConsole } from "../../../src/adapters/chat/console.ts";
import { answerView } from "../../../src/domain/command/answer.ts";
import type { Person } from "../../../src/domain/people/person.ts";
import type { View } from "../../../src/domain/view.ts";
import type {
  ChatDoor,
  CommandRequest,
  CommandShape,
  Forms,
  SuggestQuestion,
} from "../../../src/ports/chat.ts";
import { silentLog } from "../../../src/ports/observability.ts";
import { noForms } from "../../fakes/forms.ts";
import { type MemoryMessages, memoryMessages } from "./console-memory.ts";

export const people: readonly Person[] = [
  { id: "oncall", name: "On call", roles: ["sre"], accounts: { console: "oncall" } },
  { id: "sre-lead", name: "SRE lead", roles: ["sre", "approver"], accounts: { console: "sre-lead" } },
];

export const commands: readonly CommandShape[] = [
  shape("ack", "Take an incident", [
    option("incident", { position: 0, isRequired: true, isSuggested: true }),
  ]),
  shape("deploy", "Deploy a version of a model", [
    option("model", { position: 0, isRequired: true, isSuggested: true }),
    option("version", { position: 1 }),
    option("env", { choices: ["staging", "production"] }),
    option("dry-run", { type: "boolean" }),
    option("reason", {}),
  ]),
  shape("help", "What can be done here", []),
  shape("incidents", "List incidents", [option("state", { choices: ["open", "acknowledged", "resolved"] })]),
];

export interface ConsoleFixture {
  readonly url: string;
  readonly console: Console;
  readonly messages: MemoryMessages;
  /** Everything submitted, in order. */
  readonly requests: readonly CommandRequest[];
  /** Every value that was asked for while somebody typed, in order. */
  readonly asked: readonly SuggestQuestion[];
  /** Runs for every request after it was taken; the default answers nothing. */
  onRequest(handler: (request: CommandRequest) => void | Promise<void>): void;
  /** Cuts every connection, as a failing network would. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts one; options not given are those of a console on loopback without tokens. */
export async function startConsole(
  options: Partial<ConsoleOptions> = {},
  forms: Forms = noForms,
): Promise<ConsoleFixture> {
  const messages = options.messages === undefined ? memoryMessages() : (options.messages as MemoryMessages);
  const requests: CommandRequest[] = [];
  const asked: SuggestQuestion[] = [];
  let handler: (request: CommandRequest) => void | Promise<void> = () => undefined;
  const console = await createConsole({
    posts: { channelsOf: async () => [], findBySubject: async () => null },
    people,
    tokens: new Map(),
    isLoopback: true,
    sessionKey: new Uint8Array(32).fill(7),
    channels: ["incidents"],
    log: silentLog,
    ...options,
    messages,
  });
  const door: ChatDoor = {
    submit: async (request) => {
      if (requests.some((known) => known.key === request.key)) return;
      requests.push(request);
      setImmediate(() => void handler(request));
    },
    home: async () => answerView("nothing waits"),
    suggest: async (question) => {
      const { option: name, partial } = question;
      asked.push(question);
      return [
        { label: "#12 HighErrorRate on checkout", value: name === "incident" ? "12" : "fraud-scorer" },
        { label: "#9 DiskFull on db", value: name === "incident" ? "9" : "correlator" },
      ].filter(({ value }) => value.startsWith(partial));
    },
    forms,
  };
  await console.start(door, commands);
  const server = createServer((request, response) => {
    void console.handle(request, response).then((isOurs) => {
      if (!isOurs) response.writeHead(404, { "content-type": "text/plain" }).end("not the console's");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server's address is an object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    console,
    messages,
    requests,
    asked,
    onRequest: (given) => {
      handler = given;
    },
    cut: () => server.closeAllConnections(),
    close: async () => {
      await console.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A small view; what is given replaces the rest. */
export function view(partial: Partial<View> & { readonly title: string }): View {
  return { kind: "incident", tone: "high", summary: partial.title, blocks: [], actions: [], ...partial };
}

export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function shape(name: string, summary: string, options: CommandShape["options"]): CommandShape {
  return { name, summary, examples: [], options };
}

function option(
  name: string,
  given: Partial<CommandShape["options"][number]>,
): CommandShape["options"][number] {
  return {
    name,
    summary: `The ${name}`,
    type: "string",
    isRequired: false,
    choices: [],
    isSuggested: false,
    position: null,
    ...given,
  };
}
