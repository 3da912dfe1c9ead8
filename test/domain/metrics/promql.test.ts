import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { narrowTo, unitOf, watchedBy } from "../../../src/domain/metrics/promql.ts";
import { fillTemplate, templateProblem } from "../../../src/domain/metrics/promql-template.ts";
import { quoted } from "../../../src/domain/metrics/promql-tokens.ts";

describe("what a rule watches", () => {
  test.each([
    ["up == 0", "up", ["==", 0]],
    ["rate(http_errors_total[5m]) > 0.05", "rate(http_errors_total[5m])", [">", 0.05]],
    ["0.05 < rate(x[5m])", "rate(x[5m])", [">", 0.05]],
    [
      "sum by (service) (a) / sum by (service) (b) > bool 1.5e-1",
      "sum by (service) (a) / sum by (service) (b)",
      [">", 0.15],
    ],
    ["((a - b) >= (3))", "a - b", [">=", 3]],
    ["(a > 5) and on (job) (up == 1)", "a", [">", 5]],
    ["a > 5 unless b > 7", "a", [">", 5]],
    ['x{path!="/", q=~"a|b"} != 1', 'x{path!="/", q=~"a|b"}', ["!=", 1]],
    ['x{note="a > 5 and b"} > 2', 'x{note="a > 5 and b"}', [">", 2]],
    ["max_over_time((a > 3)[1h:1m]) > 7", "max_over_time((a > 3)[1h:1m])", [">", 7]],
    ["time() - last > 3600 # an hour > 5", "time() - last", [">", 3600]],
    ["a > 1 > 2", "a", [">", 2]],
    ["-a < -5", "-a", ["<", -5]],
  ] as const)("%s", (query, expression, [comparison, value]) => {
    expect(watchedBy(query)).toEqual({ expression, limit: { comparison, value }, isStripped: true });
  });

  test("a limit that is itself a series is no number", () => {
    expect(watchedBy("used > on (host) group_left () quota * 0.9")).toEqual({
      expression: "used",
      limit: null,
      isStripped: true,
    });
  });

  test.each(['absent(up{job="api"})', "a > 5 or b > 6", "vector(1)", "a > 5)", 'a{b="c} > 5', "", "> 5"])(
    "without one side to watch it stands as it is: %s",
    (query) => {
      expect(watchedBy(query)).toEqual({ expression: query, limit: null, isStripped: false });
    },
  );

  test("any text comes back without an error", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => void watchedBy(text)));
  });
});

describe("one alert's share of an expression", () => {
  const labels = { service: "checkout" };

  test.each([
    ["rate(x[5m])", 'rate(x{service="checkout"}[5m])'],
    ["x{}", 'x{service="checkout"}'],
    ['x{code=~"5..",}', 'x{code=~"5..",service="checkout"}'],
    ['{__name__="x"}', '{__name__="x",service="checkout"}'],
    [
      'sum by (service) (rate(a{code="500"}[5m])) / sum(rate(b[5m])) by (service)',
      'sum by (service) (rate(a{code="500",service="checkout"}[5m])) / sum(rate(b{service="checkout"}[5m])) by (service)',
    ],
    ["a offset 5m - a", 'a{service="checkout"} offset 5m - a{service="checkout"}'],
  ])("%s is narrowed", (expression, narrowed) => {
    expect(narrowTo(expression, labels)).toBe(narrowed);
  });

  test.each([
    ["sum(rate(x[5m]))", "the label does not survive"],
    ["sum by (job) (x)", "the label does not survive"],
    ["sum without (pod) (x)", "what survives is not said"],
    ["a * on (job) group_left (service) b", "a join brings labels"],
    ['label_replace(x, "service", "$1", "app", "(.*)")', "the label is made"],
    ["time() - 5", "there is no selector"],
  ])("%s is left alone, since %s", (expression) => {
    expect(narrowTo(expression, labels)).toBe(expression);
  });

  test("only by labels that a metric can have", () => {
    expect(narrowTo("x", { "not a label": "1", service: "a" })).toBe('x{service="a"}');
  });
});

describe("the value of a label", () => {
  test("ends no string, whatever it holds", () => {
    expect(quoted('a"} or vector(1) #\n\\')).toBe('"a\\"} or vector(1) #\\n\\\\"');
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (value) => {
        const narrowed = narrowTo("x", { service: value });
        // Read back, it is one selector with one comparison outside of it.
        expect(watchedBy(`${narrowed} > 5`)).toEqual({
          expression: narrowed,
          limit: { comparison: ">", value: 5 },
          isStripped: true,
        });
      }),
    );
  });
});

describe("a query with a place for the service", () => {
  test("is filled in as text, and letter by letter in patterns", () => {
    const template = 'a{job="{{service}}"} / b{pod=~"{{ service }}-.*"}';
    expect(templateProblem(template)).toBeNull();
    expect(fillTemplate(template, 'we.b"x')).toBe('a{job="we.b\\"x"} / b{pod=~"we\\\\.b\\"x-.*"}');
    expect(fillTemplate("a{job='{{service}}'}", 'it\'s "x"')).toBe("a{job='it\\'s \"x\"'}");
  });

  test("stays what it is, whatever the service is called", () => {
    const template = 'sum(rate(a{pod=~"{{service}}-.*"}[2m])) > 5';
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (service) => {
        const filled = fillTemplate(template, service) ?? "";
        expect(watchedBy(filled).limit).toEqual({ comparison: ">", value: 5 });
      }),
    );
  });

  test("is not filled with something that is no name", () => {
    expect(fillTemplate('a{job="{{service}}"}', "x".repeat(201))).toBeNull();
  });

  test.each([
    ["up", /no \{\{service\}\}/],
    ["rate({{service}}_errors[5m])", /outside of a label matcher/],
    ['label_replace(x, "{{service}}", "", "", "")', /outside of a label matcher/],
    ["a{job=`{{service}}`}", /double quotes/],
    ['a{job="{{namespace}}"}', /may have only/],
    ['a{job="{{service}}"', /no PromQL/],
  ])("%s is refused with what to write", (template, problem) => {
    expect(templateProblem(template)).toMatch(problem);
  });
});

test.each([
  ["node_filesystem_avail_bytes", "bytes"],
  ['shop_error_ratio{service="a"}', "ratio"],
  ["histogram_quantile(0.99, sum by (le) (rate(http_seconds_bucket[5m])))", "seconds"],
  ["rate(sent_bytes[5m])", ""],
  ["process_start_time_seconds", "seconds"],
  ["last_backup_timestamp_seconds", ""],
  ["a_bytes / b_bytes", ""],
  ["a_bytes * 2", ""],
])("the unit of %s is '%s'", (expression, unit) => expect(unitOf(expression)).toBe(unit));
