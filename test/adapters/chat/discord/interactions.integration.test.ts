import { afterEach, describe, expect, test } from "vitest";
import type { CommandRequest } from "../../../../src/ports.ts";
import type { FakeMessage } from "../../../fakes/discord.ts";
import { refIn, type Stage, stage, view } from "./harness.ts";
import { all } from "./hostile.ts";

let at: Stage;
afterEach(async () => {
  await at.close();
});

function doing() {
  return { user: at.discord.oncall, channel: at.discord.channel };
}

async function card(): Promise<FakeMessage> {
  refIn(await at.chat.post(at.channel, { key: "card1", view: view() }));
  const [message] = at.discord.messages(at.channel.id);
  if (message === undefined) throw new Error("no card");
  return message;
}

async function submitted(count = 1): Promise<CommandRequest> {
  await at.discord.until(() => at.door.requests.length >= count);
  const request = at.door.requests[count - 1];
  if (request === undefined) throw new Error("nothing submitted");
  return request;
}

const answerView = view({ kind: "answer", title: "Done", tone: "good", blocks: [], actions: [] });

describe("a slash command", () => {
  test("is submitted with its typed options under our names, acknowledged privately, and answered in place", async () => {
    at = await stage();
    const command = at.discord.slash("ack", { incident: 12, "dry-run": true }, doing());
    const request = await submitted();
    expect(request).toMatchObject({
      key: command.id,
      account: { platform: "discord", id: at.discord.oncall.id, name: "oncall" },
      channel: at.channel,
      command: "ack",
      input: { kind: "options", options: { incident: 12, dryRun: true } },
    });
    expect(JSON.parse(JSON.stringify(request.reply))).toEqual(request.reply);
    await at.discord.until(() => command.ack);
    expect(command.ack).toMatchObject({ type: 5, isPrivate: true });
    await at.chat.answer(request, answerView, "private");
    expect(command.original).toMatchObject({ visibleTo: at.discord.oncall.id });
    expect(command.original?.embeds[0]?.title).toBe("🟢 Done");
    expect(at.discord.messages(at.channel.id)).toEqual([]);
    expect(at.discord.refused).toEqual([]);
  });

  test("given in a thread belongs to the channel, and its public answer goes to the thread", async () => {
    at = await stage();
    const thread = at.discord.threadOf(await card());
    if (thread === null) throw new Error("no thread");
    const command = at.discord.slash("ack", { incident: 12 }, { user: at.discord.oncall, channel: thread });
    const request = await submitted();
    expect(request.channel).toEqual(at.channel);
    await at.discord.until(() => command.ack);
    await at.chat.answer(request, answerView, "public");
    expect(at.discord.messages(thread.id)).toHaveLength(1);
  });

  test("is acknowledged only after it is stored", async () => {
    let commit = (): void => {};
    const committed = new Promise<void>((resolve) => {
      commit = resolve;
    });
    at = await stage({ door: { submit: () => committed } });
    const command = at.discord.slash("ack", { incident: 12 }, doing());
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(command.ackAttempts).toBe(0);
    commit();
    await at.discord.until(() => command.ack);
    expect(at.door.requests).toHaveLength(1);
  });

  test("that cannot be stored is not accepted, and says so", async () => {
    at = await stage({
      door: {
        submit: async () => {
          throw new Error("database away");
        },
      },
    });
    const command = at.discord.slash("ack", { incident: 12 }, doing());
    await at.discord.until(() => command.ack);
    expect(command.ack).toMatchObject({ type: 4, isPrivate: true });
    expect(command.original?.content).toMatch(/Nothing was done.*\(reference \w{8}\)$/);
  });

  test("whose storing takes long is kept alive in time, and told when it fails after all", async () => {
    let fail = (): void => {};
    const failing = new Promise<void>((_resolve, reject) => {
      fail = () => reject(new Error("database away"));
    });
    at = await stage({ door: { submit: () => failing } });
    const command = at.discord.slash("ack", { incident: 12 }, doing());
    await at.discord.until(() => command.ack);
    expect(command.ack?.type).toBe(5);
    expect(command.ack?.afterMs).toBeLessThan(2_900);
    fail();
    await at.discord.until(() => command.original);
    expect(command.original?.content).toMatch(/Nothing was done.*\(reference \w{8}\)$/);
  });

  test("that reaches two replicas has one key and is acknowledged once", async () => {
    at = await stage();
    const other = await stage({ beside: at.discord });
    const command = at.discord.slash("ack", { incident: 12 }, doing());
    await at.discord.until(() => command.ackAttempts === 2);
    expect(at.door.requests[0]?.key).toBe(other.door.requests[0]?.key);
    expect(command.ack?.type).toBe(5);
    await other.close();
    expect(
      [...at.lines, ...other.lines].filter(({ level }) => level === "warn" || level === "error"),
    ).toEqual([]);
  });

  test("whose acknowledgement got lost is acknowledged again without harm", async () => {
    at = await stage();
    at.discord.faults.add({ kind: "commit_then_error", path: "/callback" });
    const command = at.discord.slash("ack", { incident: 12 }, doing());
    await at.discord.until(() => command.ackAttempts === 2);
    expect(command.ack?.type).toBe(5);
  });

  test.each(["error", "reset", "rate_limit"] as const)(
    "is acknowledged despite a fault: %s",
    async (kind) => {
      at = await stage();
      at.discord.faults.add({ kind, path: "/callback", retryAfterMs: 100 });
      const command = at.discord.slash("ack", { incident: 12 }, doing());
      await at.discord.until(() => command.ack);
      expect(at.door.requests).toHaveLength(1);
    },
  );

  test("that the bot does not know is answered", async () => {
    at = await stage();
    // A client that has not heard of the new list yet shows the old one.
    at.discord.commands.byScope.set("global", [{ id: "1", name: "gone" }]);
    const command = at.discord.slash("gone", {}, doing());
    await at.discord.until(() => command.original);
    expect(command.original?.content).toContain("/help");
    expect(at.door.requests).toEqual([]);
  });
});

