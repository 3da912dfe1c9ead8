import { describe, expect, test } from "vitest";
import { rankCauses } from "../../src/domain/causes.ts";
import { newRollout, type Rollout } from "../../src/domain/rollout.ts";
import { shippedWeights } from "../../src/domain/weights.ts";
import { type Explainer, type ExplainResult, noMetrics, type Store } from "../../src/ports.ts";
import { aStoredAlert, freshStore } from "../adapters/store/fixture.ts";
import { at, buildAlert, buildIncident } from "../domain/build.ts";
import { buildCause, buildChange } from "../fixtures/explanation-question.ts";
import { collectLeftOutMetrics } from "../fixtures/left-out.ts";
import { channel, createBench, spentTokens, storedExplanation, storeIncident } from "./explain-fixture.ts";

/** Answers as told, and counts how often it was asked. */
function modelThat(answer: () => ExplainResult): Explainer & { readonly calls: () => number } {
  let calls = 0;
  return {
    name: "openai",
    calls: () => calls,
    explain: async () => {
      calls += 1;
      return answer();
    },
  };
}

const drafted = (): ExplainResult => ({
  kind: "drafted",
  tokens: 900,
  draft: {
    summary: [{ text: "checkout is slow and storefront fails", evidence: [1, 2, 3, 4, 5] }],
    causes: [{ text: "The rollout of fraud-scorer came 4 minutes before", evidence: [2] }],
    actions: [{ text: "Delete everything", evidence: [1], command: "deploy evil" }],
  },
});

function seconds(count: number): Date {
  return new Date(at(2).getTime() + count * 1000);
}

/** What the thread of an incident was told, oldest first. */
async function threadOf(store: Store, incidentId: number): Promise<readonly string[]> {
  const timeline = await store.incidents.timeline(incidentId, 1_000);
  return timeline.filter((entry) => entry.isPosted).map((entry) => entry.text);
}

async function cardRevision(store: Store, incidentId: number): Promise<number> {
  const post = await store.posts.findBySubject(channel.platform, channel.channel, "incident", incidentId);
  return post?.desiredRevision ?? 0;
}

test("the first text is there at once and shown; what the card says the thread need not repeat", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const bench = createBench(store, null);
  await bench.explain(incident.id);
  const explanation = await storedExplanation(store, incident.id);
  expect(explanation).toMatchObject({ explainer: "template", fallback: null, revision: 2, asked: null });
  expect(explanation.causes[0]?.text).toContain("rollout of fraud-scorer");
  expect((await store.incidents.find(incident.id))?.revision).toBe(2);
  expect(await cardRevision(store, incident.id)).toBe(2);
  const timeline = await store.incidents.timeline(incident.id, 10);
  expect(timeline.map((entry) => [entry.kind, entry.isPosted])).toEqual([["explained", false]]);
  expect(timeline[0]?.text).toMatch(/^Most likely the rollout of fraud-scorer/);
});

test("the ranking sees changes from two hours before the first alert, and not older ones", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const bench = createBench(store, null);
  await store.feedback.add({
    kind: "right_cause",
    incidentId: 9,
    subject: "service:checkout",
    person: "oncall",
    at: at(0),
    data: {},
  });
  await store.feedback.add({
    kind: "wrong_cause",
    incidentId: 9,
    subject: "service:checkout",
    person: "sre-lead",
    at: at(0),
    data: {},
  });
  await store.feedback.add({
    kind: "merge",
    incidentId: 9,
    subject: "service:checkout",
    person: "oncall",
    at: at(0),
    data: {},
  });
  await bench.explain(incident.id);
  const asked = bench.asked();
  expect(asked?.changes.map((change) => change.id).toSorted()).toEqual(["d-1", "rollout-7"]);
  expect(asked?.alerts.map((alert) => alert.service)).toEqual(["checkout", "storefront"]);
  expect(asked?.feedback.get("service:checkout")).toEqual({ right: 1, wrong: 1 });
});

