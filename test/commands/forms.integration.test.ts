import { afterEach, describe, expect, test } from "vitest";
import { incidentView } from "../../src/domain/incident/view.ts";
import type { View, ViewAction } from "../../src/domain/view.ts";
import { buttonsOf, inputsOf, readableText } from "../fakes/slack.ts";
import { buildCause, buildExplanation } from "../fixtures/explanation-question.ts";
import { type DiscordScene, discordScene, type SlackScene, type Slowness, slackScene } from "./chat-scene.ts";
import { commandScene } from "./scene.ts";

const scene = commandScene();
const channel = "C0INCIDENTS";
/** Machines that build are slow. */
const patienceMs = 30_000;
let open: (SlackScene | DiscordScene)[] = [];

afterEach(async () => {
  const closing = open;
  open = [];
  for (const each of closing) {
    await each.close();
    if ("slack" in each) expect(each.slack.violations).toEqual([]);
    else expect([...each.discord.refused, ...each.discord.violations]).toEqual([]);
  }
  // Only what a test opens is open in it.
  for (const { id } of await scene.store().incidents.list({ states: ["open", "acknowledged"], limit: 100 }))
    await scene.world().say("oncall", `resolve ${id}`);
});

async function onSlack(slowness?: Slowness) {
  const started = await slackScene(scene, slowness);
  open.push(started);
  const { slack } = started;
  const slash = (line: string, user = "U-oncall") => {
    const [command = "", ...words] = line.split(" ");
    return slack.slash({ command, text: words.join(" "), channel, user });
  };
  const soon = (look: () => boolean) => slack.until(look, patienceMs);
  /** The form once it is filled. */
  const form = async () => {
    await soon(() => slack.openForms().some((view) => inputsOf(view).length > 0));
    const view = slack.openForms().at(-1) ?? {};
    return {
      title: readableText(view["title"]),
      fields: inputsOf(view).map(({ label, element }) => [label.text, element.type, initialOf(element)]),
    };
  };
  return { ...started, slash, form, soon };
}

function initialOf(element: object): unknown {
  if ("initial_option" in element) return readableText(element.initial_option);
  return "initial_value" in element ? element.initial_value : null;
}

async function onDiscord(slowness?: Slowness) {
  const started = await discordScene(scene, slowness);
  open.push(started);
  const { discord } = started;
  const doing = { user: discord.oncall, channel: discord.channel };
  const answer = (count: number) =>
    discord.until(
      () => discord.answers().filter(({ embeds }) => embeds.length > 0).length >= count,
      patienceMs,
    );
  return { ...started, doing, answer };
}

async function cardIn(platform: string, where: string, id: number): Promise<void> {
  const wanted = { platform, channel: where, kind: "incident", subject: id, desiredRevision: 1 } as const;
  await scene.store().posts.want([{ ...wanted, threadOf: null }], scene.clock.now());
}

const stateOf = async (id: number) => await scene.store().incidents.find(id);

