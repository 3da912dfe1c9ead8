/** The home tab of Slack, through the real client against the fake. */
import { expect, onTestFinished, test } from "vitest";
import { answerView } from "../../../src/domain/command/answer.ts";
import { plain, type View } from "../../../src/domain/view.ts";
import type { ChatDoor, CommandRequest } from "../../../src/ports/chat.ts";
import { noForms } from "../../fakes/forms.ts";
import { readableText } from "../../fakes/slack.ts";
import { setUpSlack } from "./slack-harness.ts";

/** A home with one thing to press; says how often it was made. */
async function home(over: Partial<ChatDoor> = {}, more: Partial<View> = {}) {
  const requests: CommandRequest[] = [];
  const made: string[] = [];
  const { slack, chat } = await setUpSlack();
  onTestFinished(async () => {
    await chat.stop();
    await slack.close();
  });
  await chat.start(
    {
      submit: async (request) => void requests.push(request),
      suggest: async () => [],
      forms: noForms,
      home: async (account) => {
        made.push(account.id);
        return answerView(`${made.length} things wait`, {
          title: "Home",
          blocks: [{ kind: "text", text: [plain(`look ${made.length} of ${account.id}`)] }],
          actions: [{ label: "Acknowledge #12", command: "ack 12", style: "plain" }],
          ...more,
        });
      },
      ...over,
    },
    [],
  );
  const text = (user = "U0ONCALL") => readableText(slack.homeOf(user) ?? []);
  return { slack, chat, requests, made, text };
}

test("whoever opens the home sees what waits for them, each time anew", async () => {
  const { slack, text, made } = await home();
  slack.addUser({ id: "U0LEAD", name: "lead" });
  await slack.openHome();
  await slack.until(() => slack.homeOf("U0ONCALL") !== null);
  expect(text()).toContain("look 1 of U0ONCALL");
  await slack.openHome({ user: "U0LEAD" });
  await slack.until(() => slack.homeOf("U0LEAD") !== null);
  await slack.openHome();
  await slack.until(() => text().includes("look 3"));
  expect(text("U0LEAD")).toContain("look 2 of U0LEAD");
  expect(made).toEqual(["U0ONCALL", "U0LEAD", "U0ONCALL"]);
  expect(slack.violations).toEqual([]);
});

test("the tab of messages is no home", async () => {
  const { slack, made } = await home();
  const delivery = await slack.openHome({ tab: "messages" });
  expect([delivery.isAcked, made, slack.callsOf("views.publish")]).toEqual([true, [], []]);
});

test("what is pressed there is a request like any other, and its answer stands above the home as it is then", async () => {
  const { slack, chat, requests, text } = await home();
  await slack.openHome();
  await slack.until(() => slack.homeOf("U0ONCALL") !== null);
  const delivery = await slack.pressHome({ button: "Acknowledge #12" });
  const [request] = requests;
  if (request === undefined) throw new Error("nothing was asked");
  expect([delivery.isAcked, request.channel, request.command, request.input]).toEqual([
    true,
    null,
    "ack",
    { kind: "text", text: "12" },
  ]);
  await chat.answer(request, answerView("You have incident 12."), "private");
  expect(text()).toMatch(/You have incident 12[\s\S]*look 2 of U0ONCALL/);
  expect([slack.ephemerals, slack.botMessages(), slack.violations]).toEqual([[], [], []]);
});

test("however much there is, Slack takes it", async () => {
  const row = { kind: "table", columns: ["a", "b"], rows: [["1", "2"]] } as const;
  const list = {
    kind: "list",
    ordered: "bulleted",
    items: Array(40).fill([plain("x".repeat(200))]),
  } as const;
  const blocks = Array.from({ length: 80 }, (_, index) => (index % 2 === 0 ? row : list));
  const { slack, chat } = await home({}, { blocks });
  await slack.openHome();
  await slack.until(() => slack.homeOf("U0ONCALL") !== null);
  const from = { platform: "slack", id: "U0ONCALL", name: "oncall" };
  const request: CommandRequest = {
    ...{ key: "k", account: from, channel: null, command: "ack", receivedAt: new Date() },
    input: { kind: "text", text: "12" },
    reply: { kind: "button", user: "U0ONCALL" },
  };
  await chat.answer(request, answerView("done", { blocks }), "private");
  expect(slack.homeOf("U0ONCALL")?.length).toBeLessThanOrEqual(100);
  expect(slack.violations).toEqual([]);
});

test("a home that cannot be made leaves the one that is shown, and the bot goes on", async () => {
  let isAway = false;
  const { slack, requests, text } = await home({
    home: () =>
      isAway ? Promise.reject(new Error("database away")) : Promise.resolve(answerView("all is well")),
  });
  await slack.openHome();
  await slack.until(() => slack.homeOf("U0ONCALL") !== null);
  isAway = true;
  expect((await slack.openHome()).isAcked).toBe(true);
  await slack.slash({ command: "/ack", text: "12" });
  expect([requests.length, text().includes("all is well")]).toEqual([1, true]);
});