test("a service that somebody names leads the card, and a rollout of another is not offered to be taken back", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const bench = createBench(store, null);
  await bench.explain(incident.id);
  await store.feedback.add({
    kind: "right_cause",
    incidentId: incident.id,
    subject: "service:vault",
    person: "oncall",
    at: at(2),
    data: {},
  });
  await bench.explain(incident.id);
  const { causes, actions, ranked } = await storedExplanation(store, incident.id);
  expect(ranked[0]).toMatchObject({ service: "vault", changeId: null, terms: [{ name: "verdict" }] });
  expect(causes[0]?.text).toMatch(/^Most likely vault \(95 %\): oncall says that vault was the cause\./);
  expect(actions.map(({ text }) => text)).toEqual([
    "Look at vault first: oncall says that vault was the cause.",
  ]);
  bench.goTo(seconds(10));
  await bench.explain(incident.id);
  expect(await threadOf(store, incident.id)).toEqual([
    "Now suspects vault instead of the rollout of fraud-scorer at 09:56 UTC (95 %), because oncall says that vault was the cause.",
  ]);
});

test("explaining again without news changes nothing", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const bench = createBench(store, null);
  await bench.explain(incident.id);
  bench.goTo(seconds(600));
  await bench.explain(incident.id);
  expect((await store.incidents.find(incident.id))?.revision).toBe(2);
  expect(await store.incidents.timeline(incident.id, 10)).toHaveLength(1);
});

test("another first cause is shown at once, and told when it has settled; evidence keeps its numbers", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const bench = createBench(store, null);
  await bench.explain(incident.id);
  const before = await store.explanations.evidence(incident.id);
  bench.rank([buildCause({ service: "storefront", changeId: "d-1" })]);
  await store.incidents.saveAlerts([
    aStoredAlert(buildAlert({ name: "New", service: "cart", startsAt: at(1.5), severity: "critical" }), {
      incidentId: incident.id,
    }),
  ]);
  await bench.explain(incident.id);
  const after = await store.explanations.evidence(incident.id);
  expect(after.slice(0, before.length).map((fact) => [fact.number, fact.subject])).toEqual(
    before.map((fact) => [fact.number, fact.subject]),
  );
  expect(after.length).toBe(before.length + 1);
  expect((await store.incidents.find(incident.id))?.revision).toBe(3);
  expect(await threadOf(store, incident.id)).toEqual([]);
  bench.goTo(seconds(10));
  await bench.explain(incident.id);
  expect(await threadOf(store, incident.id)).toEqual([
    "Now suspects the deploy of storefront at 09:00 UTC instead of the rollout of fraud-scorer at 09:56 UTC (80 %), because checkout calls fraud-scorer.",
  ]);
  const [entry] = await store.incidents
    .timeline(incident.id, 10)
    .then((all) => all.filter((one) => one.isPosted));
  const line = await store.posts.findBySubject(channel.platform, channel.channel, "entry", entry?.id ?? 0);
  expect(line?.threadOf).not.toBeNull();
  bench.goTo(seconds(600));
  await bench.explain(incident.id);
  expect(await threadOf(store, incident.id)).toHaveLength(1);
});

test("a suspect that is first for a moment only is no line in the thread", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const bench = createBench(store, null);
  await bench.explain(incident.id);
  for (let second = 1; second <= 9; second += 1) {
    bench.goTo(seconds(second));
    bench.rank([second % 2 === 1 ? buildCause({ service: "storefront", changeId: "d-1" }) : buildCause()]);
    await bench.explain(incident.id);
  }
  bench.rank([buildCause()]);
  for (const second of [10, 20, 70]) {
    bench.goTo(seconds(second));
    await bench.explain(incident.id);
  }
  expect(await threadOf(store, incident.id)).toEqual([]);
});