describe("a button", () => {
  test("submits its command line and is answered privately; the card stays", async () => {
    at = await stage();
    const message = await card();
    const pressed = at.discord.press(message, "Acknowledge", doing());
    const request = await submitted();
    expect(request).toMatchObject({
      key: pressed.id,
      command: "ack",
      input: { kind: "text", text: "12" },
      channel: at.channel,
    });
    await at.discord.until(() => pressed.ack);
    await at.chat.answer(request, answerView, "private");
    expect(pressed.original).toMatchObject({ visibleTo: at.discord.oncall.id });
    expect(message).toMatchObject({ edits: 0 });
  });

  test("that asks first does nothing until it is confirmed, and then only once", async () => {
    at = await stage();
    const pressed = at.discord.press(await card(), "Resolve", doing());
    const prompt = await at.discord.until(() => pressed.original);
    expect(prompt).toMatchObject({ visibleTo: at.discord.oncall.id });
    expect(prompt.content).toContain("Resolve incident 12?");
    expect(at.discord.buttons(prompt).map(({ label }) => label)).toEqual(["Resolve", "Cancel"]);
    expect(at.door.requests).toEqual([]);
    const confirmed = at.discord.press(prompt, "Resolve", doing());
    const request = await submitted();
    expect(request).toMatchObject({ command: "resolve", input: { kind: "text", text: "12" } });
    await at.discord.until(() => confirmed.ack);
    expect(prompt.components).toEqual([]);
    await at.chat.answer(request, answerView, "private");
    expect(prompt.embeds[0]?.title).toBe("🟢 Done");
    expect(prompt.content).toBe("");
  });

  test("that asks first can be cancelled", async () => {
    at = await stage();
    const pressed = at.discord.press(await card(), "Resolve", doing());
    const prompt = await at.discord.until(() => pressed.original);
    at.discord.press(prompt, "Cancel", doing());
    await at.discord.until(() => prompt.edits === 1);
    expect(prompt).toMatchObject({ content: "Not done.", components: [] });
    expect(at.door.requests).toEqual([]);
  });

  test("of another process' card asks by its label and command", async () => {
    at = await stage();
    const message = await card();
    await at.chat.stop();
    const other = await stage({ beside: at.discord });
    const pressed = at.discord.press(message, "Resolve", doing());
    const prompt = await at.discord.until(() => pressed.original);
    expect(prompt.content).toBe("Resolve?\n-# /resolve 12");
    await other.close();
  });
});

