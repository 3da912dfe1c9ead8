/** The pages of the audit log: entries with filters, one entry, and whether the log is whole. */
import { z } from "zod";
import type { AuditEntry } from "../../domain/audit.ts";
import { answerView } from "../../domain/command/answer.ts";
import { type Cell, cell, type PageBlock, toPage } from "../../domain/view/page.ts";
import { code, moment, oneLine, type Span, type View } from "../../domain/view.ts";
import {
  asked,
  cutToPage,
  type MakePage,
  missing,
  nextAddress,
  type PageContext,
  pageSize,
  shown,
} from "./context.ts";
import { beforeQuery, dayFilters, momentQuery, word, wordQuery } from "./queries.ts";

const query = z.object({
  subject: wordQuery,
  actor: wordQuery,
  action: wordQuery,
  reference: wordQuery,
  from: momentQuery,
  to: momentQuery,
  before: beforeQuery,
});

export const auditPage: MakePage = async (context) => {
  const denied = deny(context);
  if (denied !== null) return denied;
  const parsed = asked(query, context.query);
  if (parsed.kind === "refuse") return parsed;
  const given = Object.entries(parsed.value).filter(([, value]) => value !== undefined);
  const found = await context.store.audit.list({ ...Object.fromEntries(given), limit: pageSize + 1 });
  const page = cutToPage(found, ({ seq }) => seq);
  return shown({
    title: "Audit log",
    lead: "Who did what, newest first; every entry holds the hash of the one before.",
    filters: [
      word("subject", "About", context.query["subject"] ?? "", []),
      word("actor", "Who", context.query["actor"] ?? "", [...context.people.map(({ id }) => id), "tocsin"]),
      word(
        "action",
        "What",
        context.query["action"] ?? "",
        [...new Set(found.map(({ action }) => action))].sort(),
      ),
      word("reference", "Reference", context.query["reference"] ?? "", []),
      ...dayFilters(context.query),
    ],
    blocks: [
      { kind: "view", view: await standing(context), subject: null },
      auditRecords(page.rows, "Audit entries, newest first", context),
    ],
    next: nextAddress("/audit", context.query, page.before),
  });
};

/** What is signed so far, with the button that checks the chain. */
async function standing({ store }: PageContext): Promise<View> {
  const [head, checkpoint, behind, prunedTo] = await Promise.all([
    store.audit.mark(),
    store.checkpoints.newest(),
    store.checkpoints.behind(),
    store.audit.prunedTo(),
  ]);
  const count = head === null ? "The log is empty." : `The log has ${head.seq} entries.`;
  const signed =
    checkpoint === null
      ? "No checkpoint has been signed yet."
      : `Entries 1 to ${checkpoint.size} are covered by a signed checkpoint.`;
  const lag = behind.map(({ destination, waiting, problem }) => {
    const why = problem === null ? "" : ` (${oneLine(problem, 200)})`;
    return `${waiting} checkpoints wait for ${oneLine(destination, 100)}${why}.`;
  });
  const pruned = prunedTo === 0 ? [] : [`Entries up to ${prunedTo} were pruned.`];
  return answerView([count, signed, ...pruned, ...lag].join(" "), {
    title: "Is it whole?",
    tone: behind.some(({ problem }) => problem !== null) ? "warning" : "neutral",
    actions: [{ label: "Verify the chain", command: "audit verify", style: "primary" }],
    ...(checkpoint === null
      ? {}
      : {
          blocks: [
            { kind: "text", text: [{ text: [count, signed, ...pruned, ...lag].join(" ") }] },
            { kind: "note", text: [{ text: "Signed " }, moment(checkpoint.at)] },
          ],
        }),
  });
}

/** Entries as rows that lead to their pages. */
export function auditRecords(
  entries: readonly AuditEntry[],
  label: string,
  { nameOf }: PageContext,
): PageBlock {
  return {
    kind: "records",
    label,
    columns: ["entry", "when", "who", "what", "about", "outcome", "hash"],
    rows: entries.map((entry): readonly Cell[] => [
      cell(toPage(String(entry.seq), `/audit/${entry.seq}`)),
      cell(moment(entry.at)),
      cell(oneLine(nameOf(entry.actor), 60)),
      cell(entry.action),
      cell(subjectSpan(entry.subject)),
      cell(entry.outcome, entry.outcome === "denied" || entry.outcome === "failed" ? "bad" : undefined),
      cell(code(entry.hash.slice(0, 12))),
    ]),
    bare: ["who", "what", "about", "outcome"],
    empty: "The log has no such entries.",
  };
}

export const auditEntryPage: MakePage = async (context, text) => {
  const denied = deny(context);
  if (denied !== null) return denied;
  const seq = Number(text);
  const [entry] = await context.store.audit.read(seq, 1);
  if (entry?.seq !== seq)
    return missing(`The log has no entry ${oneLine(text, 20)}.`, "It may have been pruned; see the list.");
  return shown({
    title: `Audit entry ${seq}`,
    lead: "",
    filters: [],
    blocks: [
      {
        kind: "fields",
        fields: [
          { label: "When", value: [moment(entry.at)] },
          { label: "Who", value: [{ text: oneLine(context.nameOf(entry.actor), 60) }] },
          { label: "What", value: [{ text: entry.action }] },
          { label: "About", value: [subjectSpan(entry.subject)] },
          { label: "Outcome", value: [{ text: entry.outcome }] },
          { label: "Hash", value: [code(entry.hash)] },
          { label: "Hash before", value: [code(entry.previousHash)] },
        ],
      },
      { kind: "heading", text: "What was recorded" },
      { kind: "code", text: JSON.stringify(entry.data, null, 2) },
      {
        kind: "text",
        text: [
          ...(seq > 1 ? [toPage(`Entry ${seq - 1}`, `/audit/${seq - 1}`), { text: " · " }] : []),
          toPage(`Entry ${seq + 1}`, `/audit/${seq + 1}`),
          { text: " · " },
          toPage("Everything about this", `/audit?subject=${encodeURIComponent(entry.subject)}`),
        ],
      },
    ],
    next: null,
  });
};

/** "rollout:7" leads to the rollout. */
function subjectSpan(subject: string): Span {
  const [, kind, id] = /^(incident|rollout):(\d{1,9})$/.exec(subject) ?? [];
  const short = oneLine(subject, 80);
  return id === undefined ? { text: short } : toPage(short, `/${kind}s/${id}`);
}

function deny(context: PageContext) {
  if (context.may("audit", { type: "Bot" })) return null;
  const who = context.people.filter((person) => person.id !== context.person.id);
  return {
    kind: "refuse" as const,
    because: "denied" as const,
    problem: `${oneLine(context.person.name, 80)}, you may not read the audit log.`,
    remedy:
      who.length === 0
        ? "Nobody in tocsin.yaml may; the policy would have to change."
        : "Ask someone whose role the policy lets read it.",
  };
}