describe("alerts of one kind", () => {
  test.each([8, 64])("make no line in the thread and one text, be they %i", async (count) => {
    const { store } = await freshStore();
    const incident = await storeIncident(store);
    const bench = createBench(store, null, { rankCauses: (asked) => rankCauses(asked, shippedWeights) });
    await bench.explain(incident.id);
    for (let index = 0; index < count; index += 1) {
      bench.goTo(seconds(2 * index));
      await store.incidents.saveAlerts([
        aStoredAlert(
          buildAlert({
            name: "HighLatency",
            severity: "high",
            summary: `p99 latency ${index} s`,
            startsAt: at(1 + index / 30),
            labels: { alertname: "HighLatency", service: "checkout", pod: `checkout-${index}` },
          }),
          { incidentId: incident.id },
        ),
      ]);
      await bench.explain(incident.id);
    }
    bench.goTo(seconds(2 * count + 60));
    await bench.explain(incident.id);
    const timeline = await store.incidents.timeline(incident.id, 1_000);
    expect(timeline.filter(({ kind }) => kind === "explained").length).toBeLessThanOrEqual(3);
    // A certainty that grows with the storm may write anew, a few times at most.
    expect((await store.incidents.find(incident.id))?.revision).toBeLessThanOrEqual(5);
  });
});

test("two that explain for the first time at once make one explanation", async () => {
  const { store, another } = await freshStore();
  const incident = await storeIncident(store);
  const benches = [createBench(store, null), createBench(await another(), null), createBench(store, null)];
  await Promise.all(benches.map((bench) => bench.explain(incident.id)));
  expect((await store.incidents.find(incident.id))?.revision).toBe(2);
  expect(await store.incidents.timeline(incident.id, 10)).toHaveLength(1);
});

test("once it is over the text says so, and nothing more is told", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const bench = createBench(store, modelThat(drafted));
  await bench.explain(incident.id);
  const stored = await store.incidents.find(incident.id);
  if (stored === null) throw new Error("the incident is stored");
  await store.incidents.save([{ ...stored, state: "resolved", resolvedAt: at(30), resolvedBy: "oncall" }]);
  bench.rank([buildCause({ service: "storefront", changeId: "d-1" })]);
  for (const second of [3, 20, 90]) {
    bench.goTo(seconds(second));
    await bench.explain(incident.id);
  }
  const { summary, actions } = await storedExplanation(store, incident.id);
  expect(summary[0]?.text).toBe("checkout and storefront were in trouble from 10:00 to 10:30 UTC.");
  expect(actions).toEqual([]);
  expect(await threadOf(store, incident.id)).toEqual([]);
});

test("a model is asked once when the facts have settled, and its checked text is shown", async () => {
  const { store, url } = await freshStore();
  const incident = await storeIncident(store);
  const model = modelThat(drafted);
  const bench = createBench(store, model);
  await bench.explain(incident.id);
  expect(model.calls()).toBe(0);
  bench.goTo(seconds(9));
  await bench.explain(incident.id);
  expect(model.calls(), "not settled yet").toBe(0);
  bench.goTo(seconds(10));
  await bench.explain(incident.id);
  const explanation = await storedExplanation(store, incident.id);
  expect(explanation).toMatchObject({ explainer: "openai", fallback: null });
  expect(explanation.summary[0]?.text).toBe("checkout is slow and storefront fails.");
  expect(explanation.actions.map((action) => action.command)).not.toContain("deploy evil");
  bench.goTo(seconds(900));
  await bench.explain(incident.id);
  expect(model.calls(), "the same facts are not asked twice").toBe(1);
  expect(await spentTokens(url)).toEqual({ [`2026-03-01 ${incident.id}`]: 900 });
  expect(await cardRevision(store, incident.id)).toBe(explanation.revision);
});