describe("a bare command on Slack", () => {
  test("opens a form that knows the channel's incident and the model it is about", async () => {
    const incident = await scene.incident({ title: "Scores are late", services: ["fraud-api"] });
    await cardIn("slack", channel, incident.id);
    const { slash, form, slack, requests, soon } = await onSlack();
    expect((await slash("/rollback")).isAcked).toBe(true);
    expect(await form()).toEqual({
      title: "/rollback",
      fields: [
        ["Model", "external_select", "scorer"],
        ["Version", "external_select", null],
        ["Environment", "external_select", null],
        ["Reason", "plain_text_input", null],
        ["Incident", "external_select", `${incident.id} · high · Scores are late`],
      ],
    });
    expect(requests).toEqual([]);
    await slack.submitForm({ values: { Environment: "staging", Reason: "late" }, user: "U-ml" });
    expect(requests[0]).toMatchObject({
      command: "rollback",
      account: { platform: "slack", id: "U-ml" },
      channel: { platform: "slack", id: channel },
      input: {
        kind: "options",
        options: { model: "scorer", environment: "staging", reason: "late", incident: String(incident.id) },
      },
    });
    await soon(() => slack.ephemerals.length + slack.botMessages().length > 0);
    expect(slack.openForms()).toEqual([]);
  });

  test.each([
    ["/deploy", ["Model", "Version", "Environment", "Reason", "Incident"]],
    ["/deploy scorer", ["Model", "Version", "Environment", "Reason", "Incident"]],
    ["/silence", ["Matchers", "For", "Reason"]],
    ["/freeze", ["Action", "What", "For", "At", "Days", "From", "To", "Timezone", "Reason"]],
    ["/maintenance", ["Action", "What", "For", "At", "Days", "From", "To", "Timezone", "Reason"]],
    ["/merge", ["Incident", "Other"]],
    ["/split", ["Incident", "Alerts"]],
    ["/move", ["From", "Alert", "To"]],
    ["/relate", ["Incident", "Other", "Undo"]],
    ["/assign", ["Incident", "Person", "Note"]],
    ["/severity", ["Incident", "Severity", "Reason"]],
    ["/note", ["Incident", "Text"]],
    ["/tocsin ack", ["Incident"]],
  ])("%s asks for %j", async (line, labels) => {
    const { slash, form } = await onSlack();
    await slash(line);
    expect((await form()).fields.map(([label]) => label)).toEqual(labels);
  });

  test.each(["/silence --list", "/freeze list", "/incidents", "/help", "/note 1 it drains"])(
    "%s is carried out as it is",
    async (line) => {
      const { slash, soon, slack, requests } = await onSlack();
      await slash(line);
      await soon(() => slack.ephemerals.length > 0);
      expect(requests).toHaveLength(1);
      expect(slack.callsOf("views.open")).toEqual([]);
    },
  );

  test("opens within the life of the trigger while the database stands still, and fills itself later", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { slash, slack, form, soon } = await onSlack(() => held);
    await slash("/ack");
    await soon(() => slack.openForms().length === 1);
    expect(readableText(slack.openForms())).toContain("Looking up what is known…");
    // The trigger is used up by now; what comes later needs none.
    slack.advance(3_100);
    release();
    expect((await form()).fields).toEqual([["Incident", "external_select", null]]);
    expect(slack.callsOf("views.open").map(({ outcome }) => outcome)).toEqual(["ok"]);
  });

  test("a trigger that is over leaves the answer of the command, which offers the form again", async () => {
    const { slash, slack, form, soon } = await onSlack();
    slack.faults.add({ method: "views.open", kind: "error", error: "expired_trigger_id" });
    await slash("/note");
    await soon(() => slack.ephemerals.length === 1);
    const [said] = slack.ephemerals;
    if (said === undefined) throw new Error("nothing was said");
    expect(said.text).toContain("/note needs &lt;incident&gt;");
    await slack.press({ message: said, button: "Fill in a form…", user: "U-oncall" });
    expect((await form()).title).toBe("/note");
    slack.faults.add({ method: "views.open", kind: "error", error: "expired_trigger_id" });
    await slack.press({ message: said, button: "Fill in a form…", user: "U-oncall" });
    await soon(() => slack.ephemerals.length === 2);
    expect(slack.ephemerals[1]?.text).toMatch(
      /^Slack did not open the form\. Press the button again\. \(reference \w{8}\)$/,
    );
  });

  test("what is wrong is said at its field, and the form stays", async () => {
    await scene.incident();
    const { slash, slack, form, requests } = await onSlack();
    await slash("/snooze");
    await form();
    await slack.submitForm({ values: { Incident: "soon" }, user: "U-oncall" });
    expect(slack.formErrors()).toEqual({
      Incident: expect.stringMatching(
        /^"soon" does not do: Invalid input: expected number, received string\. Wanted: number of the incident\. \(reference \w{8}\)$/,
      ),
    });
    expect(slack.openForms()).toHaveLength(1);
    expect(requests).toEqual([]);
  });

  test("selects find by what is typed, and only what the person may use", async () => {
    const incident = await scene.incident({ title: "Disks fill up" });
    await scene.incident({ title: "Queues grow" });
    const { slash, slack, form } = await onSlack();
    await slash("/ack");
    await form();
    const found = await slack.lookUp({ label: "Incident", partial: "disks", user: "U-oncall" });
    expect(found.map(({ text, value }) => [text.text, value])).toEqual([
      [`${incident.id} · high · Disks fill up`, String(incident.id)],
      ["Take “disks”", "disks"],
    ]);
    expect(await slack.lookUp({ label: "Incident", user: "U-reader" })).toEqual([]);
  });

  test("typed text with Slack's escapes arrives as it was typed, once", async () => {
    const { slash, requests, slack, soon } = await onSlack();
    await slash("/note 1 &lt; is &amp;lt;");
    await soon(() => slack.ephemerals.length > 0);
    expect(requests[0]?.input).toEqual({ kind: "text", text: "1 &lt; is &amp;lt;" });
  });
});

