import fc from "fast-check";
import { expect, test } from "vitest";
import { createAlertMemory } from "../../../src/domain/clustering/alert-memory.ts";
import { createLiveAlert, type LiveAlert } from "../../../src/domain/clustering/sessions.ts";
import { seen } from "../../contracts/signal.ts";

const template = seen({ service: "web-a", at: 0 });

function liveAlert(key: string, incidentId: number | null): LiveAlert {
  const pauses = { gapMs: 1_000, firingGapMs: 1_000 };
  return { ...createLiveAlert({ ...template, key }, { type: "any", standing: 0, pauses }), incidentId };
}

test("a live alert is remembered whole, one that no longer is by its incident", () => {
  const memory = createAlertMemory(10);
  const alert = liveAlert("a", null);
  memory.add(alert);
  expect([memory.find("a"), memory.live("a"), memory.incidentOf("a")]).toEqual([alert, alert, undefined]);
  alert.incidentId = 7;
  expect(memory.incidentOf("a")).toBe(7);
  memory.retire(alert);
  expect([memory.find("a"), memory.live("a"), memory.incidentOf("a")]).toEqual([7, undefined, 7]);
  memory.put("a", 8);
  expect(memory.incidentOf("a")).toBe(8);
});

test("one that never had an incident is forgotten whole", () => {
  const memory = createAlertMemory(10);
  const alert = liveAlert("a", null);
  memory.add(alert);
  memory.retire(alert);
  expect([memory.find("a"), memory.size()]).toEqual([undefined, 0]);
});

test("over the limit those go that came first, but no live ones", () => {
  const memory = createAlertMemory(3);
  const members = ["a", "b", "c", "d", "e"].map((key, index) => liveAlert(key, index));
  for (const member of members) memory.add(member);
  for (const member of members) if (member.key !== "a") memory.retire(member);
  memory.trim();
  expect([memory.size(), memory.dropped()]).toEqual([3, 2]);
  expect(memory.allLive()).toEqual([members[0]]);
  expect(["b", "c", "d", "e"].map((key) => memory.incidentOf(key))).toEqual([undefined, undefined, 3, 4]);
});

test("were all of them live, none would go, and the search for one would end", () => {
  const memory = createAlertMemory(1);
  for (const key of ["a", "b", "c"]) memory.add(liveAlert(key, 1));
  memory.trim();
  expect([memory.size(), memory.dropped()]).toEqual([3, 0]);
});

test("of alerts whose first hashes are equal the older is forgotten, and none is taken for another", () => {
  const memory = createAlertMemory(2, (key, seed) => (seed === 0 ? 7 : key.length));
  const [older, newer] = [liveAlert("a", 1), liveAlert("bb", 2)];
  memory.add(older);
  memory.add(newer);
  expect([memory.find("a"), memory.find("bb"), memory.find("ccc")]).toEqual([undefined, newer, undefined]);
  memory.retire(older);
  memory.add(liveAlert("dddd", 3));
  memory.trim();
  expect([memory.size(), memory.dropped()]).toEqual([2, 1]);
  expect(memory.find("dddd")).toMatchObject({ incidentId: 3 });
  expect(memory.allLive().map(({ key }) => key)).toEqual(["bb", "dddd"]);
});

const doings = fc.array(
  fc.record({
    key: fc.integer({ min: 0, max: 150 }).map((number) => `alert ${number}`),
    doing: fc.constantFrom("come", "come", "come", "end", "end unplaced", "move", "trim" as const),
    incidentId: fc.integer({ min: 1, max: 9 }),
  }),
  { maxLength: 600 },
);

test("remembers as a map in the order of arrival would, over many rounds", () => {
  const most = 40;
  fc.assert(
    fc.property(doings, (list) => {
      const memory = createAlertMemory(most);
      const plain = new Map<string, LiveAlert | number>();
      for (const { key, doing, incidentId } of list) {
        const known = plain.get(key);
        if (doing === "come" && typeof known !== "number") {
          const alert = liveAlert(key, incidentId);
          memory.add(alert);
          plain.set(key, alert);
        } else if (typeof known === "object" && doing.startsWith("end")) {
          known.incidentId = doing === "end" ? incidentId : null;
          memory.retire(known);
          if (known.incidentId === null) plain.delete(key);
          else plain.set(key, known.incidentId);
        } else if (typeof known === "number" && doing === "move") {
          memory.put(key, incidentId);
          plain.set(key, incidentId);
        } else if (doing === "trim") {
          memory.trim();
          for (const [first, value] of [...plain]) {
            if (plain.size <= most) break;
            plain.delete(first);
            if (typeof value === "object") plain.set(first, value);
          }
        }
      }
      expect(memory.size()).toBe(plain.size);
      for (const { key } of list) expect(memory.find(key)).toBe(plain.get(key));
      expect(memory.allLive()).toEqual([...plain.values()].filter((value) => typeof value === "object"));
    }),
    { numRuns: 200 },
  );
});
