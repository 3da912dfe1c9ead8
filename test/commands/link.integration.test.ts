import { beforeEach, describe, expect, test } from "vitest";
import { codeLivesMs, mostWrongCodes } from "../../src/domain/people/link.ts";
import type { Person } from "../../src/domain/people/person.ts";
import type { CommandRequest } from "../../src/ports.ts";
import { people, requestOf } from "../app/rollout-world.ts";
import { commandScene } from "./scene.ts";

const both: Person = {
  id: "both",
  name: "both",
  roles: ["ml-engineer", "approver"],
  accounts: { slack: "U-both" },
};
const scene = commandScene();
let accounts = 0;
/** An account that nobody knows. */
let mine: { readonly platform: string; readonly id: string; readonly name: string };

beforeEach(() => {
  accounts += 1;
  mine = { platform: "discord", id: `d${accounts}`, name: "Me on Discord" };
  scene.clock.pass(3_600_001);
});

async function say(account: CommandRequest["account"], line: string, more: Partial<CommandRequest> = {}) {
  const request = { ...requestOf(account.id, line, scene.clock.now()), account, ...more };
  const answer = await scene.world([...people, both]).execute.execute(request);
  if (answer === null) throw new Error("it was answered before");
  return answer;
}

const onSlack = (id: string) => ({ platform: "slack", id: `U-${id}`, name: id });
const text = async (...asked: Parameters<typeof say>) => (await say(...asked)).view.summary;

async function codeOf(who: string): Promise<string> {
  const { view, visibility } = await say(onSlack(who), "link");
  expect(visibility).toBe("private");
  const code = /code is (\S{4}-\S{4})\./.exec(view.summary)?.[1];
  if (code === undefined) throw new Error(view.summary);
  return code;
}

describe("linking an account", () => {
  test("makes it the same person: rights, name in what it does, audit", async () => {
    expect(await text(mine, "subscribe service:linked")).not.toContain("Subscription");
    const code = await codeOf("oncall");
    expect(await text(mine, `link ${code.toLowerCase()}`)).toContain("This account is oncall now");
    const id = Number(/Subscription (\d+)/.exec(await text(mine, "subscribe service:linked"))?.[1]);
    expect((await scene.store().subscriptions.find(id))?.createdBy).toBe("oncall");
    const acts = await scene.store().audit.list({ subject: "person:oncall", limit: 5 });
    expect(acts.map(({ action }) => action)).toEqual(["account.linked", "link.code_given"]);
    expect(acts[0]?.data).toMatchObject({ account: `discord:${mine.id}` });
    const listed = await say(mine, "link --list");
    expect(JSON.stringify(listed.view.blocks)).toContain("slack:U-oncall");
  });

  test("adds no voice: who asked for a rollout does not approve it with the other account", async () => {
    await text(mine, `link ${await codeOf("both")}`);
    const { view } = await say(onSlack("both"), "deploy scorer 2 --environment production --reason new");
    const id = /[Rr]ollout (\d+)/.exec(JSON.stringify(view))?.[1];
    const said = await text(mine, `approve ${id}`);
    expect(said).toContain("nobody approves their own rollout");
    const approvals = await scene.store().rollouts.approvals(Number(id));
    expect(approvals.map(({ person }) => person)).toEqual([]);
  });

  test("is ended by its owner, from any account, and gives no rights then", async () => {
    await text(mine, `link ${await codeOf("oncall")}`);
    expect(await text(mine, "subscribe service:ended")).toContain("Subscription");
    const line = `link --remove discord:${mine.id}`;
    expect(await text(onSlack("ml"), line)).toContain("No linked account");
    expect(await text(onSlack("oncall"), line)).toContain("linked no longer");
    expect(await text(mine, "subscribe service:more")).not.toContain("Subscription");
  });
});

describe("a code", () => {
  test("is good once", async () => {
    const code = await codeOf("ml");
    await text(mine, `link ${code}`);
    expect(await text({ ...mine, id: `${mine.id}x` }, `link ${code}`)).toContain("no such code");
  });

  test("is good for ten minutes", async () => {
    const code = await codeOf("ml");
    scene.clock.pass(codeLivesMs);
    expect(await text(mine, `link ${code}`)).toContain("no such code");
  });

  test("is void once a new one is asked for", async () => {
    const old = await codeOf("ml");
    const code = await codeOf("ml");
    expect(await text(mine, `link ${old}`)).toContain("no such code");
    expect(await text(mine, `link ${code}`)).toContain("This account is ml now");
  });

  test("of another never takes an account that tocsin.yaml names", async () => {
    const code = await codeOf("reader");
    const leadElsewhere = { platform: "console", id: "lead", name: "lead" };
    expect(await text(leadElsewhere, `link ${code}`)).toContain("in chat alone");
    expect(await scene.store().links.find("console", "lead")).toBeNull();
  });

  test("is given to nobody who is unknown, nor outside of chat", async () => {
    expect(await text(mine, "link")).toContain("not known here");
    expect(await text({ platform: "cli", id: "ml", name: "ml" }, "link")).toContain("in chat alone");
  });
});

describe("guessing", () => {
  test("ends after a few wrong codes of one account, for an hour, and is in the audit log", async () => {
    const code = await codeOf("ml");
    for (let guess = 0; guess < mostWrongCodes.ofAccount; guess += 1)
      expect(await text(mine, `link AAAA-AAA${guess}`)).toContain("no such code");
    expect(await text(mine, `link ${code}`)).toContain("too many wrong codes");
    const acts = await scene.store().audit.list({ subject: "person:unknown", limit: 20 });
    expect(acts.filter(({ actor }) => actor.includes(mine.id))).toHaveLength(mostWrongCodes.ofAccount);
    scene.clock.pass(3_600_001);
    expect(await text(mine, `link ${await codeOf("ml")}`)).toContain("This account is ml now");
  });

  test("from many accounts ends, too", async () => {
    for (let guess = 0; guess < mostWrongCodes.ofAll; guess += 1)
      await scene
        .store()
        .links.countWrong({ platform: "discord", id: `m${guess}` }, scene.clock.now(), new Date(0));
    expect(await text(mine, `link ${await codeOf("ml")}`)).toContain("all accounts together");
  });

  test("cannot hide in a dry run", async () => {
    const answer = await say(mine, "link AAAA-AAAA --dry-run");
    expect(answer.view.kind).toBe("error");
    expect(answer.view.summary).toContain("--dry-run");
  });
});