describe("pickers on Slack", () => {
  test("Merge… opens a form with the likeliest incident first", async () => {
    const kept = await scene.incident({ services: ["cart"] });
    await scene.incident({ title: "Something else" });
    const near = await scene.incident({ title: "Near", services: ["cart"] });
    const { slash, slack, form, soon } = await onSlack();
    await slash(`/why ${kept.id}`);
    await soon(() => slack.ephemerals.length === 1);
    const [why] = slack.ephemerals;
    if (why === undefined) throw new Error("no answer");
    expect(buttonsOf(why).map(({ text }) => text)).toContain("Merge…");
    await slack.press({ message: why, button: "Merge…", user: "U-oncall" });
    expect((await form()).fields).toEqual([
      ["Incident", "external_select", `${kept.id} · high · ${kept.title}`],
      ["Other", "external_select", null],
    ]);
    const offered = await slack.lookUp({ label: "Other", user: "U-oncall" });
    expect(offered[0]?.value).toBe(String(near.id));
    expect(offered.map(({ value }) => value)).not.toContain(String(kept.id));
  });

  test("Split… offers the alerts of its incident, and takes several", async () => {
    const { id } = await scene.incident();
    const [, second, third] = await scene.alerts(id, ["cart", "db", "queue"]);
    await scene.alerts((await scene.incident()).id, ["elsewhere"]);
    if (second === undefined || third === undefined) throw new Error("three were made");
    const { slash, slack, form, requests, soon } = await onSlack();
    await slash(`/split ${id}`);
    await form();
    const offered = await slack.lookUp({ label: "Alerts", user: "U-oncall" });
    expect(offered.map(({ text }) => text.text).sort()).toEqual([
      "Down on cart · firing",
      "Down on db · firing",
      "Down on queue · firing",
    ]);
    const keys = [second, third].map(({ key }) => key.slice(0, 16));
    await slack.submitForm({ values: { Alerts: keys }, user: "U-oncall" });
    expect(requests.at(-1)?.input).toMatchObject({ options: { alerts: keys.join(", ") } });
    await soon(() => slack.ephemerals.length === 1);
    expect(slack.ephemerals[0]?.text).toMatch(/Down on (db, Down on queue|queue, Down on db) become/);
  });
});