describe("a button that needs something typed", () => {
  async function asking(): Promise<FakeMessage> {
    const action = {
      label: "Approve",
      command: "approve 7 --plan 0123456789ab",
      style: "primary",
      ask: { label: "Type scorer to approve", option: "confirm" },
    } as const;
    refIn(await at.chat.post(at.channel, { key: "card2", view: view({ actions: [action] }) }));
    const [message] = at.discord.messages(at.channel.id);
    if (message === undefined) throw new Error("no card");
    return message;
  }

  test("opens a form, and submits the command with what was typed, quoted", async () => {
    at = await stage();
    const pressed = at.discord.press(await asking(), "Approve", doing());
    const form = await at.discord.until(() => pressed.form);
    expect(form.components[0]).toMatchObject({ label: "Type scorer to approve" });
    expect(at.door.requests).toEqual([]);
    const sent = at.discord.submit(pressed, 'sco"rer" --reason x');
    expect(await submitted()).toMatchObject({
      key: sent.id,
      command: "approve",
      input: { kind: "text", text: '7 --plan 0123456789ab --confirm "sco\\"rer\\" --reason x"' },
      channel: at.channel,
    });
    await at.discord.until(() => sent.ack);
    expect(sent.ack).toMatchObject({ type: 5, isPrivate: true });
    expect(at.discord.refused).toEqual([]);
  });

  test("of another process' card opens the form all the same", async () => {
    at = await stage();
    const message = await asking();
    await at.chat.stop();
    const other = await stage({ beside: at.discord });
    const pressed = at.discord.press(message, "Approve", doing());
    const form = await at.discord.until(() => pressed.form);
    expect(form.components[0]).toMatchObject({ label: "Type the confirm to go on" });
    await other.close();
  });
});

describe("suggestions", () => {
  test("come from the door for our option, at most 25, of the option's type", async () => {
    const asked: unknown[] = [];
    const many = Array.from({ length: 40 }, (_, n) => ({ label: `#${n} ${all}`, value: `${n}` }));
    at = await stage({
      door: {
        suggest: async (question) => {
          asked.push(question);
          return [{ label: "not a number", value: "x" }, ...many];
        },
      },
    });
    const typed = at.discord.type("ack", "incident", "1", doing());
    const choices = await at.discord.until(() => typed.choices);
    expect(asked).toEqual([
      {
        account: { platform: "discord", id: at.discord.oncall.id, name: "oncall" },
        command: "ack",
        option: "incident",
        partial: "1",
        given: {},
      },
    ]);
    expect(choices).toHaveLength(25);
    expect(choices[0]?.value).toBe(0);
    expect(at.discord.refused).toEqual([]);
  });

  test("leave out what would have to be cut", async () => {
    const long = "v".repeat(101);
    at = await stage({
      door: {
        suggest: async () => [
          { label: "long", value: long },
          { label: "l".repeat(200), value: "short" },
        ],
      },
    });
    const typed = at.discord.type("deploy", "model", "", doing());
    const choices = await at.discord.until(() => typed.choices);
    expect(choices.map(({ value }) => value)).toEqual(["short"]);
  });

  test("that fail or take too long are an empty list, in time", async () => {
    let calls = 0;
    at = await stage({
      door: {
        suggest: async () => {
          calls += 1;
          if (calls === 1) throw new Error("broken");
          return new Promise(() => {});
        },
      },
    });
    for (let n = 0; n < 2; n += 1) {
      const typed = at.discord.type("deploy", "model", "fr", doing());
      const choices = await at.discord.until(() => typed.choices);
      expect(choices).toEqual([]);
      expect(typed.ack?.afterMs).toBeLessThan(2_900);
    }
  });
});