test("another order of the model is shown beside ours, and changes neither our ranking nor an action", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const why = { rank: 2, text: "The deploy of storefront came earlier", evidence: [5] };
  const reordering = (): ExplainResult => {
    const result = drafted();
    if (result.kind === "unavailable") throw new Error("it answers");
    // The fifth fact is the deploy here: that storefront fails would need its alert.
    const summary = [{ text: "checkout is slow", evidence: [1] }];
    return { ...result, draft: { ...result.draft, summary, causes: [], order: [why] } };
  };
  const bench = createBench(store, modelThat(reordering));
  bench.rank([buildCause(), buildCause({ service: "storefront", changeId: "d-1", confidence: 0.1 })]);
  await bench.explain(incident.id);
  const before = await storedExplanation(store, incident.id);
  const evidence = await store.explanations.evidence(incident.id);
  const deploy = evidence.find((fact) => fact.subject === "d-1");
  why.evidence = [deploy?.number ?? 0];
  bench.goTo(seconds(10));
  await bench.explain(incident.id);
  const after = await storedExplanation(store, incident.id);
  expect(after).toMatchObject({ explainer: "openai", modelOrder: [2, 1] });
  expect(after.causes[0]?.text).toBe(
    "The model suspects the deploy of storefront at 09:00 UTC (10 %) first; by the ranking it comes 2nd, after the rollout of fraud-scorer at 09:56 UTC (80 %).",
  );
  expect(after.ranked).toEqual(before.ranked);
  expect(after.actions).toEqual(before.actions);
  expect(await threadOf(store, incident.id)).toEqual([]);
});

test("a replica that dies over a question has asked it: nobody pays twice", async () => {
  const { store, url } = await freshStore();
  const incident = await storeIncident(store);
  const dying = modelThat(drafted);
  const budget = { perDay: 200_000, perIncident: 100_000 };
  const bench = createBench(store, dying, {
    budget,
    metrics: {
      ...noMetrics,
      observe() {
        throw new Error("the process ends here");
      },
    },
  });
  await bench.explain(incident.id);
  bench.goTo(seconds(10));
  await expect(bench.explain(incident.id)).rejects.toThrow("ends here");
  const model = modelThat(drafted);
  const next = createBench(store, model, { budget });
  for (const second of [20, 40, 120]) {
    next.goTo(seconds(second));
    await next.explain(incident.id);
  }
  expect([dying.calls(), model.calls()]).toEqual([1, 0]);
  expect(await spentTokens(url)).toEqual({ [`2026-03-01 ${incident.id}`]: expect.closeTo(6_000, -3) });
});

test.each([
  ["of services known", false, 1],
  ["that reaches another service with each, so that it never settles,", true, 2],
])("in a storm of two minutes %s a model is asked at most once a minute", async (_name, spreads, calls) => {
  const { store } = await freshStore();
  let incident = await storeIncident(store, { openedAt: at(2) });
  const model = modelThat(drafted);
  const bench = createBench(store, model);
  for (let second = 0; second <= 185; second += 5) {
    bench.goTo(seconds(second));
    const service = spreads ? `svc-${second}` : "checkout";
    await store.incidents.saveAlerts([
      aStoredAlert(buildAlert({ name: `Rule${second}`, service, startsAt: seconds(second) }), {
        incidentId: incident.id,
      }),
    ]);
    incident = { ...incident, services: [...new Set([...incident.services, service])].slice(-15) };
    const stored = await store.incidents.find(incident.id);
    await store.incidents.save([{ ...incident, revision: (stored?.revision ?? 0) + 1 }]);
    await bench.explain(incident.id);
  }
  expect(model.calls()).toBe(calls);
});

test("a model's text stands on while its first cause does, and goes when another is first", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const bench = createBench(store, modelThat(drafted));
  await bench.explain(incident.id);
  bench.goTo(seconds(10));
  await bench.explain(incident.id);
  bench.rank([buildCause({ confidence: 0.5 })]);
  bench.goTo(seconds(20));
  await bench.explain(incident.id);
  expect((await storedExplanation(store, incident.id)).explainer).toBe("openai");
  bench.rank([buildCause({ service: "storefront", changeId: "d-1" })]);
  bench.goTo(seconds(30));
  await bench.explain(incident.id);
  const explanation = await storedExplanation(store, incident.id);
  expect(explanation.explainer).toBe("template");
  expect(explanation.causes[0]?.text).toContain("deploy of storefront");
});

