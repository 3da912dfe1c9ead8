import { describe, expect, test } from "vitest";
import { renderView } from "../../../src/adapters/chat/discord/render.ts";
import { renderMessage } from "../../../src/adapters/chat/slack/render.ts";
import { entryView } from "../../../src/domain/incident/entry-view.ts";
import { mention, type Span, type View } from "../../../src/domain/view.ts";
import { at } from "../../domain/build.ts";
import { mentionsOf, readMessage } from "../../fakes/discord/limits.ts";
import { checkBlocks } from "../../fakes/slack/blocks.ts";

const ada = mention("Ada", {
  kind: "person",
  accounts: { slack: "U012AB3CD", discord: "998877665544332211" },
});
const sre = mention("sre", {
  kind: "group",
  accounts: { slack: "S012AB3CD", discord: "112233445566778899" },
});
const stranger = mention("Bea", { kind: "person", accounts: { console: "bea" } });
const forged = mention("<!channel>", {
  kind: "person",
  accounts: { slack: "C1> <!channel", discord: "everyone" },
});

function viewOf(...spans: readonly Span[]): View {
  const blocks = [
    { kind: "text" as const, text: [{ text: "told @everyone <@998877665544332211> " }, ...spans] },
  ];
  return { kind: "entry", title: "told", tone: "warning", summary: "told", blocks, actions: [] };
}

describe("a call reaches exactly those whom the view calls", () => {
  test("on Slack", () => {
    const { blocks } = renderMessage(viewOf(ada, sre, stranger, forged));
    expect(checkBlocks(blocks)).toBeNull();
    const text = JSON.stringify(blocks);
    expect(text).toContain('{"type":"user","user_id":"U012AB3CD"}');
    expect(text).toContain('{"type":"usergroup","usergroup_id":"S012AB3CD"}');
    expect(text).toContain("@Bea");
    expect(text.match(/"type":"user(group)?"/g)).toHaveLength(2);
    expect(text).not.toContain('"broadcast"');
  });

  test("on Discord", () => {
    const { body } = renderView(viewOf(ada, sre, stranger, forged), null);
    expect(body.content).toContain("<@998877665544332211>");
    expect(body.content).toContain("<@&112233445566778899>");
    expect(body.content).toMatch(/@\u200b?Bea/);
    expect(body.allowed_mentions).toEqual({
      ...{ parse: [], users: ["998877665544332211"], roles: ["112233445566778899"] },
    });
  });

  test("and nobody where the view calls nobody, whatever its text says", () => {
    const { body } = renderView(viewOf(), null);
    expect(mentionsOf(readMessage(JSON.parse(JSON.stringify(body))), "1")).toEqual([]);
    expect(body.allowed_mentions).toEqual({ parse: [] });
    expect(JSON.stringify(renderMessage(viewOf()).blocks)).not.toContain('"type":"user"');
  });
});

test("only an escalation calls, and only whom it wrote down", () => {
  const calls = [{ name: "Ada", mention: ada.mention }];
  const entry = {
    id: 1,
    incidentId: 12,
    at: at(5),
    actor: "tocsin",
    text: "told Ada",
    isPosted: true,
  } as const;
  const told = entryView({ ...entry, kind: "escalated", data: { calls } }, (person) => person);
  expect(JSON.stringify(renderMessage(told).blocks)).toContain("U012AB3CD");
  const noted = entryView({ ...entry, kind: "note", data: { calls } }, (person) => person);
  expect(JSON.stringify(renderMessage(noted).blocks)).not.toContain("U012AB3CD");
  const odd = entryView({ ...entry, kind: "escalated", data: { calls: [{ name: 1 }] } }, (person) => person);
  expect(JSON.stringify(renderMessage(odd).blocks)).not.toContain('"type":"user"');
});