describe("an answer", () => {
  async function asked(): Promise<{
    readonly request: CommandRequest;
    readonly command: ReturnType<Stage["discord"]["slash"]>;
  }> {
    at = await stage();
    const command = at.discord.slash("ack", { incident: 12 }, doing());
    const request = await submitted();
    await at.discord.until(() => command.ack);
    return { request, command };
  }

  test("for all is a message in the channel, and the private placeholder goes", async () => {
    const { request, command } = await asked();
    await at.chat.answer(request, answerView, "public");
    expect(at.discord.messages(at.channel.id).map(({ embeds }) => embeds[0]?.title)).toEqual(["🟢 Done"]);
    expect(command.ack?.type).toBe(0);
    expect(at.discord.refused).toEqual([]);
  });

  test("for all is given once, whatever gets lost on the way", async () => {
    const { request } = await asked();
    at.discord.faults.add({ kind: "commit_then_reset", method: "POST", path: /\/messages$/ });
    at.discord.faults.add({ kind: "commit_then_error", method: "POST", path: /\/messages$/ });
    await at.chat.answer(request, answerView, "public");
    expect(at.discord.messages(at.channel.id)).toHaveLength(1);
  });

  test("for all where the bot may not write is given privately", async () => {
    const { request, command } = await asked();
    at.discord.deny(at.discord.channel, "sendMessages");
    await at.chat.answer(request, answerView, "public");
    expect(command.original?.embeds[0]?.title).toBe("🟢 Done");
  });

  test("in private survives errors, resets and rate limits", async () => {
    for (const kind of ["error", "commit_then_reset", "rate_limit"] as const) {
      const { request, command } = await asked();
      at.discord.faults.add({ kind, method: "PATCH", path: "@original", retryAfterMs: 50 });
      await at.chat.answer(request, answerView, "private");
      expect(command.original?.embeds[0]?.title).toBe("🟢 Done");
      await at.close();
    }
    await asked();
  });

  test("after fifteen minutes goes to the person directly, never to the channel", async () => {
    const { request } = await asked();
    at.discord.advance(16 * 60_000);
    await at.chat.answer(request, answerView, "private");
    expect(at.discord.directMessages(at.discord.oncall)).toHaveLength(1);
    expect(at.discord.messages(at.channel.id)).toEqual([]);
    await at.chat.answer(request, answerView, "public");
    expect(at.discord.messages(at.channel.id)).toHaveLength(1);
  });

  test("to someone who takes no direct messages is dropped with a log line", async () => {
    const { request } = await asked();
    at.discord.advance(16 * 60_000);
    at.discord.refuseDirectMessages(at.discord.oncall);
    await at.chat.answer(request, answerView, "private");
    expect(at.lines).toContainEqual(
      expect.objectContaining({ level: "warn", message: expect.stringContaining("could not be given") }),
    );
  });

  test("to a request that died unacknowledged goes to the person directly", async () => {
    at = await stage();
    const request: CommandRequest = {
      key: "1",
      account: { platform: "discord", id: at.discord.oncall.id, name: "oncall" },
      channel: at.channel,
      command: "ack",
      input: { kind: "text", text: "12" },
      receivedAt: new Date(),
      reply: {
        applicationId: at.discord.applicationId,
        token: "never-acknowledged",
        interactionId: at.discord.guild.id,
        kind: "command",
      },
    };
    await at.chat.answer(request, answerView, "private");
    expect(at.discord.directMessages(at.discord.oncall)).toHaveLength(1);
  });

  test("made of hostile text notifies nobody", async () => {
    const { request } = await asked();
    const evil = view({
      kind: "answer",
      title: all,
      footer: all,
      blocks: [{ kind: "text", text: [{ text: all }] }],
    });
    await at.chat.answer(request, evil, "public");
    expect(at.discord.pings).toEqual([]);
    expect(at.discord.refused).toEqual([]);
  });
});

test("no log line holds the token of the bot or of an interaction", async () => {
  at = await stage();
  const command = at.discord.slash("ack", { incident: 12 }, doing());
  const request = await submitted();
  await at.discord.until(() => command.ack);
  at.discord.advance(16 * 60_000);
  at.discord.refuseDirectMessages(at.discord.oncall);
  await at.chat.answer(request, answerView, "private");
  const text = JSON.stringify(at.lines);
  expect(text).not.toContain(command.token);
  expect(text).not.toContain(at.discord.token);
});
