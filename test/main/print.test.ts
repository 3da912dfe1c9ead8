import { expect, test } from "vitest";
import { answerView } from "../../src/domain/answer.ts";
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
