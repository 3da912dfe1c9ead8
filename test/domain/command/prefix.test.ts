import { describe, expect, test } from "vitest";
import { errorView } from "../../../src/domain/command/answer.ts";
import { type CommandNaming, ownName, withPrefix } from "../../../src/domain/command/prefix.ts";
import { code, plain, type View } from "../../../src/domain/view.ts";

const naming: CommandNaming = { prefix: "mlops-", names: new Set(["ack", "deploy", "why", "models"]) };

test.each([
  ["mlops-deploy", "deploy"],
  ["deploy", "deploy"],
  ["mlops-depoly", "depoly"],
  ["other-deploy", "other-deploy"],
])("%s is the command %s", (written, name) => {
  expect(ownName(written, naming)).toBe(name);
});

test("a command whose own name begins with the prefix keeps it", () => {
  expect(ownName("mlops-ack", { ...naming, names: new Set(["ack", "mlops-ack"]) })).toBe("mlops-ack");
});

describe("what people read", () => {
  const card: View = {
    kind: "incident",
    title: "GET /models 500",
    tone: "high",
    summary: "open: GET /models answers 500",
    blocks: [
      { kind: "text", text: [plain("GET /models answers 500; see "), code("/why 12")] },
      { kind: "list", ordered: "bulleted", items: [[code("/var/log")], [code("handler=/models")]] },
      { kind: "code", text: "GET /models 500" },
    ],
    actions: [
      { label: "Acknowledge", command: "ack 12", style: "primary" },
      { label: "/why 12", command: "why 12", style: "plain" },
    ],
  };

  test("a card names commands in buttons and code; words from outside stay", () => {
    expect(withPrefix(card, naming)).toEqual({
      ...card,
      blocks: [
        { kind: "text", text: [plain("GET /models answers 500; see "), code("/mlops-why 12")] },
        ...card.blocks.slice(1),
      ],
      actions: [
        { label: "Acknowledge", command: "mlops-ack 12", style: "primary" },
        { label: "/mlops-why 12", command: "mlops-why 12", style: "plain" },
      ],
    });
  });

  test("an error names them in its words, its usage and its suggestions", () => {
    const view = errorView({
      title: "/deploy needs <model>.",
      problem: "/deploy needs <model>.",
      remedy: "Say which (/models lists them), or look into /var/log/deploy.",
      suggestions: ["deploy scorer 42"],
      blocks: [{ kind: "code", text: "/deploy <model> [version]" }],
    });
    const shown = JSON.stringify(withPrefix(view, naming));
    expect(shown).not.toMatch(/["\s(]\/(?:deploy|models)/);
    expect(shown).toContain("/var/log/deploy");
    expect(shown).toContain("/mlops-deploy <model> [version]");
  });

  test("without a prefix nothing changes", () => {
    expect(withPrefix(card, { ...naming, prefix: "" })).toBe(card);
  });

  test("a line that would no longer fit a button keeps its short name", () => {
    const command = `ack ${"1".repeat(96)}`;
    const [action] = withPrefix(
      { ...card, actions: [{ label: "Ack", command, style: "plain" }] },
      naming,
    ).actions;
    expect(action?.command).toBe(command);
  });
});
