import { describe, expect, test } from "vitest";
import { incidentView } from "../../../src/domain/incident/view.ts";
import type { Incident } from "../../../src/domain/incident.ts";
import { textOf } from "../../../src/domain/view.ts";
import { buildExplanation } from "../../fixtures/explanation-question.ts";
import { at, buildIncident } from "../build.ts";

test.each([
  ["a lone service is in the title", "Down on api", ["api"], "", []],
  ["the summary names them", "Down on api and 1 more service", ["api", "db"], "api and db fail.", []],
  ["the summary names some", "Down on api and 1 more service", ["api", "db"], "api fails.", ["Services"]],
  ["a longer name is another", "Down", ["api"], "api-gateway fails.", ["Service"]],
  ["there is no explanation yet", "Down on api and 1 more service", ["api", "db"], null, ["Services"]],
])("a card lists services only where its words do not: %s", (_name, title, services, said, labels) => {
  const explanation =
    said === null ? null : buildExplanation({ summary: said === "" ? [] : [{ text: said, evidence: [1] }] });
  const incident = buildIncident({ title, services });
  const { blocks } = incidentView({ incident, alerts: [], explanation, nameOf: (person) => person });
  const fields = blocks.flatMap((block) => (block.kind === "fields" ? block.fields : []));
  expect(fields.map(({ label }) => label).filter((label) => label.startsWith("Service"))).toEqual(labels);
});

test("services beyond those that are listed are counted, not those of the list (issue 3)", () => {
  const services = Array.from({ length: 20 }, (_, index) => `svc-${index}`);
  const incident = buildIncident({ title: "Down", services, serviceCount: 60 });
  const { blocks } = incidentView({ incident, alerts: [], explanation: null, nameOf: (person) => person });
  const fields = blocks.flatMap((block) => (block.kind === "fields" ? block.fields : []));
  const field = fields.find(({ label }) => label === "Services");
  expect(textOf(field?.value ?? [])).toBe("svc-0, svc-1, svc-2, svc-3 and 56 more");
});

describe("the one paragraph of a notification (issue 3)", () => {
  const causes = [{ text: "Not enough evidence to name a cause: no service stands out.", evidence: [1] }];
  const said = (incident: Partial<Incident>) =>
    incidentView({
      incident: buildIncident({ alertCount: 2, firingCount: 2, ...incident }),
      ...{ alerts: [], explanation: buildExplanation({ causes }), nameOf: (person: string) => person },
    }).summary;

  test("does not call it a probable cause that none is known", () => {
    expect(said({})).toBe(
      "open warning incident 1: HighErrorRate on checkout. 2 firing since 2026-03-01 10:00 UTC. Not enough evidence to name a cause: no service stands out.",
    );
  });

  test("does not say that none fires since it began", () => {
    expect(said({ state: "resolved", resolvedAt: at(9), firingCount: 0 })).toContain(
      " 2, none firing; the first began 2026-03-01 10:00 UTC. ",
    );
  });
});
