import { z } from "zod";
import { answerView } from "../src/domain/answer.ts";
import { type AuditEntry, createChainCheck } from "../src/domain/audit.ts";
import { oneLine } from "../src/domain/view.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import { nameOf } from "./_lookup.ts";

const pageSize = 1_000;
/** Longer logs are checked by `tocsin audit verify`, which has no one waiting in a chat. */
const maxVerified = 200_000;

export default defineCommand({
  kind: "read",
  name: "audit",
  summary: "Show who did what, or check that the log is whole",
  examples: ["audit", "audit --subject rollout:7", "audit --actor oncall --limit 50", "audit verify"],
  options: z.object({
    what: z.enum(["list", "verify"]).default("list").describe("show entries, or check the chain"),
    subject: z.string().max(200).optional().describe("only about this: rollout:7, incident:12"),
    actor: z.string().max(200).optional().describe("only by this person"),
    action: z.string().max(100).optional().describe("only this act: rollout.approved, silence.created"),
    limit: z.number().int().min(1).max(100).default(20).describe("how many at most, 1 to 100"),
  }),
  args: ["what"],
  action: "audit",
  async run(options, context) {
    if (options.what === "verify") return await verify(context);
    const { subject, actor, action, limit } = options;
    const entries = await context.store.audit.list({
      ...(subject === undefined ? {} : { subject }),
      ...(actor === undefined ? {} : { actor }),
      ...(action === undefined ? {} : { action }),
      limit,
    });
    if (entries.length === 0) {
      return {
        kind: "answer",
        view: answerView("The audit log has no such entries."),
        visibility: "private",
      };
    }
    const first = entries[0];
    const newest = first === undefined ? "" : ` The newest: ${sentenceOf(first, context)}.`;
    const view = answerView(`${entries.length} audit entries, newest first.${newest}`, {
      title: "Audit log",
      blocks: [
        {
          kind: "table",
          columns: ["entry", "when", "who", "what", "about", "outcome", "hash"],
          rows: entries.map((entry) => rowOf(entry, context)),
        },
      ],
      actions: [{ label: "Verify", command: "audit verify", style: "plain" }],
    });
    return { kind: "answer", view, visibility: "private" };
  },
});

function rowOf(entry: AuditEntry, context: CommandContext): readonly string[] {
  return [
    String(entry.seq),
    entry.at.toISOString().slice(0, 19).replace("T", " "),
    oneLine(nameOf(context.people, entry.actor), 60),
    entry.action,
    oneLine(entry.subject, 60),
    entry.outcome,
    entry.hash.slice(0, 12),
  ];
}

function sentenceOf(entry: AuditEntry, context: CommandContext): string {
  return `${entry.action} on ${oneLine(entry.subject, 60)} by ${oneLine(nameOf(context.people, entry.actor), 60)}`;
}

async function verify(context: CommandContext): Promise<CommandResult> {
  const { audit } = context.store;
  const head = await audit.mark();
  const known = head === null ? [] : [head];
  if (head !== null && head.seq > maxVerified) {
    return {
      kind: "refuse",
      reason: "too_long",
      problem: `The log has ${head.seq} entries, too many to check while you wait.`,
      remedy: "Run tocsin audit verify on the command line.",
    };
  }
  const check = createChainCheck(known);
  for (let from = 1; ; ) {
    const page = await audit.read(from, pageSize);
    const broken = page.some((entry) => check.add(entry) !== null);
    const last = page.at(-1);
    // Entries that came after the head was read are left to the next check.
    if (broken || last === undefined || last.seq >= (head?.seq ?? 0)) break;
    from = last.seq + 1;
  }
  const verdict = check.end();
  const view =
    verdict.kind === "intact"
      ? answerView(
          verdict.head === null
            ? "The audit log is empty."
            : `The audit log is whole: ${verdict.entries} entries, the newest is ${verdict.head.seq} with the hash ${verdict.head.hash}. Keep that somewhere else to notice a log that was rewritten as a whole.`,
          { tone: "good" },
        )
      : answerView(`The audit log is broken at entry ${verdict.seq}: ${verdict.problem}.`, { tone: "bad" });
  return { kind: "answer", view, visibility: "private" };
}
