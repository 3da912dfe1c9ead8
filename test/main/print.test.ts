import { expect, test } from "vitest";
import { answerView, errorView } from "../../src/domain/command/answer.ts";
import { withReference } from "../../src/domain/command/reference.ts";
import { formatView } from "../../src/main/print.ts";
import { sampleEntry } from "../contracts/chat.ts";

test("a view with a file is printed as that file alone, without what a terminal would obey", () => {
  const text = "# Incident 12\n\n\u001b[31m| a | b |\n";
  const file = { kind: "file", filename: "incident-12.md", label: "Report", text } as const;
  const view = { ...sampleEntry("the report"), blocks: [...sampleEntry("the report").blocks, file] };
  expect(formatView(view)).toBe("# Incident 12\n\n[31m| a | b |\n");
});

test("a short answer is said once", () => {
  expect(formatView(answerView("Incident 1 is now with you."))).toBe("Incident 1 is now with you.");
});

test("an error ends with its reference", () => {
  const view = errorView({
    title: "Not done",
    problem: "There is no incident 9.",
    remedy: "See /incidents.",
  });
  expect(formatView(withReference(view, "0badcafe"))).toMatch(/See \/incidents\.\n\nreference 0badcafe$/);
});

test.each([
  ["ack 12", undefined, "tocsin run ack 12"],
  ["approve 7 --plan 30946b36", "confirm", "tocsin run approve 7 --plan 30946b36 --confirm …"],
  ['deploy x 2 --reason "it\'s better"', undefined, `tocsin run 'deploy x 2 --reason "it'\\''s better"'`],
])("a button %j is what a shell takes", (command, option, expected) => {
  const ask = option === undefined ? {} : { ask: { label: "Type it", option } };
  const action = { label: "Do", command, style: "plain", ...ask } as const;
  expect(formatView({ ...answerView("A card"), actions: [action] })).toContain(`Do: ${expected}`);
});
