import { z } from "zod";
import { answerView, errorView } from "../src/domain/command/answer.ts";
import {
  codeFrom,
  codeLivesMs,
  hashOfCode,
  mostWrongCodes,
  readCode,
  refuseLink,
  wrongCodesCountMs,
} from "../src/domain/people/link.ts";
import { oneLine } from "../src/domain/view.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import { refusal } from "./_matchers.ts";

export default defineCommand({
  kind: "operate",
  name: "link",
  summary: "Be one person on several platforms: ask for a code where you are known, type it on the other",
  examples: ["link", "link 7K3M-Q9XA", "link --list", "link --remove discord:112233445566778899"],
  options: z.object({
    code: z.string().max(20).optional().describe("the code that you got on the other platform"),
    list: z.boolean().default(false).describe("your accounts that are linked"),
    remove: z.string().max(100).optional().describe("account to unlink, as the list shows it"),
  }),
  args: ["code"],
  // Strangers, too: that is what they are until their account is linked.
  action: "help",
  // It would tell whether a code is right without counting that it was tried.
  hasDryRun: false,
  async run({ code, list, remove }, context) {
    if (remove !== undefined) return await unlink(remove, context);
    if (list) return await listLinks(context);
    if (context.account.platform === "console" || context.account.platform === "cli")
      return refusal(
        "not_in_chat",
        "Codes are given out and taken in chat alone.",
        "Type it there: a chat platform vouches for who you are.",
      );
    return code === undefined ? await giveCode(context) : await takeCode(code, context);
  },
});

async function giveCode(context: CommandContext): Promise<CommandResult> {
  const { person, people, store, now, account } = context;
  if (!people.some(({ id }) => id === person.id))
    return refusal(
      "stranger",
      "You are not known here, so there is nobody to link to.",
      "Type /link where you are known, and the code here. Known nowhere? Ask whoever keeps tocsin.yaml.",
    );
  const code = codeFrom(context.random(8));
  const expiresAt = new Date(now.getTime() + codeLivesMs);
  await store.links.giveCode({
    person: person.id,
    platform: account.platform,
    expiresAt,
    hash: hashOfCode(code),
  });
  const view = answerView(
    `Your code is ${code}. Type "/link ${code}" on the other platform within ten minutes, with the account that is yours there. Whoever types it becomes you: give it to nobody, whatever they say.`,
    { tone: "warning" },
  );
  return {
    kind: "answer",
    view,
    visibility: "private",
    audit: { action: "link.code_given", subject: `person:${person.id}`, data: { account: nameOf(context) } },
  };
}

async function takeCode(typed: string, context: CommandContext): Promise<CommandResult> {
  const { store, now, account, people } = context;
  const since = new Date(now.getTime() - wrongCodesCountMs);
  const { ofAccount, ofAll } = await store.links.wrongCodes(account, since);
  if (ofAccount >= mostWrongCodes.ofAccount || ofAll >= mostWrongCodes.ofAll)
    return refusal(
      "too_many",
      ofAccount >= mostWrongCodes.ofAccount
        ? "This account typed too many wrong codes."
        : "Too many wrong codes were typed by all accounts together.",
      "Wait for an hour, then ask for a new code.",
    );
  const code = readCode(typed);
  const taken = code === null ? null : await store.links.takeCode(hashOfCode(code), now);
  const wrong = refuseLink(people, taken, account);
  if (wrong !== null) {
    if (taken === null) await store.links.countWrong(account, now, since);
    const view = errorView({ title: "Not linked", problem: wrong.problem, remedy: wrong.remedy });
    const data = { account: nameOf(context), because: wrong.reason };
    const audit = { action: "link.refused", subject: `person:${taken?.person ?? "unknown"}`, data };
    return { kind: "answer", view, visibility: "private", audit };
  }
  const person = people.find(({ id }) => id === taken?.person);
  if (person === undefined) throw new Error("link: a code was accepted for nobody");
  await store.links.save({
    platform: account.platform,
    account: account.id,
    accountName: oneLine(account.name, 100),
    person: person.id,
    linkedAt: now,
  });
  const view = answerView(
    `This account is ${person.name} now, with the same rights; for approvals the two are one. To undo it: /link --remove ${nameOf(context)}`,
    { tone: "good" },
  );
  const data = { account: nameOf(context), name: oneLine(account.name, 100) };
  const audit = { action: "account.linked", subject: `person:${person.id}`, data };
  return { kind: "answer", view, visibility: "private", audit };
}

async function listLinks({ store, person, people }: CommandContext): Promise<CommandResult> {
  const links = await store.links.ofPerson(person.id);
  const configured = people.find(({ id }) => id === person.id)?.accounts ?? {};
  const rows = [
    ...Object.entries(configured).map(([platform, id]) => [`${platform}:${id}`, "", "tocsin.yaml"]),
    ...links.map((link) => [
      `${link.platform}:${link.account}`,
      link.accountName,
      `linked ${link.linkedAt.toISOString().slice(0, 10)}`,
    ]),
  ];
  const view = answerView(
    rows.length === 0 ? "No account is known to be yours." : `${rows.length} accounts are yours.`,
    rows.length === 0 ? {} : { blocks: [{ kind: "table", columns: ["account", "name", "by"], rows }] },
  );
  return { kind: "answer", view, visibility: "private" };
}

/** One's own, from any of one's accounts; anybody's for who may review. */
async function unlink(text: string, context: CommandContext): Promise<CommandResult> {
  const { store, person } = context;
  const [, platform, id] = /^([a-z]+):(\S+)$/.exec(text.trim()) ?? [];
  const link = platform === undefined || id === undefined ? null : await store.links.find(platform, id);
  const mayEnd = link !== null && (link.person === person.id || context.may("review", { type: "Bot" }));
  if (link === null || !mayEnd)
    return {
      ...refusal(
        "unknown_link",
        `No linked account "${oneLine(text, 60)}" is yours.`,
        "The list has those that are.",
      ),
      suggestions: ["link --list"],
    };
  await store.links.remove(link.platform, link.account);
  const account = `${link.platform}:${link.account}`;
  return {
    kind: "answer",
    view: answerView(`${account} is linked no longer. It has no rights until it is linked anew.`, {
      tone: "good",
    }),
    visibility: "private",
    audit: { action: "account.unlinked", subject: `person:${link.person}`, data: { account } },
  };
}

function nameOf({ account }: CommandContext): string {
  return `${account.platform}:${account.id}`;
}
