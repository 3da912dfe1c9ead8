import { describe, expect, test } from "vitest";
import { modalOf } from "../../src/adapters/chat/discord/command-form.ts";
import { formView, suggestedOptions, waitingView } from "../../src/adapters/chat/slack/command-form.ts";
import { readForm } from "../fakes/discord/modals.ts";
import { checkModal } from "../fakes/slack/blocks.ts";
import { suggestionAnswer } from "../fakes/slack/modals.ts";
import { discordForms, filled, galleryForms, place, slackForms } from "./forms.ts";

const forms = await galleryForms();

describe.each(forms.map((form) => [form.command, form] as const))("the form of %s", (_, form) => {
  test.each([
    ["bare", form],
    ["full", filled(form)],
  ])("is what Slack takes, %s", (_state, given) => {
    expect(checkModal(waitingView(given, place))).toBeNull();
    expect(checkModal(formView(given, place))).toBeNull();
  });

  test.each([
    ["bare", form],
    ["full", filled(form)],
  ])("is what Discord takes, %s", (_state, given) => {
    const modal = modalOf(given, form);
    expect(modal?.components.length).toBeLessThanOrEqual(5);
    expect(readForm(JSON.parse(JSON.stringify(modal))).components).toHaveLength(
      modal?.components.length ?? 0,
    );
  });
});

test("suggestions fit Slack's options, whatever they are", () => {
  const found = [
    { label: "x".repeat(300), value: "v" },
    { label: "", value: "w" },
    { label: "too long to choose", value: "y".repeat(151) },
  ];
  const question = {
    account: { platform: "slack", id: "U1", name: "ada" },
    command: "ack",
    option: "incident",
  };
  const options = suggestedOptions(found, { ...question, partial: "z".repeat(200) });
  expect(suggestionAnswer.parse({ options }).options.map(({ value }) => value)).toEqual(["v", "w"]);
});

test("the gallery shows those that people meet most", () => {
  const names = ["deploy", "merge", "pin", "resolve", "silence", "split"];
  expect(slackForms(forms).map(({ state }) => state)).toEqual(names);
  expect(discordForms(forms).map(({ state }) => state)).toEqual(names);
});
