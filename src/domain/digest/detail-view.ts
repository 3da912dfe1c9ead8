/** What hangs under a digest: the lists that most readers skip. */
import type { DigestFacts } from "../digest.ts";
import { code, moment, oneLine, plain, type View, type ViewBlock } from "../view.ts";
import { incidentLine, listBlock } from "./lines.ts";
import { isWell } from "./model-health.ts";

const maxNoisiest = 5;
const maxModels = 30;

/** Null when the card says it all. */
export function digestDetailView(facts: DigestFacts): View | null {
  const blocks = detailBlocks(facts);
  if (blocks.length === 0) return null;
  const title = `Digest in detail: ${facts.opened.length} opened, ${facts.resolved.length} resolved`;
  return { kind: "entry", title, tone: "neutral", summary: title, blocks, actions: [] };
}

/** Empty when the card says it all. */
export function detailBlocks(facts: DigestFacts): readonly ViewBlock[] {
  return [
    ...listBlock("Opened", facts.opened.map(incidentLine)),
    ...listBlock("Resolved", facts.resolved.map(incidentLine)),
    ...noisiestBlock(facts),
    ...listBlock(
      "Muted",
      facts.muted.map(({ because, count: times }) => [
        plain(`${times} alert${times === 1 ? "" : "s"}: ${oneLine(because, 120)}`),
      ]),
    ),
    ...modelTable(facts),
  ];
}

function noisiestBlock({ noisiest, advice = [] }: DigestFacts): readonly ViewBlock[] {
  if (noisiest.length === 0) return [];
  const rows = noisiest
    .slice(0, maxNoisiest)
    .map((rule) => [oneLine(rule.name, 60), String(rule.count), String(rule.incidents)]);
  return [
    { kind: "heading", text: "Noisiest rules" },
    { kind: "table", columns: ["rule", "alerts", "incidents"], rows },
    ...(advice.length === 0
      ? []
      : [{ kind: "list", ordered: "bulleted", items: advice.map((line) => [plain(line)]) } as const]),
    {
      kind: "note",
      text: [code("/noise"), plain(" says which of them nobody needs, and what would quieten them.")],
    },
  ];
}

/** All models, those that need a look first. */
function modelTable({ models = [] }: DigestFacts): readonly ViewBlock[] {
  if (models.length === 0) return [];
  const sorted = [...models].sort((a, b) => Number(isWell(a)) - Number(isWell(b)));
  const rows = sorted.slice(0, maxModels).map((health) => {
    const { model, environment, version, since, bake, alertCount } = health;
    const from = since === null ? "–" : moment(new Date(since)).text;
    return [
      oneLine(model, 60),
      oneLine(environment, 40),
      version === null ? "nothing" : oneLine(version, 40),
      from,
      bake ?? "–",
      String(alertCount),
    ];
  });
  const more = sorted.length - rows.length;
  return [
    { kind: "heading", text: "Models" },
    { kind: "table", columns: ["model", "environment", "version", "since", "bake", "alerts"], rows },
    ...(more > 0 ? [{ kind: "note", text: [plain(`and ${more} more: `), code("/models")] } as const] : []),
  ];
}
