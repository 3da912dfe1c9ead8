import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTemplates } from "../../../src/domain/clustering/templates.ts";
import { groupingAccuracy, makeLines } from "./template-lines.ts";

describe("what shares a template", () => {
  test("messages that differ in numbers, addresses and names", () => {
    const templates = createTemplates(100);
    const first = templates.learn("login of alice from 10.0.0.1 failed after 3 tries");
    const second = templates.learn("login of bob from 10.9.0.4 failed after 12 tries");
    expect(second.id).toBe(first.id);
    expect(second.text).toBe("login of <*> from <*> failed after <*> tries");
    expect(second.count).toBe(2);
  });

  test("not messages of another length, or that begin otherwise, or that differ in most words", () => {
    const templates = createTemplates(100);
    const ids = [
      "disk of node-1 is full",
      "disk of node-1 is nearly full",
      "tape of node-1 is full",
      "disk of everyone was stolen",
    ].map((message) => templates.learn(message).id);
    expect(new Set(ids).size).toBe(4);
  });

  test("looking without learning changes nothing", () => {
    const templates = createTemplates(100);
    expect(templates.find("disk full on web")).toBeNull();
    const known = templates.learn("disk full on web");
    expect(templates.find("disk full on api")?.id).toBe(known.id);
    expect(templates.size()).toBe(1);
    expect(templates.find("disk full on web")?.text).toBe("disk full on web");
  });

  test("empty messages", () => {
    const templates = createTemplates(100);
    expect(templates.learn("").id).toBe(templates.learn("  ").id);
  });
});

describe("limits", () => {
  test("words that find their branch full are counted when they are learned", () => {
    const templates = createTemplates(5_000);
    const word = (n: number) => String.fromCharCode(97 + (n % 26), 97 + Math.floor(n / 26), 120);
    for (let n = 0; n < 103; n += 1) templates.learn(`${word(n)} is broken`);
    expect(templates.crowded()).toBe(3);
    templates.find("never learned");
    expect(templates.crowded()).toBe(3);
  });

  test("the template not used for longest goes, and may come back as another", () => {
    const templates = createTemplates(2);
    const first = templates.learn("alpha is broken");
    templates.learn("beta is broken");
    templates.learn("alpha is broken");
    templates.learn("gamma is broken");
    expect(templates.size()).toBe(2);
    expect(templates.dropped()).toBe(1);
    expect(templates.find("alpha is broken")?.id).toBe(first.id);
    expect(templates.find("beta is broken")).toBeNull();
  });

  test("many different first words do not grow the tree without limit, and its place is freed again", () => {
    const templates = createTemplates(50);
    for (let n = 0; n < 5_000; n += 1) {
      const word = [...String(n)].map((digit) => "abcdefghij"[Number(digit)]).join("");
      templates.learn(`word${word} went missing today`);
    }
    expect(templates.size()).toBeLessThanOrEqual(50);
    const fresh = templates.learn("another thing entirely happened");
    expect(templates.find("another thing entirely happened")?.id).toBe(fresh.id);
  });
});

test("the same messages in the same order give the same templates", () => {
  const lines = makeLines({ templates: 40, lines: 500, seed: 7 });
  const run = () => {
    const templates = createTemplates(1_000);
    return lines.map(({ text }) => templates.learn(text).id);
  };
  expect(run()).toEqual(run());
});

test("messages that differ only in what is masked share a template in any order of arrival", () => {
  const numbers = fc.array(fc.record({ kind: fc.nat(5), n: fc.nat(9_999) }), { minLength: 2, maxLength: 30 });
  const subjects = ["cart", "stock", "mail", "bank", "web", "queue"];
  fc.assert(
    fc.property(numbers, fc.infiniteStream(fc.nat()), (list, keys) => {
      const shuffled = list
        .map((item) => ({ item, key: keys.next().value ?? 0 }))
        .sort((a, b) => a.key - b.key)
        .map(({ item }) => item);
      for (const order of [list, shuffled]) {
        const templates = createTemplates(100);
        const groups = new Map<number, Set<number>>();
        for (const { kind, n } of order) {
          const { id } = templates.learn(`${subjects[kind]} took ${n} ms on node-${n} at 10.0.0.${n % 250}`);
          groups.set(kind, (groups.get(kind) ?? new Set()).add(id));
        }
        const ids = [...groups.values()].map((set) => [...set]);
        expect(ids.every((own) => own.length === 1)).toBe(true);
        expect(new Set(ids.flat()).size).toBe(groups.size);
      }
    }),
  );
});

test.each([1, 2, 3])("of lines made from known templates nearly all are grouped rightly, seed %i", (seed) => {
  const lines = makeLines({ templates: 120, lines: 4_000, seed });
  const templates = createTemplates(5_000);
  const found = lines.map(({ text }) => templates.learn(text).id);
  const accuracy = groupingAccuracy(
    lines.map(({ made }) => made),
    found,
  );
  expect(accuracy).toBeGreaterThan(0.97);
});
