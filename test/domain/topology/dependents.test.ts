import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DependentsQuestion, dependentsOf } from "../../../src/domain/topology/dependents.ts";
import { defaultHubDegree, type Edge } from "../../../src/domain/topology.ts";
import { collectLeftOut } from "../../fixtures/left-out.ts";

/** "front > web > cart" as edges. */
function calls(...ways: readonly string[]): readonly Edge[] {
  return ways.flatMap((way) => {
    const services = way.split(" > ");
    return services.slice(1).map((callee, index): Edge => [services[index] ?? "", callee]);
  });
}

function ask(given: {
  readonly ways?: readonly string[];
  readonly edges?: readonly Edge[];
  readonly alerting: readonly string[];
  readonly suspect?: string;
  readonly areAllAlertsRead?: boolean;
}) {
  const question: DependentsQuestion = {
    alerting: new Set(given.alerting),
    areAllAlertsRead: given.areAllAlertsRead ?? true,
    suspect: given.suspect ?? null,
    topology: { edges: given.edges ?? calls(...(given.ways ?? [])), services: [] },
  };
  return dependentsOf(question);
}

/** One line for each root: "cart: front ~, web !", with "!" for alerting, "~" for silent, "?" for unknown, "*" for direct callers. */
function told(...given: Parameters<typeof ask>): readonly string[] {
  const marks = { alerting: "!", silent: "~", unknown: "?" };
  return ask(...given).map(
    ({ of, services }) =>
      `${of}: ${services.map(({ service, isDirect, state }) => `${service}${isDirect ? "*" : ""}${marks[state]}`).join(" ")}`,
  );
}

const shop = ["front > web > checkout > payments > db", "front > web > cart > db", "cron > payments"];

describe("who depends on what is broken", () => {
  test.each<[string, Parameters<typeof ask>[0], readonly string[]]>([
    [
      "the callers of the suspect and theirs, entry points first, then from the outside in",
      { ways: shop, alerting: ["payments", "checkout"], suspect: "payments" },
      ["payments: front~ cron*~ web~ checkout*!"],
    ],
    [
      "those of a suspect without an alert on which something that alerts depends",
      { ways: shop, alerting: ["checkout"], suspect: "db" },
      ["db: front~ cron~ checkout! web~ cart*~ payments*~"],
    ],
    [
      "all alert",
      { ways: ["front > web > cart"], alerting: ["front", "web", "cart"], suspect: "cart" },
      ["cart: front! web*!"],
    ],
    [
      "none but the suspect alerts",
      { ways: ["front > web > cart"], alerting: ["cart"], suspect: "cart" },
      ["cart: front~ web*~"],
    ],
    [
      "of a suspected caller, on which nothing that alerts depends, it is those of what alerts",
      { ways: ["batch > search > index", "front > search"], alerting: ["index"], suspect: "batch" },
      ["index: batch~ front~ search*~"],
    ],
    [
      "without a suspect those of the innermost service that alerts",
      { ways: shop, alerting: ["web", "checkout", "payments"] },
      ["payments: front~ cron*~ web! checkout*!"],
    ],
    [
      "also where what is between two that alert is silent",
      { ways: ["front > web > cart"], alerting: ["front", "cart"] },
      ["cart: front! web*~"],
    ],
    [
      "two roots, the one with more dependents first",
      { ways: ["front > web > cart", "front > mail"], alerting: ["cart", "mail"] },
      ["cart: front~ web*~", "mail: front*~"],
    ],
    [
      "of services that call one another the first by name stands for all",
      { ways: ["front > a > b > c > a"], alerting: ["a", "b", "c"] },
      ["a: front*~ b! c*!"],
    ],
    [
      "a cycle without an entry point ends, the outermost first",
      { ways: ["a > b > c > a"], alerting: ["c"], suspect: "c" },
      ["c: a~ b*~"],
    ],
    ["what calls itself does not depend on itself", { ways: ["a > a"], alerting: ["a"] }, []],
    ["an entry point has no dependents", { ways: shop, alerting: ["front"], suspect: "front" }, []],
    [
      "a service that the topology does not know",
      { ways: shop, alerting: ["mailer"], suspect: "mailer" },
      [],
    ],
    [
      "a suspect that the topology does not know leaves those of what alerts",
      { ways: ["front > web"], alerting: ["web"], suspect: "mailer" },
      ["web: front*~"],
    ],
    ["no topology", { alerting: ["web"], suspect: "web" }, []],
    ["alerts without a service", { ways: shop, alerting: [], suspect: "db" }, []],
    [
      "where not all alerts were read, no service is called silent",
      { ways: ["front > web > cart"], alerting: ["cart", "web"], areAllAlertsRead: false },
      ["cart: front? web*!"],
    ],
  ])("%s", (_name, given, lines) => {
    expect(told(given)).toEqual(lines);
  });
});

