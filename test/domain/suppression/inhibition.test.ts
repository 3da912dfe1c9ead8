import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createInhibitionIndex, type InhibitionRule } from "../../../src/domain/suppression/inhibition.ts";
import { parseMatcher } from "../../../src/domain/suppression/matcher.ts";

function rule(source: string, target: string, equal: readonly string[] = []): InhibitionRule {
  const matchers = (text: string) =>
    text.split(" ").map((each) => {
      const matcher = parseMatcher(each);
      if ("kind" in matcher) throw new Error(each);
      return matcher;
    });
  return { name: `${source} over ${target}`, source: matchers(source), target: matchers(target), equal };
}

const critical = rule("severity=critical", "severity=~warning|info", ["service"]);

describe("an inhibition", () => {
  test("holds while a source with equal labels fires, and says by which rule and alert", () => {
    const index = createInhibitionIndex([critical]);
    index.add("t", { severity: "warning", service: "db" });
    expect(index.inhibitorOf("t")).toBeNull();
    index.add("s", { severity: "critical", service: "db" });
    expect(index.inhibitorOf("t")).toEqual({ rule: critical.name, source: "s" });
    index.remove("s");
    expect(index.inhibitorOf("t")).toBeNull();
  });

  test("does not reach alerts whose equal labels differ", () => {
    const index = createInhibitionIndex([critical]);
    index.add("s", { severity: "critical", service: "db" });
    index.add("t", { severity: "warning", service: "web" });
    expect(index.inhibitorOf("t")).toBeNull();
  });

  test("takes a missing label for an empty one, on either side and on both", () => {
    const without = { severity: "critical" };
    const empty = { severity: "critical", service: "" };
    for (const source of [without, empty])
      for (const target of [without, empty]) {
        const index = createInhibitionIndex([critical]);
        index.add("s", source);
        index.add("t", { ...target, severity: "warning" });
        expect(index.inhibitorOf("t")?.source).toBe("s");
      }
  });

  test.each([
    ["the first", ["a", "b", "c"]],
    ["the last", ["c", "b", "a"]],
    ["the middle", ["b", "c", "a"]],
  ])("of several sources with equal labels goes on when %s ends first", (_, order) => {
    // https://github.com/prometheus/alertmanager/pull/4607 describes an index that kept one source only.
    const index = createInhibitionIndex([critical]);
    index.add("t", { severity: "warning", service: "db" });
    for (const key of ["a", "b", "c"]) index.add(key, { severity: "critical", service: "db" });
    for (const [ended, key] of order.entries()) {
      expect(index.inhibitorOf("t"), `${ended} have ended`).not.toBeNull();
      index.remove(key);
    }
    expect(index.inhibitorOf("t")).toBeNull();
  });

  test("an alert on both sides is muted by no other such alert, nor by itself", () => {
    const index = createInhibitionIndex([rule("team=a", "severity=warning")]);
    index.add("both", { team: "a", severity: "warning" });
    index.add("other", { team: "a", severity: "warning" });
    expect(index.inhibitorOf("both")).toBeNull();
    index.add("source", { team: "a", severity: "critical" });
    expect(index.inhibitorOf("both")?.source).toBe("source");
  });

  test("an alert on both sides mutes one that is only a target", () => {
    const index = createInhibitionIndex([rule("team=a", "severity=warning")]);
    index.add("both", { team: "a", severity: "warning" });
    index.add("target", { team: "b", severity: "warning" });
    expect(index.inhibitorOf("target")?.source).toBe("both");
  });

  test("follows labels that change while an alert fires", () => {
    const index = createInhibitionIndex([critical]);
    index.add("s", { severity: "critical", service: "db" });
    index.add("t", { severity: "warning", service: "db" });
    index.add("s", { severity: "info", service: "db" });
    expect(index.inhibitorOf("t")).toBeNull();
  });

  test("is asked about again when its labels change so that no rule speaks of it", () => {
    const index = createInhibitionIndex([critical]);
    index.add("s", { severity: "critical", service: "db" });
    index.add("t", { severity: "warning", service: "db" });
    index.takeAffected();
    index.add("t", { severity: "page", service: "db" });
    expect(index.takeAffected()).toEqual(["t"]);
  });

  test("names alerts to ask about again only when their inhibitor may be another", () => {
    const index = createInhibitionIndex([critical]);
    index.add("t", { severity: "warning", service: "db" });
    expect(index.takeAffected()).toEqual(["t"]);
    index.add("a", { severity: "critical", service: "db" });
    expect(index.takeAffected().toSorted()).toEqual(["a", "t"]);
    index.add("b", { severity: "critical", service: "db" });
    index.add("b", { severity: "critical", service: "db" });
    expect(index.takeAffected()).toEqual(["b"]);
    index.remove("b");
    expect(index.takeAffected()).toEqual([]);
    index.remove("a");
    expect(index.takeAffected()).toEqual(["t"]);
  });

  test("is what Alertmanager's definition says, whatever comes and goes", () => {
    const rules = [
      critical,
      rule("team=a", "severity=warning"),
      rule('service="db"', "team=~a|b", ["severity", "zone"]),
    ];
    const value = (...values: string[]) => fc.constantFrom(...values);
    const labels = fc.record(
      {
        severity: value("critical", "warning", "info"),
        service: value("db", "web"),
        team: value("a", "b"),
        zone: value("", "x"),
      },
      { requiredKeys: [] },
    );
    const step = fc.record({ key: value("1", "2", "3", "4", "5"), labels: fc.option(labels) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const index = createInhibitionIndex(rules);
        const firing = new Map<string, Record<string, string>>();
        const known = new Map<string, boolean>();
        for (const { key, labels: given } of steps) {
          if (given === null) {
            index.remove(key);
            firing.delete(key);
          } else {
            const clean = Object.fromEntries(Object.entries(given).filter((entry) => entry[1] !== undefined));
            index.add(key, clean);
            firing.set(key, clean);
          }
          const affected = new Set(index.takeAffected());
          for (const each of firing.keys()) {
            const muted = index.inhibitorOf(each) !== null;
            expect(muted).toBe(isInhibited(rules, each, firing));
            if ((known.get(each) ?? false) !== muted) expect(affected).toContain(each);
            known.set(each, muted);
          }
          for (const each of known.keys()) if (!firing.has(each)) known.delete(each);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The definition, alert by alert. */
function isInhibited(
  rules: readonly InhibitionRule[],
  key: string,
  firing: ReadonlyMap<string, Readonly<Record<string, string>>>,
): boolean {
  const holds = (matchers: InhibitionRule["source"], labels: Readonly<Record<string, string>>) =>
    matchers.every(({ name, op, value }) => {
      const own = labels[name] ?? "";
      return op === "=" ? own === value : new RegExp(`^(?:${value})$`).test(own);
    });
  const target = firing.get(key) ?? {};
  return rules.some((each) => {
    if (!holds(each.target, target)) return false;
    const isSource = holds(each.source, target);
    return [...firing.values()].some(
      (source) =>
        holds(each.source, source) &&
        !(isSource && holds(each.target, source)) &&
        each.equal.every((name) => (source[name] ?? "") === (target[name] ?? "")),
    );
  });
}
