import { z } from "zod";
import { verdictText } from "../src/domain/audit/verdict.ts";
import { type AuditEntry, createChainCheck } from "../src/domain/audit.ts";
import { answerView } from "../src/domain/command/answer.ts";
import { oneLine } from "../src/domain/view.ts";
import { type CommandContext, type CommandResult, defineCommand } from "../src/ports/command.ts";
import type { StoredCheckpoint } from "../src/ports.ts";
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
    reference: z
      .string()
      .max(40)
      .optional()
      .describe("the denied attempt whose answer ended with this reference"),
    limit: z.number().int().min(1).max(100).default(20).describe("how many at most, 1 to 100"),
  }),
  args: ["what"],
  action: "audit",
  async run(options, context) {
    if (options.what === "verify") return await verify(context);
    const { subject, actor, action, limit } = options;
    const reference = options.reference?.trim().toLowerCase();
    const entries = await context.store.audit.list({
      ...(subject === undefined ? {} : { subject }),
      ...(actor === undefined ? {} : { actor }),
      ...(action === undefined ? {} : { action }),
      ...(reference === undefined ? {} : { reference }),
      limit,
    });
    if (entries.length === 0) {
      return {
        kind: "answer",
        view: answerView(noEntries(reference)),
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

function noEntries(reference: string | undefined): string {
  const none = "The audit log has no such entries.";
  if (reference === undefined) return none;
  return `${none} Only denied attempts are kept under a reference; the bot's log has the rest.`;
}

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
  if (head !== null && head.seq > maxVerified) {
    return {
      kind: "refuse",
      reason: "too_long",
      problem: `The log has ${head.seq} entries, too many to check while you wait.`,
      remedy: "Run tocsin audit verify on the command line.",
    };
  }
  const check = createChainCheck({ heads: head === null ? [] : [head] });
  const prunedTo = await audit.prunedTo();
  for (const leaf of await context.store.checkpoints.leaves(0, prunedTo)) check.pruned(leaf);
  for (let from = prunedTo + 1; ; ) {
    const page = await audit.read(from, pageSize);
    const broken = page.some((entry) => check.add(entry) !== null);
    const last = page.at(-1);
    // Entries that came after the head was read are left to the next check.
    if (broken || last === undefined || last.seq >= (head?.seq ?? 0)) break;
    from = last.seq + 1;
  }
  const verdict = check.end();
  const newest = await context.store.checkpoints.newest();
  const view =
    verdict.kind === "broken"
      ? answerView(`The audit log is ${verdictText(verdict)}.`, { tone: "bad" })
      : verdict.head === null
        ? answerView("The audit log is empty.", { tone: "good" })
        : answerView(`The audit log is ${verdictText(verdict)}. ${coverText(newest)}`, { tone: "good" });
  return { kind: "answer", view, visibility: "private" };
}

/** Nothing is said of signatures here: whoever owns the bot's database and key could write this answer too. */
function coverText(newest: StoredCheckpoint | null): string {
  if (newest === null) return "No checkpoint has been signed yet.";
  return `The newest checkpoint covers entries 1 to ${newest.size}; hold it against one that was kept elsewhere with tocsin audit verify --checkpoint.`;
}
