import { expect, test } from "vitest";
import type { Execute } from "../../src/app/execute.ts";
import { nameCommands, nameInCards } from "../../src/app/name-commands.ts";
import { answerView, errorView } from "../../src/domain/command/answer.ts";
import type { CommandRequest } from "../../src/ports.ts";
import { noForms } from "../fakes/forms.ts";

const naming = { prefix: "mlops-", names: new Set(["ack", "deploy", "help"]) };

/** An executor that refuses everything in words, and keeps what it was asked. */
function refusing() {
  const asked: (readonly [string, unknown])[] = [];
  const inner: Execute = {
    execute(request) {
      asked.push([request.command, request.input]);
      const view = errorView({
        title: "/ack",
        problem: "/ack needs <incident>.",
        remedy: "",
        suggestions: ["ack 12"],
      });
      return Promise.resolve({ view, visibility: "private" });
    },
    look: ({ command }) => Promise.resolve({ kind: "shown", view: answerView(`you asked for ${command}`) }),
    shapes: () => [{ name: "ack", summary: "Take it", examples: ["ack 12"], options: [] }],
    suggest: ({ command, option, partial }) => {
      asked.push([command, `${option}:${partial}`]);
      return Promise.resolve([{ label: "ack: Take it", value: "ack" }]);
    },
    forms: {
      ...noForms,
      of: ({ command, input }) => {
        asked.push([command, input]);
        return { command, summary: "Take it", isNeeded: true, fields: [], kept: {} };
      },
    },
  };
  return { asked, named: nameCommands(inner, naming), inner };
}

const request = (command: string, input: CommandRequest["input"]): CommandRequest => ({
  key: "k1",
  account: { platform: "discord", id: "1", name: "ada" },
  channel: null,
  command,
  input,
  receivedAt: new Date(0),
  reply: {},
});

test.each([
  ["mlops-ack", { kind: "text", text: "12" }, "ack", { kind: "text", text: "12" }],
  ["ack", { kind: "text", text: "12" }, "ack", { kind: "text", text: "12" }],
  ["mlops-help", { kind: "text", text: "/mlops-deploy" }, "help", { kind: "text", text: "deploy" }],
  [
    "help",
    { kind: "options", options: { command: "mlops-ack" } },
    "help",
    { kind: "options", options: { command: "ack" } },
  ],
] as const)("%s %o is understood", async (command, input, name, understood) => {
  const { asked, named } = refusing();
  await named.execute(request(command, input));
  expect(asked).toEqual([[name, understood]]);
});

test("answers and what platforms register carry the prefix", async () => {
  const { named } = refusing();
  const answer = await named.execute(request("mlops-ack", { kind: "text", text: "" }));
  expect(answer?.view).toMatchObject({
    summary: "/mlops-ack needs <incident>.",
    actions: [{ label: "/mlops-ack 12", command: "mlops-ack 12" }],
  });
  expect(named.shapes()).toMatchObject([{ name: "mlops-ack", examples: ["mlops-ack 12"] }]);
});

test.each([
  ["", "", "ml", ":", "mlops-ack"],
  ["", "", "mlops-a", ":a", "mlops-ack"],
  ["mlops-help", "command", "a", "command:a", "mlops-ack"],
  ["mlops-ack", "incident", "1", "incident:1", "ack"],
])("suggestions for %s %s %s", async (command, option, partial, asks, value) => {
  const { asked, named } = refusing();
  const account = { platform: "discord", id: "1", name: "ada" };
  const found = await named.suggest({ account, command, option, partial });
  expect(asked[0]?.[1]).toBe(asks);
  expect(found[0]?.value).toBe(value);
});

test("cards carry it in their buttons", async () => {
  const view = answerView("x", { actions: [{ label: "Acknowledge", command: "ack 12", style: "primary" }] });
  const render = nameInCards(() => Promise.resolve({ view, revision: 3 }), naming);
  // The renderer above looks at no post.
  const shown = await render({} as Parameters<typeof render>[0]);
  expect(shown).toMatchObject({ revision: 3, view: { actions: [{ command: "mlops-ack 12" }] } });
});

test("without a prefix nothing stands between", () => {
  const { inner } = refusing();
  expect(nameCommands(inner, { ...naming, prefix: "" })).toBe(inner);
});
