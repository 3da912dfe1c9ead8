import { describe, expect, test } from "vitest";
import type { Cause } from "../../../src/domain/clustering/correlation.ts";
import { writeTemplate } from "../../../src/domain/explanation/template.ts";
import { buildCause, buildChange, buildQuestion } from "../../fixtures/explanation-question.ts";
import { rankedQuestionOf } from "../../fixtures/incident-stories.ts";
import { at } from "../build.ts";

describe("why a service is suspected, where only the kind of its alerts speaks for it", () => {
  const why = (...terms: Cause["terms"]) =>
    writeTemplate(buildQuestion({ causes: [buildCause({ service: "checkout", changeId: null, terms })] }))
      .causes[0]?.text;

  test("is that kind in words", () => {
    const term = { name: "kind:crash", score: 2.7, because: "crash alert on checkout: 33 % of targets down" };
    expect(why(term)).toContain(
      "Most likely checkout (80 %): it is down or restarting, and the trouble of others usually follows from that.",
    );
    const first = { name: "first", score: 0.5, because: "checkout was among the first to alert" };
    expect(why(term, first)).toContain("(80 %): it was among the first to alert.");
  });

  test("is that it has several, or that nothing is likelier", () => {
    expect(why({ name: "count", score: 1, because: "2 alerts on checkout" })).toContain(
      "(80 %): it has more than one alert.",
    );
    expect(why({ name: "kind:error", score: -0.7, because: "error alert on checkout" })).toContain(
      "(80 %): nothing speaks for it in particular, but nothing likelier was found.",
    );
  });
});

test.each([
  ["cart-db", "1 alerting service calls cart-db", "1 caller of cart-db is alerting"],
  ["cart-db", "2 alerting services call cart-db", "2 callers of cart-db are alerting"],
])("who calls %s is said once: %s", (service, because, sentence) => {
  const count = Number.parseInt(because, 10);
  const terms = [
    { name: "change:calledBy", score: 0.85, because },
    {
      name: "explains",
      score: 0.45,
      because: `${count} ${count === 1 ? "caller" : "callers"} of ${service} ${count === 1 ? "is" : "are"} alerting`,
    },
  ];
  const changes = [buildChange({ service })];
  const draft = writeTemplate(buildQuestion({ causes: [buildCause({ service, terms })], changes }));
  expect(draft.causes[0]?.text.endsWith(`(80 %): ${sentence}.`)).toBe(true);
});

test("callers of what was changed are not taken for callers of another service that is suspected", () => {
  const terms = [{ name: "change:calledBy", score: 0.85, because: "1 alerting service calls cart-db" }];
  const changes = [buildChange({ service: "cart-db" })];
  const causes = [buildCause({ service: "checkout", terms })];
  const [claim] = writeTemplate(buildQuestion({ causes, changes })).causes;
  expect(claim?.text.endsWith(": 1 caller of cart-db is alerting.")).toBe(true);
});

describe("reasons about a change, whatever it is called (issue 3)", () => {
  const long = `refactor(checkout): "${"move the retry logic into a module of its own ".repeat(6)}".`;

  test.each([
    [`commit "${long}" says that it changes no behaviour`, "it says that it changes no behaviour"],
    [`commit "${long}" touches nothing that runs`, "it touches nothing that runs"],
    [`no deploy carries commit "${long}"`, "no deploy carries it"],
    [`people refused "${long}" 2 times`, "people have refused it as a cause 2 times"],
    [
      `people refused a change of the kind "commit" once`,
      'people have refused a change of the kind "commit" as a cause once',
    ],
    ["checkout has no alert of its own", "checkout has no alert of its own"],
  ])("%s", (because, said) => {
    const changes = [
      buildChange({ id: "c-1", kind: "commit", service: "checkout", title: long, rolloutId: null }),
    ];
    const terms = [{ name: "change:any", score: -1, because }];
    const causes = [buildCause({ service: "checkout", changeId: "c-1", terms })];
    const draft = writeTemplate(buildQuestion({ causes, changes }));
    expect(draft.causes[1]?.text).toBe(`What does not fit: ${said}.`);
  });

  test("are cut between words", () => {
    const because = `${"web ".repeat(60)}is slow`;
    const causes = [
      buildCause({ service: "checkout", changeId: null, terms: [{ name: "x", score: -1, because }] }),
    ];
    expect(writeTemplate(buildQuestion({ causes })).causes[1]?.text).toMatch(/ web …$/);
  });

  test("of a commit to documents are not taken for orders", () => {
    const changes = [
      { kind: "commit", service: "checkout", title: "docs: explain the rota", at: at(-4) },
    ] as const;
    const alerts = [
      { name: "HighErrorRate", service: "checkout" },
      { name: "HighLatency", service: "web", startsAt: at(1) },
    ];
    const question = rankedQuestionOf({ alerts, changes, edges: [["web", "checkout"]] });
    const said = writeTemplate(question)
      .causes.map(({ text }) => text)
      .join(" ");
    expect(said).toContain("it touches nothing that runs");
    expect(said).not.toContain("withheld");
  });
});