describe("shared infrastructure does not join the world", () => {
  const crowd = Array.from({ length: defaultHubDegree + 1 }, (_, index) => `service-${index + 10}`);

  test("a hub has its callers, and not those behind them", () => {
    const edges = [...crowd.map((service): Edge => [service, "db"]), ...calls("front > service-10")];
    const [found] = ask({ edges, alerting: ["db"], suspect: "db" });
    expect(found?.services.map(({ service }) => service)).toEqual(
      expect.arrayContaining(["service-10", "service-50"]),
    );
    expect(found?.services).toHaveLength(crowd.length);
  });

  test("a hub on the way is named and not passed", () => {
    const edges = [...crowd.map((service): Edge => [service, "gateway"]), ...calls("gateway > auth")];
    expect(told({ edges, alerting: ["auth"], suspect: "auth" })).toEqual(["auth: gateway*~"]);
  });

  test("a very long way is cut, and says so", () => {
    const chain = calls(Array.from({ length: 1_500 }, (_, index) => `s${index}`).join(" > "));
    const [found] = ask({ edges: chain, alerting: ["s1499"], suspect: "s1499" });
    expect(found?.isCut).toBe(true);
    expect(found?.services).toHaveLength(1_000);
  });
});

test("the order of edges and alerts does not matter; a root is none of its dependents, and each is one once", () => {
  const service = fc.constantFrom(..."abcdefghij");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(service, service), { maxLength: 40 }),
      fc.uniqueArray(service, { maxLength: 6 }),
      fc.option(service, { nil: undefined }),
      fc.infiniteStream(fc.nat()),
      (edges, alerting, suspect, order) => {
        const given = { edges, alerting, ...(suspect === undefined ? {} : { suspect }) };
        const shuffled = <T>(values: readonly T[]) =>
          values
            .map((value) => ({ value, place: order.next().value ?? 0 }))
            .sort((a, b) => a.place - b.place)
            .map(({ value }) => value);
        const found = ask(given);
        expect(ask({ ...given, edges: shuffled(edges), alerting: shuffled(alerting) })).toEqual(found);
        expect(found.length).toBeLessThanOrEqual(3);
        for (const { of, services } of found) {
          const names = services.map((each) => each.service);
          expect(names).not.toContain(of);
          expect(new Set(names).size).toBe(names.length);
          for (const { service: name, state, isDirect } of services) {
            expect(state === "alerting").toBe(alerting.includes(name));
            expect(isDirect).toBe(edges.some(([caller, callee]) => caller === name && callee === of));
          }
        }
      },
    ),
  );
});

test("of more alerting services than are looked at those stay that most call, and the others are counted (issue 3)", () => {
  const { leftOut, counts } = collectLeftOut();
  const many = Array.from({ length: 220 }, (_, n) => `a-${n}`);
  const found = dependentsOf({
    alerting: new Set([...many, "z-database"]),
    areAllAlertsRead: true,
    suspect: null,
    topology: { edges: calls("front > z-database", "web > z-database"), services: many },
    leftOut,
  });
  expect(found.map(({ of }) => of)).toEqual(["z-database"]);
  expect(counts).toEqual({ dependents: 21 });
});
