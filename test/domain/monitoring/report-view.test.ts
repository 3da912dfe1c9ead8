import { describe, expect, test } from "vitest";
import { incidentView } from "../../../src/domain/incident/view.ts";
import { alertOfReport, defaultLossLimits, type ModelReport } from "../../../src/domain/monitoring/report.ts";
import { textOf } from "../../../src/domain/view.ts";
import { buildIncident, buildTracked } from "../build.ts";

const receivedAt = new Date("2026-03-01T12:00:00Z");
const finding = { feature: "amount", check: "PSI", value: 0.312, limit: 0.1, n: 2980, detail: "" };
const report: ModelReport = {
  model: "fraud-scorer",
  environment: "production",
  monitor: "tocsin",
  at: receivedAt,
  looked: 40,
  findings: [
    finding,
    { ...finding, check: "Wasserstein" },
    { ...finding, feature: "<!channel>", value: 0.2 },
  ],
  performance: [],
  unsaid: ["age (PSI): there are 20 values yet, 50 are needed", "another"],
};

function cardOf(
  given: Partial<ModelReport> = {},
  more: { endedBy?: "source"; models?: readonly string[] } = {},
) {
  const options = { source: "tocsin", service: "payments", limits: defaultLossLimits, receivedAt };
  const alert = alertOfReport({ ...report, ...given }, options);
  const { endedBy = null, models = ["fraud-scorer"] } = more;
  return incidentView({
    incident: buildIncident({ id: 12 }),
    alerts: [buildTracked(alert, { endedBy })],
    explanation: null,
    nameOf: (person) => person,
    models: models.map((name) => ({ name, environments: ["production"] })),
  });
}

describe("the card of a drift", () => {
  test("shows the worst finding of every feature first, and what could not be said", () => {
    const table = cardOf().blocks.find((block) => block.kind === "table");
    expect(table).toEqual({
      kind: "table",
      columns: ["feature", "check", "value", "limit", "n"],
      rows: [
        ["amount", "PSI", "0.312", "0.1", "2980"],
        ["<!channel>", "PSI", "0.2", "0.1", "2980"],
        ["amount", "Wasserstein", "0.312", "0.1", "2980"],
      ],
    });
    const notes = cardOf().blocks.flatMap((block) => (block.kind === "note" ? [textOf(block.text)] : []));
    expect(notes).toContain(
      "Since 2026-03-01 12:00 UTC. Not enough data: age (PSI): there are 20 values yet, 50 are needed, and 1 more.",
    );
  });
  test("says whether a loss was estimated or measured, with its interval", () => {
    const loss = {
      metric: "roc_auc",
      basis: "estimated",
      value: 0.89,
      reference: 0.97,
      interval: [0.88, 0.9],
      isWorse: true,
      lossRatio: 0.08,
    } as const;
    const texts = (given: Partial<ModelReport>) =>
      cardOf(given).blocks.flatMap((block) => (block.kind === "text" ? [textOf(block.text)] : []));
    expect(texts({ performance: [loss] })).toEqual([
      "Estimated roc_auc is 0.89 (95 %: 0.88 to 0.9), was 0.97 on the reference: 8 % worse.",
    ]);
    expect(texts({ performance: [{ ...loss, isWorse: false }] })).toEqual([
      "The estimated roc_auc of 0.89 did not suffer.",
    ]);
  });
  test("offers to retrain only models that are configured, for this incident, while it drifts", () => {
    const commands = (card: ReturnType<typeof cardOf>) => card.actions.map(({ command }) => command);
    const retrain = "retrain fraud-scorer --environment production --incident 12";
    expect(commands(cardOf())).toContain(retrain);
    expect(commands(cardOf({}, { models: ["other"] }))).not.toContain(retrain);
    expect(commands(cardOf({}, { endedBy: "source" }))).not.toContain(retrain);
    expect(commands(cardOf({ environment: "production; rm -rf /" }))).not.toContain(retrain);
  });
});
