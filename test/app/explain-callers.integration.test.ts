import { beforeEach, describe, expect, test } from "vitest";
import type { Edge } from "../../src/domain/topology.ts";
import type { Store } from "../../src/ports.ts";
import { aStoredAlert, freshStore } from "../adapters/store/fixture.ts";
import { at, buildAlert } from "../domain/build.ts";
import { buildCause } from "../fixtures/explanation-question.ts";
import { type Bench, createBench, storedExplanation, storeIncident } from "./explain-fixture.ts";

const shop: readonly Edge[] = [
  ["app", "storefront"],
  ["web", "storefront"],
  ["storefront", "checkout"],
];
const suspect = buildCause({ service: "checkout", changeId: null });
const id = 1;
let store: Store;
let bench: Bench;

async function deliver(edges: readonly Edge[]): Promise<void> {
  await store.incidents.saveTopology("test", { edges, services: [] }, at(1));
}

/** What is said first, and by which fact about callers. */
async function told() {
  await bench.explain(id);
  const { summary, material } = await storedExplanation(store, id);
  const facts = (await store.explanations.evidence(id)).filter(({ kind }) => kind === "callers");
  const cited = facts.filter(({ number }) => summary[0]?.evidence.includes(number));
  return {
    text: summary[0]?.text ?? "",
    facts: facts.length,
    cited: cited.map(({ text }) => text),
    material,
  };
}

async function revision(): Promise<number | undefined> {
  return (await store.incidents.find(id))?.revision;
}

describe("whom an incident concerns", () => {
  beforeEach(async () => {
    ({ store } = await freshStore());
    await storeIncident(store, { id });
    await deliver(shop);
    bench = createBench(store, null);
    bench.rank([suspect]);
    await bench.explain(id);
  });

  test("is said, and rests on a fact of its own", async () => {
    expect(await told()).toMatchObject({
      text: "checkout and storefront have been in trouble since 10:00 UTC; app and web depend on them and have no alert in this incident so far.",
      cited: ["app, web and storefront depend on checkout; storefront calls it"],
    });
  });

  test("is no news when a topology only comes in another order, or with what nobody here depends on", async () => {
    const before = [await told(), await revision()];
    await deliver([...shop.toReversed(), ["batch", "mailer"]]);
    expect([await told(), await revision()]).toEqual(before);
  });

  test("is said anew, without a line in the thread, when a caller begins to alert", async () => {
    const incident = await store.incidents.find(id);
    if (incident === null) throw new Error("the incident is gone");
    await store.incidents.saveAlerts([
      aStoredAlert(buildAlert({ service: "web", startsAt: at(1.5), labels: { n: "3" } }), { incidentId: id }),
    ]);
    await store.incidents.save([{ ...incident, services: ["checkout", "storefront", "web"] }]);
    expect(await told()).toMatchObject({
      text: "checkout, storefront and web have been in trouble since 10:00 UTC; app depends on them and has no alert in this incident so far.",
      facts: 1,
    });
    expect((await store.incidents.timeline(id, 10)).filter((entry) => entry.isPosted)).toEqual([]);
  });

  test("follows the topology, by a new fact instead of the old one", async () => {
    await deliver([...shop, ["portal", "storefront"]]);
    const now = await told();
    expect(now.text).toContain("app, portal and web depend on them");
    expect(now.cited).toEqual(["app, portal, web and storefront depend on checkout; storefront calls it"]);
    expect(now.facts).toBe(2);
  });

  test("follows the suspect", async () => {
    await deliver([...shop, ["jobs", "db"], ["checkout", "db"]]);
    bench.rank([buildCause({ service: "db", changeId: null })]);
    expect((await told()).text).toContain("; app, web and jobs depend on db, the suspect, and have no alert");
  });

  test("is not known without a topology", async () => {
    await deliver([]);
    const { text, cited } = await told();
    expect(text).toBe("checkout and storefront have been in trouble since 10:00 UTC.");
    expect(cited).toEqual([]);
  });
});