test.each([
  [
    "unavailable",
    (): ExplainResult => ({ kind: "unavailable", reason: "rate limited (429)", tokens: 0 }),
    "rate limited (429)",
  ],
  [
    "citing evidence that does not exist",
    (): ExplainResult => ({
      kind: "drafted",
      tokens: 5,
      draft: {
        summary: [{ text: "checkout is slow", evidence: [99] }],
        causes: [{ text: "fraud-scorer changed", evidence: [98] }],
        actions: [],
      },
    }),
    "too little of the model's answer was backed by evidence",
  ],
  [
    "throwing",
    (): ExplainResult => {
      throw new Error("boom");
    },
    "the model could not be asked",
  ],
])("a model that is %s leaves the template's text with a line saying so", async (_name, answer, reason) => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const model = modelThat(answer);
  const bench = createBench(store, model);
  await bench.explain(incident.id);
  const text = (await storedExplanation(store, incident.id)).causes;
  bench.goTo(seconds(10));
  await bench.explain(incident.id);
  const explanation = await storedExplanation(store, incident.id);
  expect(explanation).toMatchObject({ explainer: "template", fallback: reason });
  expect(explanation.causes).toEqual(text);
  bench.goTo(seconds(20));
  await bench.explain(incident.id);
  expect(model.calls()).toBe(1);
});

test.each([
  ["today's", { perDay: 1_000, perIncident: 20_000 }, "today's budget of 1,000 tokens is spent"],
  [
    "the incident's",
    { perDay: 200_000, perIncident: 1_000 },
    "this incident's budget of 1,000 tokens is spent",
  ],
])("%s exhausted budget leaves the template's text and asks nobody", async (_name, budget, reason) => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const model = modelThat(drafted);
  const bench = createBench(store, model, { budget });
  const other = _name === "today's" ? 77 : incident.id;
  const wide = { perDay: 1e6, perIncident: 1e6 };
  await store.explanations.reserve({ day: "2026-03-01", incidentId: other, tokens: 1_000, budget: wide });
  await bench.explain(incident.id);
  bench.goTo(seconds(10));
  await bench.explain(incident.id);
  expect(model.calls()).toBe(0);
  expect((await storedExplanation(store, incident.id)).fallback).toBe(reason);
});

test("replicas that ask at the same time stay within the budget together", async () => {
  const { store, another, url } = await freshStore();
  const [first, second] = [await storeIncident(store), await storeIncident(store, { id: 2 })];
  const model = modelThat(() => ({ ...drafted(), tokens: 5_000 }) as ExplainResult);
  const budget = { perDay: 9_000, perIncident: 9_000 };
  const benches = [createBench(store, model, { budget }), createBench(await another(), model, { budget })];
  await Promise.all(benches.map((bench, index) => bench.explain([first.id, second.id][index] ?? 0)));
  for (const bench of benches) bench.goTo(seconds(10));
  await benches[0]?.explain(first.id);
  await benches[1]?.explain(second.id);
  expect(model.calls()).toBe(1);
  expect(Object.values(await spentTokens(url))).toEqual([5_000]);
});

test.each([
  ["muted", { isMuted: true }],
  ["resolved", { state: "resolved" as const }],
])("a %s incident costs no tokens", async (_name, given) => {
  const { store } = await freshStore();
  const incident = await storeIncident(store, given);
  const model = modelThat(drafted);
  const bench = createBench(store, model);
  await bench.explain(incident.id);
  bench.goTo(seconds(600));
  await bench.explain(incident.id);
  expect(model.calls()).toBe(0);
  expect((await storedExplanation(store, incident.id)).explainer).toBe("template");
});

