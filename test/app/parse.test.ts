import { describe, expect, test } from "vitest";
import ack from "../../commands/ack.ts";
import deploy from "../../commands/deploy.ts";
import incident from "../../commands/incident.ts";
import incidents from "../../commands/incidents.ts";
import note from "../../commands/note.ts";
import relate from "../../commands/relate.ts";
import severity from "../../commands/severity.ts";
import snooze from "../../commands/snooze.ts";
import why from "../../commands/why.ts";
import { parseOptions, prepareCommand, type ThreadSubject } from "../../src/app/parse.ts";
import type { Command, CommandRequest } from "../../src/ports.ts";

function asked(command: Command, text: string, thread?: ThreadSubject) {
  const request: CommandRequest = {
    key: "k1",
    account: { platform: "slack", id: "U1", name: "ada" },
    channel: null,
    command: command.name,
    input: { kind: "text", text },
    receivedAt: new Date(0),
    reply: {},
  };
  return parseOptions(prepareCommand(command), request, thread);
}

describe("in the thread of incident 12", () => {
  const thread = { kind: "incident", id: 12 } as const;
  test.each([
    ["the number may be left out", ack, "", { incident: 12 }],
    ["a number that is given counts", ack, "7", { incident: 7 }],
    ["text is text", note, "the pool is exhausted", { incident: 12, text: "the pool is exhausted" }],
    ["a value is a value", severity, "high", { incident: 12, severity: "high" }],
    ["the one number of two is the other", relate, "13", { incident: 12, other: 13 }],
    ["a duration is no number", snooze, "2h", { incident: 12 }],
    ["what is optional is filled in too", deploy, "scorer 42", { model: "scorer", incident: 12 }],
    ["a command's own option is filled in", why, "", { what: "12" }],
    ["and is not when it says what it means", why, "HighErrorRate", { what: "HighErrorRate" }],
  ])("%s", (_what, command, text, options) => {
    expect(asked(command, text, thread)).toMatchObject({ kind: "options", options });
  });

  test("what is still wrong is told about the right word", () => {
    expect(asked(severity, "hihg", thread)).toMatchObject({
      kind: "refuse",
      problem: '/severity cannot take "hihg" for <severity>.',
    });
  });

  test("a command that is about no incident is left alone", () => {
    expect(asked(incidents, "", thread)).toEqual(asked(incidents, ""));
  });
});

describe("in another thread", () => {
  test.each([
    [ack, ""],
    [note, "the pool is exhausted"],
    [why, ""],
  ])("the refusal says that it is not an incident's", (command, text) => {
    expect(asked(command, text, { kind: "other" })).toMatchObject({
      kind: "refuse",
      remedy: expect.stringContaining("thread of an incident's card"),
    });
  });
  test("a number works as everywhere", () => {
    expect(asked(ack, "7", { kind: "other" })).toMatchObject({ options: { incident: 7 } });
  });
});

describe("did you mean", () => {
  test.each([
    [deploy, "scorer 42 --reson “canary is fine”", 'deploy scorer 42 --reason "canary is fine"'],
    [severity, "12 hihg", "severity 12 high"],
  ])("offers the whole line", (command, text, line) => {
    expect(asked(command, text)).toMatchObject({ kind: "refuse", suggestions: [line] });
  });
  test("offers what may come first before what was written", () => {
    expect(asked(incident, "1")).toMatchObject({
      problem: '/incident cannot take "1" for <what>.',
      remedy: "It is one of report, show.",
      suggestions: ["incident report 1", "incident show 1"],
    });
  });
  test("but only where the whole line then works", () => {
    expect(asked(incident, "everything")).toMatchObject({ suggestions: incident.examples });
  });
  test("offers examples where nothing is near", () => {
    expect(asked(deploy, "scorer --zzzzz 1")).toMatchObject({ suggestions: deploy.examples });
  });
});
