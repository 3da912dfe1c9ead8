import { describe, expect, test } from "vitest";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import type { Claim } from "../../../src/domain/explanation.ts";
import { buildCause, buildQuestion, tracked } from "../../fixtures/explanation-question.ts";

function texts(claims: readonly Claim[]): readonly string[] {
  return claims.map((claim) => claim.text);
}

describe("a silent suspect that only services farther away alert of", () => {
  const silent = buildCause({ service: "ledger-db", changeId: null, terms: [] });
  const alertsOf = (...services: readonly string[]) =>
    services.map((service) => tracked({ service, summary: `5xx of ${service}` }));
  const edges = [
    ["web", "checkout"],
    ["web", "search"],
    ["checkout", "payments"],
    ["payments", "ledger-db"],
  ] as const;
  const actions = (...services: readonly string[]) =>
    writeTemplate(
      buildQuestion({
        causes: [silent],
        changes: [],
        alerts: alertsOf(...services),
        topology: { edges, services: [] },
      }),
    ).actions;

  test("is named with who alerts, and through what that depends on it", () => {
    expect(texts(actions("search", "web"))).toEqual([
      "Look at ledger-db first: it has no alert of its own; web, which depends on it through checkout and payments, alerts.",
    ]);
  });

  test("is named with its caller where that alerts, and cites no other way", () => {
    const [action, ...more] = actions("web", "payments");
    expect(action?.text).toBe("Look at ledger-db first: it has no alert of its own, but what calls it has.");
    expect(action?.evidence).toHaveLength(1);
    expect(more).toEqual([]);
  });
});
