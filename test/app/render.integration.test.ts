import { expect, test } from "vitest";
import { createRender } from "../../src/app/render.ts";
import { tellComparison } from "../../src/app/rollout-notes.ts";
import type { Person } from "../../src/domain/people/person.ts";
import { type Charts, type Post, type Store, silentLog } from "../../src/ports.ts";
import { aStoredAlert, freshStore } from "../adapters/store/fixture.ts";
import { at, buildAlert, buildIncident } from "../domain/build.ts";
import { plan, rolloutIn } from "../domain/rollout/build.ts";
import { noCharts } from "../fixtures/charts.ts";
import { buildHandover } from "../fixtures/digest.ts";
import { buildExplanation } from "../fixtures/explanation-question.ts";

const png = new Uint8Array([1]);
const drawing: Charts = { ...noCharts, alerts: async () => png, comparison: async () => png };

function renderer(store: Store, charts: Charts, people: readonly Person[] = []) {
  return createRender({
    ...{ store, charts, people, models: [], log: silentLog, clock: { now: () => at(90) } },
    policy: { hash: "", decide: () => ({ kind: "deny", policies: [], because: "nobody asks" }) },
    explain: () => Promise.resolve(),
  });
}

async function wanted(store: Store, kind: Post["kind"], subject: number): Promise<Post> {
  const target = { platform: "slack", channel: "C1" };
  await store.posts.want([{ ...target, kind, subject, desiredRevision: 1, threadOf: null }], at(0));
  const post = await store.posts.findBySubject("slack", "C1", kind, subject);
  if (post === null) throw new Error("it was wanted");
  return post;
}

async function resolvedLine(store: Store, services: readonly string[]): Promise<Post> {
  await store.incidents.save([buildIncident({ id: 5, state: "resolved", resolvedAt: at(60) })]);
  await store.incidents.saveAlerts(
    services.map((service, index) => {
      const name = `Alert${index}`;
      const alert = buildAlert({
        name,
        service,
        labels: { alertname: name, service },
        startsAt: at(index),
        endsAt: at(60),
      });
      return aStoredAlert(alert, { incidentId: 5 });
    }),
  );
  const entry = { incidentId: 5, at: at(60), actor: "tocsin", data: {}, isPosted: true } as const;
  const [id] = await store.incidents.addTimeline([
    { ...entry, kind: "resolved", text: "resolved: all ended" },
  ]);
  if (id === undefined) throw new Error("the line was stored");
  return await wanted(store, "entry", id);
}

test("the line that says it is resolved shows when which service's alerts fired", async () => {
  const { store } = await freshStore();
  const post = await resolvedLine(store, ["db", "web"]);
  const image = (await renderer(store, drawing)(post))?.view.blocks.find(({ kind }) => kind === "image");
  expect(image).toMatchObject({ png, alt: expect.stringContaining("web: 1 alert, warning") });
  const without = (await renderer(store, noCharts)(post))?.view;
  expect(without?.title).toBe("resolved: all ended");
  expect(without?.blocks.some(({ kind }) => kind === "image")).toBe(false);
});

test("an edit of a card reads its explanation once, after the incident that it belongs to", async () => {
  const { store } = await freshStore();
  await store.incidents.save([buildIncident({ id: 5 })]);
  const summary = [{ text: "It began with the deploy.", evidence: [] }];
  await store.explanations.save(buildExplanation({ incidentId: 5, summary }));
  const post = await wanted(store, "incident", 5);
  const reads: string[] = [];
  const { incidents, explanations } = store;
  const noting: Store = {
    ...store,
    incidents: { ...incidents, find: (id) => incidents.find(id).finally(() => reads.push("incident")) },
    explanations: {
      ...explanations,
      find: async (id) => {
        reads.push("explanation");
        return await explanations.find(id);
      },
    },
  };
  const card = await renderer(noting, noCharts)(post);
  expect(JSON.stringify(card?.view)).toContain("It began with the deploy.");
  expect(reads).toEqual(["incident", "explanation"]);
});

test("one service alone needs no picture", async () => {
  const { store } = await freshStore();
  const post = await resolvedLine(store, ["db", "db"]);
  const view = (await renderer(store, drawing)(post))?.view;
  expect(view?.blocks.some(({ kind }) => kind === "image")).toBe(false);
});

test("what was measured of two versions is told once in the rollout's thread, with a picture", async () => {
  const { store } = await freshStore();
  const comparison = [{ name: "auc", champion: 0.9, challenger: 0.95, interval: null, n: 40 }];
  const facts = { version: null, comparison, rules: [], checks: [] };
  const { id: _, version: __, ...pending } = rolloutIn("pending", { plan: { ...plan, facts } });
  const rollout = await store.rollouts.insert(pending);
  await wanted(store, "rollout", rollout.id);
  await store.transaction((tx) => tellComparison(tx, rollout, at(0)));
  await store.transaction((tx) => tellComparison(tx, rollout, at(1)));
  const notes = (await store.posts.behind("slack", "C1", 10)).filter(({ kind }) => kind === "rollout_note");
  expect(notes).toHaveLength(1);
  const [note] = notes;
  if (note === undefined) throw new Error("it is wanted");
  const view = (await renderer(store, drawing)(note))?.view;
  expect(view?.summary).toContain("auc: 0.9, then 0.95; difference +0.05, too few to tell, n = 40");
  expect(view?.blocks.find(({ kind }) => kind === "image")).toMatchObject({ png });
});

test("a hand-over calls whoever begins, by an account that they linked too", async () => {
  const { store } = await freshStore();
  const facts = buildHandover({ handover: { rota: "primary", from: null, to: "ada" } });
  const slot = at(60);
  const run = { name: "shift", slot, from: at(0), to: slot, channel: "slack:C1" };
  const id = await store.digests.claim(run, slot);
  if (id === null) throw new Error("not claimed");
  await store.digests.saveFacts(id, facts);
  await store.links.save({
    ...{ platform: "discord", account: "9", accountName: "ada there", person: "ada" },
    linkedAt: at(0),
  });
  const ada: Person = { id: "ada", name: "Ada", roles: [], accounts: { slack: "U1" } };
  const shown = await renderer(store, noCharts, [ada])(await wanted(store, "digest", id));
  const spans = (shown?.view.blocks ?? []).flatMap((block) => (block.kind === "text" ? block.text : []));
  expect(spans.find(({ mention }) => mention !== undefined)).toMatchObject({
    text: "@Ada",
    mention: { kind: "person", accounts: { slack: "U1", discord: "9" } },
  });
});