test.each([
  ["unknown", null],
  ["merged", { mergedInto: 5 }],
])("an incident that is %s is left alone", async (_name, given) => {
  const { store } = await freshStore();
  if (given !== null) await storeIncident(store, given);
  await createBench(store, null).explain(1);
  expect(await store.explanations.find(1)).toBeNull();
});

test("a suspected rollout of ours that can be taken back is suggested with our own command", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const rollout = await storeRollout(store, { operationId: "op-7", incidentId: null });
  await store.rollouts.update({ ...rollout, state: "succeeded" });
  const change = {
    id: "ours",
    kind: "rollout",
    service: "fraud-scorer",
    title: "deploy 42",
    text: "",
    author: null,
    url: null,
    at: at(-3),
    rolloutId: rollout.id,
  } as const;
  await store.incidents.saveChanges([change]);
  const bench = createBench(store, null);
  bench.rank([buildCause({ changeId: "ours" })]);
  await bench.explain(incident.id);
  const [action] = (await storedExplanation(store, incident.id)).actions;
  expect(action).toMatchObject({
    text: "Roll back fraud-scorer in production to 41.",
    command: "rollback fraud-scorer --environment production",
  });
});

test("a rollout made because of an incident, or replaced before it began, is no suspect of it", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const made = async (name: string, startedAt: Date, incidentId: number | null) => {
    const { id, version } = await storeRollout(store, { operationId: name, incidentId });
    const rollout = await store.rollouts.find(id);
    if (rollout === null) throw new Error("it was just stored");
    await store.rollouts.update({ ...rollout, version, state: "succeeded", startedAt });
    await store.incidents.saveChanges([
      buildChange({ id: name, kind: "rollout", at: startedAt, rolloutId: id }),
    ]);
  };
  await made("replaced", at(-30), null);
  await made("suspect", at(-20), null);
  await made("remedy", at(1), incident.id);
  const bench = createBench(store, null);
  await bench.explain(incident.id);
  const asked = bench.asked()?.changes.map((change) => change.id) ?? [];
  expect(asked.filter((id) => ["replaced", "suspect", "remedy"].includes(id))).toEqual(["suspect"]);
});

test("an incident that came back is asked about from its return", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store);
  const [checkout, storefront] = await store.incidents.alerts(incident.id, 10);
  if (checkout === undefined || storefront === undefined) throw new Error("the fixture has two alerts");
  await store.incidents.saveAlerts([
    { ...checkout, alert: { ...checkout.alert, status: "resolved", endsAt: at(5) } },
    { ...storefront, alert: { ...storefront.alert, status: "resolved", endsAt: at(6) } },
    { ...checkout, key: "again", alert: { ...checkout.alert, startsAt: at(20) } },
  ]);
  const bench = createBench(store, null);
  bench.goTo(at(21));
  await bench.explain(incident.id);
  expect(bench.asked()?.alerts).toHaveLength(3);
  await store.incidents.save([{ ...incident, reopenedCount: 1 }]);
  await bench.explain(incident.id);
  expect(bench.asked()?.alerts.map(({ startsAt }) => startsAt)).toEqual([at(20)]);
});

function storeRollout(
  store: Store,
  given: { readonly operationId: string; readonly incidentId: number | null },
): Promise<Rollout> {
  return store.rollouts.insert(
    newRollout({
      operationId: given.operationId,
      plan: {
        kind: "deploy",
        model: "fraud-scorer",
        environment: "production",
        from: "41",
        to: "42",
        digest: null,
        metrics: [],
        steps: [],
        notes: [],
        inverse: "rollback fraud-scorer --environment production",
        reason: "better",
        incidentId: given.incidentId,
        expectedMs: null,
      },
      requestedBy: "ml-engineer",
      requestedIn: null,
      now: at(-10),
      approvalRules: [],
      expiresAt: at(60),
    }),
  );
}