describe("Resolve… on a card", () => {
  const suspect = buildCause({ service: "fraud-api", changeId: null });
  const explained = async (cause = suspect) => {
    const incident = await scene.incident({ title: "Scores are late", services: ["fraud-api"] });
    const explanation = buildExplanation({ incidentId: incident.id, ranked: [cause] });
    await scene.store().explanations.save(explanation);
    const card = { incident, alerts: [], explanation, nameOf: (person: string) => person };
    return { id: incident.id, view: incidentView(card) };
  };
  const said = async (id: number) =>
    (await scene.store().feedback.ofIncidents([id], 10)).map(({ kind, subject, person }) => [
      kind,
      subject,
      person,
    ]);

  test("opens on Slack with the first suspect in it, so that one press more is enough", async () => {
    const { id, view } = await explained();
    const { slack, chat, form, soon, requests } = await onSlack();
    await chat.post({ platform: "slack", id: channel }, { key: "card1", view });
    const [card] = slack.messagesIn(channel);
    if (card === undefined) throw new Error("no card");
    await slack.press({ message: card, button: "Resolve…", user: "U-oncall" });
    expect((await form()).fields).toEqual([
      ["Incident", "external_select", `${id} · high · Scores are late`],
      ["Cause", "external_select", "suspected: fraud-api"],
      ["Fix", "plain_text_input", null],
      ["Reason", "plain_text_input", null],
    ]);
    await slack.submitForm({ user: "U-oncall" });
    await soon(() => slack.ephemerals.length === 1);
    expect(requests[0]?.input).toEqual({
      kind: "options",
      options: { incident: String(id), cause: "service:fraud-api" },
    });
    expect(await stateOf(id)).toMatchObject({ state: "resolved", resolvedBy: "oncall" });
    expect(await said(id)).toEqual([["right_cause", "service:fraud-api", "oncall"]]);
  });

  test("on Discord a suspect that is cleared is not said, and what put it right is kept", async () => {
    const { id, view } = await explained();
    const { discord, chat, doing, answer } = await onDiscord();
    await chat.post({ platform: "discord", id: discord.channel.id }, { key: "card1", view });
    const [card] = discord.messages(discord.channel.id);
    if (card === undefined) throw new Error("no card");
    const pressed = discord.press(card, "Resolve…", doing);
    await discord.until(() => pressed.form);
    expect(pressed.form).toMatchObject({
      components: [
        { label: "Incident", component: { type: 3 } },
        { label: "Cause", component: { type: 4, value: "service:fraud-api", required: false } },
        { label: "Fix", component: { required: false } },
        { label: "Reason", component: { required: false } },
      ],
    });
    discord.submitForm(pressed, { cause: "", fix: "restarted it" });
    await answer(1);
    expect(await stateOf(id)).toMatchObject({ state: "resolved" });
    expect(await said(id)).toEqual([]);
    const [line] = (await scene.store().incidents.timeline(id, 10)).slice(-1);
    expect(line?.text).toBe("resolved by oncall: restarted it");
  });

  test("on Discord the name of a change longer than a custom id is filled in all the same", async () => {
    const changeId = `deploy-${"f".repeat(120)}`;
    const { view } = await explained(buildCause({ service: "fraud-api", changeId }));
    const { discord, chat, doing } = await onDiscord();
    await chat.post({ platform: "discord", id: discord.channel.id }, { key: "card1", view });
    const [card] = discord.messages(discord.channel.id);
    if (card === undefined) throw new Error("no card");
    const pressed = discord.press(card, "Resolve…", doing);
    await discord.until(() => pressed.form);
    expect(pressed.form?.components[1]).toMatchObject({ component: { value: `change:${changeId}` } });
  });

  test.each<[string, (id: number) => Promise<string>, string | null]>([
    ["what a person refused is not filled in", (id) => scene.world().say("ml", `cause ${id} wrong`), null],
    [
      "what a person said comes before what the bot suspects",
      (id) => scene.world().say("ml", `cause ${id} none`),
      "change:none",
    ],
  ])("%s", async (_, say, cause) => {
    const { id } = await explained();
    await say(id);
    const { forms } = scene.world().execute;
    const asked = {
      account: { platform: "console", id: "oncall", name: "oncall" },
      channel: null,
      command: "resolve",
      input: { kind: "text", text: String(id) },
    } as const;
    const empty = forms.of(asked);
    if (empty === null) throw new Error("no form");
    const filled = await forms.fill(empty, asked);
    expect(filled.fields.find(({ option }) => option.name === "cause")?.value).toBe(cause);
  });

  test("after somebody else resolved it loses nothing of what was typed", async () => {
    const { id } = await explained();
    await scene.view("ml", `resolve ${id}`);
    const view = await scene.view("oncall", `resolve ${id} --fix "rolled back" --cause fraud-api`);
    expect(view.summary).toContain(`Incident ${id} is already resolved, by ml.`);
    expect(view.summary).toContain(`/note ${id} --text "rolled back" and /cause ${id} --what "fraud-api"`);
    const [note, cause] = view.actions;
    await scene.view("oncall", note?.command ?? "");
    await scene.view("oncall", cause?.command ?? "");
    expect(await said(id)).toEqual([["right_cause", "service:fraud-api", "oncall"]]);
    const [line] = (await scene.store().incidents.timeline(id, 10)).filter(({ kind }) => kind === "note");
    expect(line?.text).toBe("oncall: rolled back");
  });
});

