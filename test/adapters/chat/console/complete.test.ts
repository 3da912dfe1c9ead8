import { expect, test } from "vitest";
import { valueItems, wantedAt } from "../../../../src/adapters/chat/console/complete.ts";
import { commands } from "../console-fixture.ts";

/** What is offered at the end of a line, shortly. */
function offered(line: string) {
  const wanted = wantedAt(line, commands);
  if (wanted.kind === "nothing") return "nothing";
  if (wanted.kind === "value") return `${wanted.option.name}=${wanted.partial}@${wanted.from}`;
  return `${wanted.items.map((item) => item.label).join(" ")}@${wanted.from}`;
}

test.each([
  ["", "/ack /deploy /help /incidents@0"],
  ["/", "/ack /deploy /help /incidents@0"],
  ["/de", "/deploy@0"],
  ["DE", "/deploy@0"],
  ["/lp", "/help@0"],
  ["/zzz", "@0"],
  ["/ack ", "incident=@5"],
  ["/ack 1", "incident=1@5"],
  ["/ack 12 ", "@8"],
  ["/zzz 1", "nothing"],
  ["/deploy ", "model=@8"],
  ["/deploy fraud-scorer ", "version=@21"],
  ["/deploy fraud-scorer 8 ", "--env --dry-run --reason@23"],
  ["/deploy fraud-scorer 8 --", "--env --dry-run --reason@23"],
  ["/deploy fraud-scorer 8 --e", "--env@23"],
  ["/deploy fraud-scorer 8 --env ", "env=@29"],
  ["/deploy fraud-scorer 8 --env st", "env=st@29"],
  ["/deploy fraud-scorer 8 --env=st", "env=st@23"],
  ["/deploy --env staging ", "model=@22"],
  ["/deploy --env=staging ", "model=@22"],
  ["/deploy --dry-run ", "model=@18"],
  ["/deploy --model m ", "version=@18"],
  ["/deploy m 8 --env staging --", "--dry-run --reason@26"],
  ['/deploy m 8 --reason "too slow', "reason=too slow@21"],
  ['/deploy m 8 --reason "too slow" ', "--env --dry-run@32"],
  ["/help x", "nothing"],
])("after %j comes %s", (line, expected) => {
  expect(offered(line)).toBe(expected);
});

function values(line: string, suggested: { label: string; value: string }[]) {
  const wanted = wantedAt(line, commands);
  if (wanted.kind !== "value") throw new Error(`no value is wanted after ${line}`);
  return valueItems(wanted, suggested).map((item) => item.insert);
}

test("choices come first, those that do not begin as typed are left out, and none comes twice", () => {
  expect(values("/deploy m 8 --env p", [{ label: "Production", value: "production" }])).toEqual([
    "production ",
  ]);
  expect(values("/deploy m 8 --env ", [])).toEqual(["staging ", "production "]);
});

test("a value with spaces is put in quotes, and an option in one word keeps its name", () => {
  expect(values("/deploy m 8 --reason ", [{ label: "x", value: 'too "slow' }])).toEqual([`"too 'slow" `]);
  expect(values("/deploy m 8 --env=sta", [])).toEqual(["--env=staging "]);
});

test("at most 25 are offered", () => {
  const many = Array.from({ length: 100 }, (_, index) => ({ label: `${index}`, value: `${index}` }));
  expect(values("/ack ", many)).toHaveLength(25);
});

test.each([
  ["/deploy ", {}],
  ["/deploy fraud-scorer ", { model: "fraud-scorer" }],
  ["/deploy fraud-scorer 8 --env ", { model: "fraud-scorer", version: "8" }],
  ["/deploy fraud-scorer 8 --env=st", { model: "fraud-scorer", version: "8" }],
  // Options that are named leave the words beside them to the others.
  ["/deploy --env staging --model m ", { env: "staging", model: "m" }],
  ["/deploy --model=m --dry-run ", { model: "m", "dry-run": "true" }],
  ['/deploy --reason "a = b" m ', { reason: "a = b", model: "m" }],
  // What is typed anew is not what was given.
  ["/deploy --model m --model ", {}],
])("the value wanted after %j is asked for with %j", (line, given) => {
  const wanted = wantedAt(line, commands);
  expect(wanted.kind === "value" ? wanted.given : null).toEqual(given);
});