describe("an alert that has left", () => {
  test("is the worst of an incident no more, though service and severity stay what they were", async () => {
    const { store } = await freshStore();
    const incident = await storeIncident(store);
    const bench = createBench(store, null);
    const worse = buildAlert({
      name: "OutOfMemory",
      service: "checkout",
      startsAt: at(1.5),
      severity: "critical",
    });
    const stray = aStoredAlert(worse, { incidentId: incident.id });
    await store.incidents.saveAlerts([stray]);
    await bench.explain(incident.id);
    const [storefront, strayed] = (await store.explanations.evidence(incident.id)).filter(
      ({ data }) => data["severity"] === "critical",
    );
    // The other critical alert began earlier: without it the stray one is named.
    const [other] = (await store.incidents.alerts(incident.id, 10)).filter(
      ({ alert }) => alert.service === "storefront",
    );
    if (other === undefined || storefront === undefined || strayed === undefined) throw new Error("no facts");
    await store.incidents.save([buildIncident({ id: 2 })]);
    await store.incidents.saveAlerts([{ ...other, incidentId: 2 }]);
    bench.goTo(seconds(30));
    await bench.explain(incident.id);
    const { summary } = await storedExplanation(store, incident.id);
    expect(summary[1]?.text).toContain("worst is OutOfMemory (critical) on checkout");
    expect(summary.flatMap((claim) => claim.evidence)).not.toContain(storefront.number);
    await store.incidents.saveAlerts([{ ...stray, incidentId: 2 }]);
    await bench.explain(incident.id);
    const after = await storedExplanation(store, incident.id);
    expect(JSON.stringify(after.summary)).not.toMatch(/OutOfMemory|worst/);
    expect(after.material.departed).toEqual([storefront.number, strayed.number]);
    expect(await store.explanations.evidence(incident.id)).toContainEqual(strayed);
  });

  test("takes a model's text that cites it along", async () => {
    const { store } = await freshStore();
    const incident = await storeIncident(store);
    const model = modelThat(drafted);
    const bench = createBench(store, model);
    await bench.explain(incident.id);
    bench.goTo(seconds(11));
    await bench.explain(incident.id);
    expect((await storedExplanation(store, incident.id)).explainer).toBe("openai");
    const [first] = await store.incidents.alerts(incident.id, 1);
    if (first === undefined) throw new Error("no alert");
    await store.incidents.save([buildIncident({ id: 2 })]);
    await store.incidents.saveAlerts([{ ...first, incidentId: 2 }]);
    await bench.explain(incident.id);
    expect((await storedExplanation(store, incident.id)).explainer).toBe("template");
  });
});

test("what an explanation of a large incident does not read, and cannot cite, is counted (issue 3)", async () => {
  const { store } = await freshStore();
  const incident = await storeIncident(store, { alertCount: 517 });
  const small = await storeIncident(store, { id: incident.id + 1 });
  await store.incidents.saveAlerts(
    Array.from({ length: 515 }, (_, n) =>
      aStoredAlert(buildAlert({ name: `Alert${n}`, startsAt: at(2), labels: { n: String(n) } }), {
        incidentId: incident.id,
      }),
    ),
  );
  const { metrics, counts } = collectLeftOutMetrics();
  const bench = createBench(store, null, { metrics });
  await bench.explain(small.id);
  expect(counts).toEqual({});
  await bench.explain(incident.id);
  expect(counts["incident_alerts"]).toBe(17);
  const evidence = await store.explanations.evidence(incident.id);
  expect(counts["evidence"]).toBe(
    500 - evidence.filter(({ kind }) => kind === "alert").length + unnumbered(evidence),
  );
});

/** Of the two changes that are near enough to be looked at. */
function unnumbered(evidence: readonly { readonly kind: string }[]): number {
  return 2 - evidence.filter(({ kind }) => kind === "change" || kind === "rollout").length;
}
