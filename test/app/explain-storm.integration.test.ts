/** A storm through the whole explanation: the real store, the real ranking, the real client of a model. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOpenAiExplainer } from "../../src/adapters/explainers/openai.ts";
import { createRender } from "../../src/app/render.ts";
import { rankCauses } from "../../src/domain/causes.ts";
import { textOf, type View } from "../../src/domain/view.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { type Store, silentLog } from "../../src/ports.ts";
import { aStoredAlert, freshStore } from "../adapters/store/fixture.ts";
import { at, buildAlert } from "../domain/build.ts";
import { factsOf, type ModelServer, sendDraft, startModelServer } from "../fakes/model-server.ts";
import { noCharts } from "../fixtures/charts.ts";
import { channel, createBench, spentTokens, storedExplanation, storeIncident } from "./explain-fixture.ts";

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
  server.behave((request, response) => {
    const evidence = factsOf(request).evidence.map((fact) => fact.n);
    const claims = [{ text: "checkout is slow.", evidence: evidence.slice(0, 1) }];
    sendDraft(claims, claims)(request, response);
  });
});
afterAll(() => server.close());

function realBench(store: Store) {
  return createBench(
    store,
    createOpenAiExplainer({
      apiKey: "test-key",
      baseUrl: server.url,
      model: "test-model",
      timeoutMs: 5_000,
      log: silentLog,
    }),
    { rankCauses: (question) => rankCauses(question, shippedWeights) },
  );
}

test("a storm of four hundred alerts of one kind asks the model once, and tells the thread next to nothing", async () => {
  const { store, another, url } = await freshStore();
  const incident = await storeIncident(store);
  const replicas = [realBench(store), realBench(await another())];
  const before = server.requests.length;
  for (let second = 0; second < 80; second += 1) {
    await store.incidents.saveAlerts(
      Array.from({ length: 5 }, (_, index) => aStormAlert(incident.id, second, index)),
    );
    const replica = replicas[second % replicas.length];
    replica?.goTo(new Date(at(2).getTime() + second * 1_000));
    await replica?.explain(incident.id);
  }
  for (const replica of replicas) {
    replica.goTo(at(10));
    await replica.explain(incident.id);
  }
  expect(server.requests.length - before).toBe(1);
  const timeline = await store.incidents.timeline(incident.id, 1_000);
  expect(timeline.filter((entry) => entry.isPosted).length).toBeLessThanOrEqual(2);
  expect(await spentTokens(url)).toEqual({ [`2026-03-01 ${incident.id}`]: 1234 });
});

function aStormAlert(incidentId: number, second: number, index: number) {
  const pod = `checkout-${second}-${index}`;
  const alert = buildAlert({
    name: "HighLatency",
    severity: "high",
    summary: `p99 latency ${second} s`,
    startsAt: new Date(at(2).getTime() + second * 1_000),
    labels: { alertname: "HighLatency", service: "checkout", pod },
  });
  return aStoredAlert(alert, { incidentId });
}

test("the first card already tells what broke, the probable cause and what to do, and is not edited for it", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const render = renderer(store, realBench(store).explain, 10_000);
  const rendered = await render(await cardPost(store, incident.id));
  const text = shownText(rendered?.view);
  expect(text).toMatch(/checkout and storefront have been in trouble since 10:00 UTC\./);
  expect(text).toMatch(/fraud-scorer/);
  expect(rendered?.revision).toBe((await store.incidents.find(incident.id))?.revision);
  expect((await storedExplanation(store, incident.id)).revision).toBe(rendered?.revision);
  expect((await cardPost(store, incident.id)).desiredRevision).toBe(rendered?.revision);
});

test("a first card waits for its explanation, and not for the index by which the incident is found later", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  let index: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => {
    index = resolve;
  });
  const remember: Store["similar"]["remember"] = (id, features) =>
    slow.then(() => store.similar.remember(id, features));
  const bench = realBench({ ...store, similar: { ...store.similar, remember } });
  let isIndexed = false;
  const job = bench.explain(incident.id).then(() => {
    isIndexed = true;
  });
  await bench.explainFirst(incident.id);
  expect((await storedExplanation(store, incident.id)).summary).not.toEqual([]);
  expect(isIndexed).toBe(false);
  index();
  await job;
});

test("a card goes without an explanation when that fails or takes too long", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  for (const explain of [
    () => Promise.reject(new Error("the ranking is broken")),
    () => new Promise<void>(() => undefined),
  ]) {
    const rendered = await renderer(store, explain)(await cardPost(store, incident.id));
    expect(rendered?.view.title).toContain("HighErrorRate on checkout");
  }
});

function renderer(store: Store, explain: (incidentId: number) => Promise<void>, explainWaitMs = 20) {
  return createRender({
    store,
    explain,
    explainWaitMs,
    log: silentLog,
    people: [],
    models: [],
    clock: { now: () => at(2) },
    policy: { hash: "", decide: () => ({ kind: "deny", policies: [], because: "nobody asks" }) },
    charts: noCharts,
  });
}

async function cardPost(store: Store, incidentId: number) {
  const post = await store.posts.findBySubject(channel.platform, channel.channel, "incident", incidentId);
  if (post === null) throw new Error("the card is wanted");
  return post;
}

function shownText(view: View | undefined): string {
  const blocks = view?.blocks ?? [];
  return blocks
    .map((block) =>
      block.kind === "text"
        ? textOf(block.text)
        : block.kind === "list"
          ? block.items.map(textOf).join("\n")
          : "",
    )
    .join("\n");
}
