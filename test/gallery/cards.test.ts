import { describe, expect, test } from "vitest";
import { limits as wireLimits } from "../../src/adapters/chat/console/wire.ts";
import { renderView } from "../../src/adapters/chat/discord/render.ts";
import { renderMessage, renderPlainMessage } from "../../src/adapters/chat/slack/render.ts";
import { rolloutStates } from "../../src/domain/rollout/state.ts";
import { checkMessage, checkNotEmpty, readMessage } from "../fakes/discord/limits.ts";
import { checkBlocks } from "../fakes/slack/blocks.ts";
import { galleryCards } from "./cards.ts";
import { wireOf } from "./console.ts";
import { discordHtml } from "./discord.ts";
import { slackHtml } from "./slack.ts";

const cards = galleryCards().map((card) => [`${card.family}: ${card.state}`, card] as const);

describe.each(cards)("the card %s", (_name, card) => {
  test("is what Slack takes, rich, with aligned tables and plain", () => {
    for (const message of [
      renderMessage(card.view),
      renderMessage(card.view, "aligned"),
      renderPlainMessage(card.view),
    ]) {
      expect(checkBlocks(message.blocks)).toBeNull();
      expect(message.text).not.toBe("");
      expect(slackHtml(message)).toContain("Tocsin");
    }
  });

  test("is what Discord takes", () => {
    const { body, files } = renderView(card.view, "k0");
    const input = readMessage(JSON.parse(JSON.stringify(body)));
    checkMessage(
      input,
      files.map((file, index) => ({
        field: `files[${index}]`,
        name: file.name,
        size: file.data.length,
        text: "",
      })),
    );
    checkNotEmpty({
      content: body.content,
      embeds: body.embeds,
      components: body.components,
      attachments: [],
    });
    expect(discordHtml({ body, files })).toContain("Tocsin");
  });

  test("is not cut short by the console", () => {
    const wire = wireOf(card, 1);
    expect(wire.view.blocks.length).toBe(Math.min(card.view.blocks.length, wireLimits.blockCount));
    expect(wire.view.actions.length).toBe(card.view.actions.length);
  });

  test("says the whole fact in words: its tone is never colour alone", () => {
    expect(card.view.summary.length).toBeGreaterThan(10);
    if (card.family === "incident") expect(card.view.summary).toMatch(/critical|high|warning|info/);
  });
});

test("every state of a rollout has its card", () => {
  const states = galleryCards()
    .filter((card) => card.family === "rollout")
    .map((card) => card.state);
  expect(states).toEqual(expect.arrayContaining([...rolloutStates]));
});
