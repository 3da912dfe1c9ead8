import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { severities } from "../../../src/domain/alert.ts";
import { routesOf } from "../../../src/domain/chat/routing.ts";
import { filterText, readFilter, subscriptionRoute } from "../../../src/domain/chat/subscription.ts";
import { matcherOperators } from "../../../src/domain/suppression/matcher.ts";
import { anAlert } from "../../adapters/store/fixture.ts";

function filterOf(...words: string[]) {
  const read = readFilter(words);
  if (read.kind === "wrong") throw new Error(read.problem);
  return read.filter;
}

describe("what a channel asks to be shown", () => {
  test.each([
    [["service:payments", "severity>=high"], 'service="payments" severity>=high'],
    [["severity>=HIGH", "service=payments"], 'service="payments" severity>=high'],
    [['team=~"pay.*"', "env!=test"], 'env!="test" team=~"pay.*"'],
    [['service:"pay ments"'], 'service="pay ments"'],
    [["service:~x"], 'service="~x"'],
    [[], "every incident"],
  ])("%j is read as %s", (words, text) => {
    expect(filterText(filterOf(...words))).toBe(text);
  });

  test.each([
    [["payments"], '"payments" is not a condition'],
    [["severity>=page"], '"page" is not a severity'],
    [["severity>=high", "severity>=info"], "two least severities"],
    [["a=~(x+)+"], "is not a condition: its pattern repeats by +"],
    [["team='a'"], "is not a condition: a quote is left over"],
    [Array.from({ length: 11 }, (_, at) => `l${at}=x`), "11 conditions"],
  ])("%j is refused in words", (words, problem) => {
    expect(readFilter(words)).toMatchObject({ kind: "wrong", problem: expect.stringContaining(problem) });
  });

  test("its text, typed again, asks for the same", () => {
    const name = fc.stringMatching(/^[a-z_][a-z0-9_.-]{0,8}$/);
    const word = fc
      .tuple(name, fc.constantFrom(...matcherOperators), fc.stringMatching(/^[a-z0-9 "\\]{0,8}$/))
      .map(([key, op, value]) => `${key}${op}${JSON.stringify(value)}`);
    const least = fc.option(fc.constantFrom(...severities), { nil: null });
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), least, (words, severity) => {
        const all = severity === null ? words : [...words, `severity>=${severity}`];
        const read = readFilter(all);
        if (read.kind === "wrong") return;
        const { match, atLeast } = read.filter;
        const again = readFilter([
          ...match.map((each) => filterText({ match: [each], atLeast: null })),
          ...(atLeast === null ? [] : [`severity>=${atLeast}`]),
        ]);
        expect(again).toEqual(read);
      }),
    );
  });
});

describe("routing", () => {
  const subscribed = (...words: string[]) =>
    subscriptionRoute({
      id: 1,
      platform: "slack",
      channel: "C1",
      filter: filterOf(...words),
      createdBy: "oncall",
      createdAt: new Date(0),
    });
  const mild = anAlert("Slow", { service: "payments", severity: "warning", labels: { alertname: "Slow" } });
  const bad = anAlert("Down", { service: "checkout", severity: "critical", labels: { alertname: "Down" } });

  test.each([
    [["service:payments"], [mild], true],
    [["service:payments"], [bad], false],
    [["severity>=high"], [mild], false],
    [["severity>=high"], [mild, bad], true],
    // Both conditions must hold on the same alert.
    [["service:payments", "severity>=high"], [mild, bad], false],
    [[], [mild], true],
  ])("%j with these alerts, %#", (words, alerts, isShown) => {
    expect(routesOf([subscribed(...words)], alerts)).toEqual(isShown ? ["slack:C1"] : []);
  });

  test("a source's own word for severity does not count for severity>=", () => {
    const labelled = anAlert("Down", {
      severity: "critical",
      labels: { alertname: "Down", severity: "page" },
    });
    expect(routesOf([subscribed("severity>=critical")], [labelled])).toEqual(["slack:C1"]);
  });

  test("a channel that is named twice shows an incident once", () => {
    const routes = [
      { to: "slack:C1", match: [] },
      subscribed("severity>=info"),
      { to: "slack:C2", match: [] },
    ];
    expect(routesOf(routes, [mild])).toEqual(["slack:C1", "slack:C2"]);
  });
});
