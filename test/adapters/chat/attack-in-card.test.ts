import { describe, expect, test } from "vitest";
import { renderView } from "../../../src/adapters/chat/discord/render.ts";
import { renderMessage } from "../../../src/adapters/chat/slack/render.ts";
import { materialOf, withTemplate } from "../../../src/domain/explanation/revision.ts";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import { incidentView } from "../../../src/domain/incident/view.ts";
import { at } from "../../domain/build.ts";
import { mentionsOf, readMessage } from "../../fakes/discord/limits.ts";
import { checkBlocks } from "../../fakes/slack/blocks.ts";
import { hostileTexts } from "../../fixtures/hostile-texts.ts";
import { rankedQuestionOf } from "../../fixtures/incident-stories.ts";
import { injections } from "../../fixtures/injections.ts";

/** The card that the template writes of an incident in which the text stands wherever others write. */
function cardOf(text: string) {
  const name = text.slice(0, 200);
  const question = rankedQuestionOf({
    alerts: [
      { name: "HighLatency", service: "checkout", summary: text },
      { name, service: name, startsAt: at(1) },
    ],
    changes: [{ kind: "deploy", service: "checkout", title: text, text, author: text, at: at(-4) }],
    edges: [[name, "checkout"]],
  });
  const made = { draft: writeTemplate(question), material: materialOf(question, null), at: at(2) };
  const explanation = withTemplate(question, { ...made, stored: null });
  return incidentView({ incident: question.incident, alerts: [], explanation, nameOf: (person) => person });
}

/** Each goal of an attack in one disguise: what is hidden from a model is no other markup. */
const goals = injections().slice(0, 8);
const attacks = [
  ...goals.map(({ name, text }) => [name, text] as const),
  ...hostileTexts().map(({ kind, text }) => [kind, text] as const),
];

describe("what is shown to people as it was sent calls nobody, links nowhere and formats nothing", () => {
  test.each(attacks)("%s", (_name, text) => {
    const card = cardOf(text);
    expect(card.actions.map(({ command }) => command).join("\n")).not.toMatch(/rollback|deploy|approve/);

    const slack = renderMessage(card);
    expect(checkBlocks(slack.blocks)).toBeNull();
    expect(JSON.stringify(slack.blocks)).not.toMatch(/"type":"(?:user|usergroup|broadcast|channel|link)"/);
    expect(slack.text).not.toMatch(/<[@!#a-z]/i);

    const { body } = renderView(card, null);
    expect(body.allowed_mentions).toEqual({ parse: [] });
    const read = readMessage(JSON.parse(JSON.stringify(body)));
    expect(mentionsOf(read, "1")).toEqual([]);
    expect(JSON.stringify(body)).not.toMatch(/\]\(https?:\/\/\w*canary|(?<![\\\w])<[@#!]/);
  });
});