describe("a form that somebody may not have", () => {
  const deniedTo = async (text: string) => {
    const reference = /reference (\w{8})/.exec(text)?.[1] ?? "none";
    const entries = await scene.store().audit.list({ reference, limit: 2 });
    return entries.map(({ action, actor, subject }) => [action, actor, subject]);
  };
  const card = async (actions: View["actions"]) => {
    const { id } = await scene.incident();
    const view = {
      ...(await scene.view("oncall", `incident show ${id}`)),
      kind: "incident",
      actions,
    } as const;
    return { id, view };
  };
  const resolve = (id: number) =>
    ({ label: "Resolve…", command: `resolve ${id}`, style: "plain", isForm: true }) as const;

  test.each([
    [
      "/resolve",
      "you may not resolve incidents: no rule of the policy permits it.\nAsk ml or oncall, who may.",
      "resolve",
    ],
    [
      "/deploy",
      "you may not deploy models: no rule of the policy permits it.\nAsk ml or oncall, who may.",
      "deploy",
    ],
  ])("%s on Slack opens and says who may", async (line, words, command) => {
    const { slash, slack, soon, requests } = await onSlack();
    expect((await slash(line, "U-reader")).isAcked).toBe(true);
    await soon(() => readableText(slack.openForms()).includes("who may"));
    const said = readableText(slack.openForms());
    expect(said).toContain(words);
    expect(inputsOf(slack.openForms().at(-1) ?? {})).toEqual([]);
    expect(await deniedTo(said)).toEqual([[`${command}.denied`, "reader", "this bot"]]);
    expect(requests).toEqual([]);
  });

  test("a button on Slack says who may do that to this incident", async () => {
    const { id, view } = await card([]);
    const { slack, chat, soon, requests } = await onSlack();
    const shown = { ...view, actions: [resolve(id)] };
    await chat.post({ platform: "slack", id: channel }, { key: "card1", view: shown });
    const [posted] = slack.messagesIn(channel);
    if (posted === undefined) throw new Error("no card");
    await slack.press({ message: posted, button: "Resolve…", user: "U-reader" });
    await soon(() => readableText(slack.openForms()).includes("who may"));
    const said = readableText(slack.openForms());
    expect(said).toContain(`you may not resolve incident ${id}`);
    expect(await deniedTo(said)).toEqual([["resolve.denied", "reader", `incident:${id}`]]);
    expect(requests).toEqual([]);
    expect((await stateOf(id))?.state).toBe("open");
  });

  test("a button that asks for a word says it, too, on Slack and on Discord", async () => {
    const asking: ViewAction = {
      label: "Silence",
      command: "silence alertname=Down --for 1h",
      style: "danger",
      ask: { label: "Type the reason", option: "reason" },
    };
    const { view } = await card([asking]);
    const onA = await onSlack();
    await onA.chat.post({ platform: "slack", id: channel }, { key: "card1", view });
    const [posted] = onA.slack.messagesIn(channel);
    if (posted === undefined) throw new Error("no card");
    await onA.slack.press({ message: posted, button: "Silence", user: "U-reader" });
    await onA.soon(() => readableText(onA.slack.openForms()).includes("you may not silence alerts"));
    const onB = await onDiscord();
    const { discord } = onB;
    await onB.chat.post({ platform: "discord", id: discord.channel.id }, { key: "card1", view });
    const [message] = discord.messages(discord.channel.id);
    if (message === undefined) throw new Error("no card");
    const pressed = discord.press(message, "Silence", { user: onB.userOf("reader") });
    await discord.until(() => pressed.ack);
    expect(pressed.ack).toMatchObject({ type: 4, isPrivate: true });
    expect(JSON.stringify(discord.answers().at(-1))).toContain("you may not silence alerts");
  });

  test("on Discord the answer is private and stands in place of the form", async () => {
    const { id, view } = await card([]);
    const { discord, chat, userOf, requests } = await onDiscord();
    const shown = { ...view, actions: [resolve(id)] };
    await chat.post({ platform: "discord", id: discord.channel.id }, { key: "card1", view: shown });
    const [message] = discord.messages(discord.channel.id);
    if (message === undefined) throw new Error("no card");
    const pressed = discord.press(message, "Resolve…", { user: userOf("reader") });
    await discord.until(() => pressed.ack);
    expect(pressed.ack).toMatchObject({ type: 4, isPrivate: true });
    const said = JSON.stringify(discord.answers().at(-1));
    expect(said).toContain(`you may not resolve incident ${id}`);
    expect(await deniedTo(said)).toEqual([["resolve.denied", "reader", `incident:${id}`]]);
    expect(requests).toEqual([]);
  });

  test("whoever cannot be judged has the form, and is judged when it is sent", async () => {
    const stranger = { platform: "slack", id: "U-new", name: "new" };
    const asked = { key: "form-1", account: stranger, channel: null, command: "resolve" } as const;
    const input = { kind: "text", text: "" } as const;
    const gone = () => Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" }));
    const store = { ...scene.store(), links: { ...scene.store().links, find: gone } };
    const away = scene.world(undefined, store).execute.forms;
    expect(await away.refuse({ ...asked, input })).toBeNull();
    const { forms } = scene.world().execute;
    expect((await forms.refuse({ ...asked, input }))?.summary).toContain("you may not resolve incidents");
  });

  test("who may do it to some things only has the form", async () => {
    const { slash, form } = await onSlack();
    await slash("/cancel", "U-ml");
    expect((await form()).title).toBe("/cancel");
  });
});

