/** The pages of rollouts: all of them, and one with its plan, steps, voices and audit entries. */
import { z } from "zod";
import { bakeWord, shownBake } from "../../domain/bake/view.ts";
import { rolloutStates } from "../../domain/rollout/state.ts";
import type { Rollout } from "../../domain/rollout.ts";
import {
  type Cell,
  cell,
  type PageBlock,
  toIncident,
  toModel,
  toPage,
  toRollout,
} from "../../domain/view/page.ts";
import { code, moment, oneLine, type Tone } from "../../domain/view.ts";
import { rolloutCard } from "../rollout-card.ts";
import { auditRecords } from "./audit.ts";
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
import { beforeQuery, choice, word, wordQuery } from "./queries.ts";

const query = z.object({
  state: z.enum(rolloutStates).optional(),
  model: wordQuery,
  environment: wordQuery,
  before: beforeQuery,
});

/** Audit entries shown of one rollout. */
const maxEntries = 50;

export const rolloutsPage: MakePage = async (context) => {
  const parsed = asked(query, context.query);
  if (parsed.kind === "refuse") return parsed;
  const { state, model, environment, before } = parsed.value;
  const found = await context.store.rollouts.list({
    ...(state === undefined ? {} : { states: [state] }),
    ...(model === undefined ? {} : { model }),
    ...(environment === undefined ? {} : { environment }),
    ...(before === undefined ? {} : { before }),
    limit: pageSize + 1,
  });
  const page = cutToPage(found, ({ id }) => id);
  const environments = [...new Set(context.models.flatMap((entry) => entry.environments))];
  return shown({
    title: "Rollouts",
    lead: "Every deploy, rollback and retrain, newest first.",
    filters: [
      choice("state", "State", state ?? "", [
        ["", "any"],
        ...rolloutStates.map((each) => [each, each] as const),
      ]),
      word(
        "model",
        "Model",
        model ?? "",
        context.models.map(({ name }) => name),
      ),
      word("environment", "Environment", environment ?? "", environments),
    ],
    blocks: [
      {
        kind: "records",
        label: "Rollouts, newest first",
        columns: [
          "rollout",
          "state",
          "kind",
          "model",
          "environment",
          "version",
          "asked by",
          "asked",
          "incident",
        ],
        rows: page.rows.map((rollout) => rowOf(rollout, context)),
        empty: "No rollout is like that.",
      },
    ],
    next: nextAddress("/rollouts", context.query, page.before),
  });
};

const tones: Partial<Record<Rollout["state"], Tone>> = {
  pending: "warning",
  unknown: "warning",
  succeeded: "good",
  failed: "bad",
  denied: "bad",
};

/** The state in a word, with how its bake stands. */
export function rolloutState(rollout: Rollout): Cell {
  const bake = shownBake(rollout);
  const word = bake === null ? rollout.state : bakeWord(bake).toLowerCase();
  return cell(word, bake?.state === "failed" ? "bad" : (tones[rollout.state] ?? "info"));
}

function rowOf(rollout: Rollout, { nameOf }: PageContext): readonly Cell[] {
  const { plan } = rollout;
  const versions = plan.to === null ? "" : `${plan.from ?? "nothing"} → ${plan.to}`;
  return [
    cell(toRollout(rollout.id)),
    rolloutState(rollout),
    cell(plan.kind),
    cell(toModel(plan.model)),
    cell(plan.environment),
    cell(oneLine(versions, 80)),
    cell(oneLine(nameOf(rollout.requestedBy), 60)),
    cell(moment(rollout.requestedAt)),
    plan.incidentId === null ? cell("") : cell(toIncident(plan.incidentId)),
  ];
}

export const rolloutPage: MakePage = async (context, text) => {
  const { store, nameOf, now } = context;
  const id = Number(text);
  const [rollout, card] = await Promise.all([
    store.rollouts.find(id),
    rolloutCard(store.rollouts, context, id, now),
  ]);
  if (rollout === null || card === null)
    return missing(`There is no rollout ${oneLine(text, 20)}.`, "Look for it among all rollouts.");
  const approvals = await store.rollouts.approvals(id);
  return shown({
    title: card.title,
    lead: "",
    filters: [],
    blocks: [
      { kind: "view", view: card, subject: { kind: "rollout", id } },
      { kind: "heading", text: "Around it" },
      { kind: "fields", fields: aroundIt(rollout, context) },
      { kind: "heading", text: "Who spoke" },
      {
        kind: "records",
        label: "Who spoke",
        columns: ["who", "said", "why", "where", "when"],
        rows: approvals.map((approval): readonly Cell[] => [
          cell(oneLine(nameOf(approval.person), 60)),
          cell(approval.decision, approval.decision === "approve" ? "good" : "bad"),
          cell(oneLine(approval.reason, 300)),
          cell(approval.via),
          cell(moment(approval.at)),
        ]),
        empty: rollout.approvalsNeeded === 0 ? "Nobody else had to agree." : "Nobody has spoken yet.",
      },
      ...(await auditOf(id, context)),
    ],
    next: null,
  });
};

function aroundIt(rollout: Rollout, { nameOf }: PageContext) {
  const { plan } = rollout;
  return [
    {
      label: "Asked by",
      value: [{ text: `${oneLine(nameOf(rollout.requestedBy), 60)}, ` }, moment(rollout.requestedAt)],
    },
    { label: "Model", value: [toModel(plan.model), { text: ` in ${oneLine(plan.environment, 60)}` }] },
    ...(plan.incidentId === null ? [] : [{ label: "Incident", value: [toIncident(plan.incidentId)] }]),
    ...(rollout.startedAt === null ? [] : [{ label: "Started", value: [moment(rollout.startedAt)] }]),
    ...(rollout.finishedAt === null ? [] : [{ label: "Ended", value: [moment(rollout.finishedAt)] }]),
    { label: "Plan", value: [code(rollout.planHash.slice(0, 16))] },
    ...(rollout.auditSeq === null
      ? []
      : [{ label: "Audit entry", value: [toPage(String(rollout.auditSeq), `/audit/${rollout.auditSeq}`)] }]),
  ];
}

/** For those who may read the log. */
async function auditOf(id: number, context: PageContext): Promise<readonly PageBlock[]> {
  if (!context.may("audit", { type: "Bot" })) return [];
  const entries = await context.store.audit.list({ subject: `rollout:${id}`, limit: maxEntries });
  return [
    { kind: "heading", text: "Audit entries" },
    auditRecords(entries, `Audit entries of rollout ${id}, newest first`, context),
  ];
}
