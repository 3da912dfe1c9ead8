import { expect, test } from "vitest";
import { createAffinity } from "../../../src/domain/clustering/affinity.ts";

const minute = 60_000;
const hour = 60 * minute;
const start = Date.parse("2026-03-01T00:00:00Z");

/** Three alerts of a part within a minute: trouble. */
function trouble(affinity: ReturnType<typeof createAffinity>, component: string, at: number) {
  for (const seconds of [0, 20, 40])
    affinity.record({ entity: `${component} service`, component, at: start + at + seconds * 1000 });
}

test("a service that fires when one part is in trouble is drawn to that part", () => {
  const affinity = createAffinity(100);
  for (let n = 0; n < 4; n += 1) {
    trouble(affinity, "shop", n * hour);
    affinity.record({ entity: "mail", component: null, at: start + n * hour + minute });
    trouble(affinity, "warehouse", n * hour + 30 * minute);
  }
  const at = start + 5 * hour;
  expect(affinity.affinity("mail", "shop", at)).toEqual({ together: 4, firings: 4 });
  expect(affinity.affinity("mail", "warehouse", at)).toEqual({ together: 0, firings: 4 });
});

test("trouble in two parts at once is shared out", () => {
  const affinity = createAffinity(100);
  trouble(affinity, "shop", 0);
  trouble(affinity, "warehouse", 0);
  affinity.record({ entity: "mail", component: null, at: start + minute });
  affinity.record({ entity: "mail", component: null, at: start + hour });
  affinity.record({ entity: "clock", component: null, at: start + 2 * hour });
  expect(affinity.affinity("mail", "shop", start + 2 * hour)).toEqual({ together: 0.5, firings: 2 });
});

test("two alerts are no trouble, and trouble that begins shortly after still counts", () => {
  const affinity = createAffinity(100);
  affinity.record({ entity: "mail", component: null, at: start });
  trouble(affinity, "shop", 2 * minute);
  for (const seconds of [0, 20])
    affinity.record({ entity: "stock", component: "warehouse", at: start + seconds * 1000 });
  affinity.record({ entity: "clock", component: null, at: start + hour });
  const at = start + 2 * hour;
  expect(affinity.affinity("mail", "shop", at).together).toBe(1);
  expect(affinity.affinity("mail", "warehouse", at).together).toBe(0);
});

test("what is not settled is not told: a story in the making must not vouch for itself", () => {
  const affinity = createAffinity(100);
  trouble(affinity, "shop", 0);
  affinity.record({ entity: "mail", component: null, at: start });
  affinity.record({ entity: "clock", component: null, at: start + hour });
  expect(affinity.affinity("mail", "shop", start + 12 * minute).firings).toBe(0);
  expect(affinity.affinity("mail", "shop", start + 14 * minute).firings).toBe(1);
});

test("a late report within ten minutes gives the same answer as one in time", () => {
  const [inTime, late] = [createAffinity(100), createAffinity(100)];
  const mail = { entity: "mail", component: null, at: start };
  const clock = (minutes: number) => ({ entity: "clock", component: null, at: start + minutes * minute });
  inTime.record(mail);
  trouble(inTime, "shop", 0);
  for (const minutes of [9, 30]) inTime.record(clock(minutes));
  late.record(clock(9));
  trouble(late, "shop", 0);
  late.record(mail);
  late.record(clock(30));
  expect(late.affinity("mail", "shop", start + hour)).toEqual(inTime.affinity("mail", "shop", start + hour));
  expect(late.affinity("mail", "shop", start + hour).together).toBe(1);
});

test("in a storm over most of the system nothing is learned", () => {
  const affinity = createAffinity(100);
  for (let n = 0; n < 12; n += 1) trouble(affinity, `part ${n}`, 0);
  affinity.record({ entity: "mail", component: null, at: start });
  affinity.record({ entity: "clock", component: null, at: start + hour });
  expect(affinity.affinity("mail", "part 3", start + hour)).toEqual({ together: 0, firings: 1 });
});

test("services over the limit push out others", () => {
  const affinity = createAffinity(2);
  for (const entity of ["a", "b", "c", "d"]) affinity.record({ entity, component: null, at: start });
  expect(affinity.dropped()).toBe(2);
});

test("firings amid too much trouble, and those that too many others push out unsettled, teach nothing and are counted", () => {
  const affinity = createAffinity(100_000);
  for (let part = 0; part < 9; part += 1) trouble(affinity, `part ${part}`, 0);
  affinity.record({ entity: "mail", component: null, at: start + minute });
  affinity.record({ entity: "clock", component: null, at: start + hour });
  expect(affinity.affinity("mail", "part 0", start + hour)).toEqual({ together: 0, firings: 1 });
  expect(affinity.unlearned()).toBe(1);
  for (let n = 0; n < 10_005; n += 1)
    affinity.record({ entity: `lone ${n}`, component: null, at: start + 2 * hour + n });
  expect(affinity.unlearned()).toBe(6);
});