describe("a bare command on Discord", () => {
  test("needs no number of an incident: a form offers those that are open", async () => {
    const incident = await scene.incident({ title: "Scores are late" });
    const { discord, doing, answer, requests } = await onDiscord();
    await cardIn("discord", discord.channel.id, incident.id);
    const asked = discord.slash("ack", {}, doing);
    await discord.until(() => asked.form);
    expect(asked.form).toMatchObject({
      title: "/ack",
      components: [
        {
          label: "Incident",
          component: {
            type: 3,
            custom_id: "incident",
            options: [{ value: String(incident.id), default: true }],
          },
        },
      ],
    });
    discord.submitForm(asked);
    await answer(1);
    expect(requests[0]?.input).toEqual({ kind: "options", options: { incident: String(incident.id) } });
    expect(await stateOf(incident.id)).toMatchObject({ state: "acknowledged", acknowledgedBy: "oncall" });
  });

  test("what was said goes along, and what the form changes counts", async () => {
    const kept = await scene.incident();
    const other = await scene.incident();
    const { discord, doing, answer, requests } = await onDiscord();
    const asked = discord.slash("merge", { incident: kept.id }, doing);
    await discord.until(() => asked.form);
    discord.submitForm(asked, { other: String(other.id) });
    await answer(1);
    expect(requests[0]?.input).toEqual({
      kind: "options",
      options: { incident: String(kept.id), other: String(other.id) },
    });
    expect(JSON.stringify(discord.answers().at(-1)?.embeds)).toContain(
      `Incident ${other.id} goes into ${kept.id}`,
    );
  });

  test("a database that stands still leaves a line to type in, in time", async () => {
    await scene.incident();
    const { discord, doing } = await onDiscord(() => new Promise(() => undefined));
    const asked = discord.slash("ack", {}, doing);
    await discord.until(() => asked.form);
    expect(asked.form?.components.map(({ component }) => component.type)).toEqual([4]);
  });
});
