import { readFile } from "node:fs/promises";
import path from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type OpenStore, openStore } from "../../src/adapters/store/store.ts";
import { createPlanner } from "../../src/app/plan.ts";
import { kindOf } from "../../src/domain/alert/evidence-kind.ts";
import { alertKey, fingerprint } from "../../src/domain/alert.ts";
import type { Incident } from "../../src/domain/incident.ts";
import type { View } from "../../src/domain/view.ts";
import { checkCommand, loadFolders } from "../../src/load.ts";
import { type Command, type Policy, type Store, type StoredAlert, silentLog } from "../../src/ports.ts";
import {
  createLedger,
  createLedgerBackend,
  createTestClock,
  createWorld,
  modelEntry,
  people,
  requestOf,
  shippedPolicy,
} from "../app/rollout-world.ts";
import { freshDatabase, type TestDatabase } from "../database.ts";
import { noCharts } from "../fixtures/charts.ts";
import { buildExplanation } from "../fixtures/explanation-question.ts";

let database: TestDatabase;
let store: OpenStore;
let policy: Policy;
let commands: readonly Command[];
const clock = createTestClock();

beforeAll(async () => {
  database = await freshDatabase();
  store = await openStore({ url: database.url });
  policy = await shippedPolicy();
  commands = (await loadFolders([path.resolve("commands")], checkCommand)).plugins;
});
afterAll(async () => {
  await store.close();
  await database.close();
});

function world(models = [modelEntry(createLedgerBackend(createLedger(), "adopt"))]) {
  return createWorld({ store, policy, models, commands, clock });
}

async function view(who: string, line: string, w = world()): Promise<View> {
  const answer = await w.execute.execute(requestOf(who, line, clock.now()));
  if (answer === null) throw new Error("it was answered before");
  return answer.view;
}

let ids = 0;
/** An open incident with a card in the console. */
async function incident(over: Partial<Incident> = {}): Promise<Incident> {
  ids += 1;
  const at = new Date(clock.now().getTime() - 600_000);
  const opened: Incident = {
    id: ids,
    state: "open",
    severity: "high",
    title: `HighErrorRate on service-${ids}`,
    services: [`service-${ids}`],
    serviceCount: 1,
    startedAt: at,
    openedAt: at,
    acknowledgedAt: null,
    acknowledgedBy: null,
    assignedTo: null,
    assignedAt: null,
    severitySetBy: null,
    snoozedUntil: null,
    related: [],
    resolvedAt: null,
    resolvedBy: null,
    reopenedCount: 0,
    alertCount: 2,
    firingCount: 1,
    isMuted: false,
    mergedInto: null,
    parentId: null,
    revision: 1,
    ...over,
  };
  await store.incidents.save([opened]);
  const card = { platform: "console", channel: "incidents", kind: "incident", subject: opened.id } as const;
  await store.posts.want([{ ...card, desiredRevision: 1, threadOf: null }], clock.now());
  return opened;
}

describe("ack and resolve", () => {
  test("change the incident, its card and its thread, and are audited", async () => {
    const { id } = await incident();
    expect(await world().say("oncall", `ack ${id}`)).toContain(`You acknowledged incident ${id}`);
    const after = await store.incidents.find(id);
    expect(after).toMatchObject({ state: "acknowledged", acknowledgedBy: "oncall", revision: 2 });
    expect((await store.posts.findBySubject("console", "incidents", "incident", id))?.desiredRevision).toBe(
      2,
    );
    const [line] = await store.incidents.timeline(id, 5);
    expect(line).toMatchObject({ kind: "acknowledged", actor: "oncall", isPosted: true });
    expect(await store.posts.findBySubject("console", "incidents", "entry", line?.id ?? 0)).not.toBeNull();
    const [entry] = await store.audit.list({ subject: `incident:${id}`, limit: 1 });
    expect(entry).toMatchObject({ action: "incident.acknowledged", actor: "oncall", outcome: "done" });
  });

  test("a second acknowledgement says by whom the first was", async () => {
    const { id } = await incident();
    await world().say("oncall", `ack ${id}`);
    expect(await world().say("ml", `ack #${id}`)).toContain("already acknowledged, by oncall");
    expect((await store.incidents.find(id))?.revision).toBe(2);
  });

  test("resolving keeps the reason, and a cause becomes feedback to learn from", async () => {
    const { id } = await incident();
    await world().say("oncall", `resolve ${id} rolled back the scorer —cause checkout`);
    expect(await store.incidents.find(id)).toMatchObject({ state: "resolved", resolvedBy: "oncall" });
    const feedback = await store.feedback.ofIncidents([id], 100);
    expect(feedback).toMatchObject([{ kind: "right_cause", subject: "service:checkout", person: "oncall" }]);
    const [line] = await store.incidents.timeline(id, 5);
    expect(line?.text).toBe("resolved by oncall: rolled back the scorer (cause: service:checkout)");
    expect(await world().say("oncall", `ack ${id}`)).toContain("already resolved");
  });

  test("an incident that was merged away is acted on where it went", async () => {
    const into = await incident();
    const merged = await incident({ mergedInto: into.id, state: "resolved" });
    await world().say("oncall", `ack ${merged.id}`);
    expect((await store.incidents.find(into.id))?.state).toBe("acknowledged");
  });

  test("a number that there is not names those that there are", async () => {
    const { id } = await incident();
    const shown = await view("oncall", "ack 99999");
    expect(shown.summary).toContain("There is no incident 99999");
    expect(shown.summary).toContain(String(id));
    expect(shown.kind).toBe("error");
  });
});

describe("silence", () => {
  test("mutes by matchers for a while, is listed, and is ended", async () => {
    const w = world();
    const said = await w.say(
      "oncall",
      'silence service="pay ments" severity=~“warning|info” --for 90m --reason “load test”',
    );
    const id = Number(/Silence (\d+)/.exec(said)?.[1]);
    const [kept] = (await store.incidents.silences(clock.now())).filter((silence) => silence.id === id);
    expect(kept).toMatchObject({
      matchers: [
        { name: "service", op: "=", value: "pay ments" },
        { name: "severity", op: "=~", value: "warning|info" },
      ],
      reason: "load test",
      createdBy: "oncall",
    });
    expect((kept?.endsAt.getTime() ?? 0) - clock.now().getTime()).toBe(5_400_000);
    expect(await w.say("oncall", "silence")).toContain('service="pay ments"');
    expect(await w.say("oncall", `silence --end ${id}`)).toContain("has ended");
    expect((await store.incidents.silences(clock.now())).some((silence) => silence.id === id)).toBe(false);
    expect(await w.say("oncall", `silence --end ${id}`)).toContain("no active silence");
    const acts = (await store.audit.list({ subject: `silence:${id}`, limit: 5 })).map(
      (entry) => entry.action,
    );
    expect(acts).toEqual(["silence.ended", "silence.created"]);
  });

  test.each([
    ["service=checkout,severity=high", ['service="checkout"', 'severity="high"']],
    ['{service="a, b", severity!="high"}', ['service="a, b"', 'severity!="high"']],
    ['pod=~"web-\\d{1,3}" team=pay,', ['pod=~"web-\\\\d{1,3}"', 'team="pay"']],
  ])("takes %s as Alertmanager does", async (text, matchers) => {
    const said = await world().say("oncall", `silence ${text} --reason x`);
    expect(said).toContain(`mutes alerts with ${matchers.join(" and ")} until`);
    await world().say("oncall", `silence --end ${/Silence (\d+)/.exec(said)?.[1]}`);
  });

  test.each([
    ["silence service=x", "needs a reason"],
    ["silence service --reason x", '"service" is not a matcher'],
    ["silence service='x' --reason x", "a quote is left over. Put the whole value into double quotes"],
    ['silence service=~"(x+)+" --reason x', "what holds a repeat itself. Write it without"],
    ["silence service=x --for soon --reason x", '"soon" is not a duration'],
    ["silence service=x --for 90d --reason x", "up to 30d"],
    ['silence service=~".*" --reason x', "would mute every alert"],
    ["silence team!=a --reason x", "would mute every alert"],
  ])("%s is refused", async (line, expected) => {
    const before = await store.incidents.silences(clock.now());
    expect(await world().say("oncall", line)).toContain(expected);
    expect(await store.incidents.silences(clock.now())).toHaveLength(before.length);
  });
});

describe("why", () => {
  async function alert(incidentId: number, over: Partial<StoredAlert> = {}): Promise<StoredAlert> {
    const labels = { alertname: "DiskFull", service: `disk-${incidentId}` };
    const startsAt = new Date(clock.now().getTime() - 300_000);
    const parsed = { fingerprint: fingerprint(labels), startsAt };
    const stored: StoredAlert = {
      key: alertKey(parsed),
      alert: {
        ...parsed,
        externalId: null,
        source: "alertmanager",
        status: "firing",
        labels,
        annotations: {},
        name: "DiskFull",
        service: `disk-${incidentId}`,
        severity: "high",
        summary: "90 %",
        url: null,
        endsAt: null,
      },
      seenAt: clock.now(),
      seenCount: 3,
      incidentId,
      reasons: [{ signal: "topology", score: 2.3, because: "disk calls web" }],
      mutedBy: null,
      endedBy: null,
      ...over,
    };
    await store.incidents.saveAlerts([stored]);
    return stored;
  }

  test("an alert: what became of it, by which signals", async () => {
    const { id } = await incident();
    await alert(id);
    const shown = await view("reader", `why disk-${id}`);
    expect(shown.summary).toBe(
      `DiskFull on disk-${id}: it joined incident ${id}, first of all because disk calls web. Nobody was told. The card of incident ${id} has not reached console:incidents yet.`,
    );
    expect(JSON.stringify(shown.blocks)).toContain("disk calls web");
    expect(JSON.stringify(shown.blocks)).toContain('"3 times, last "');
  });

  test("a muted alert: by what", async () => {
    const { id } = await incident();
    await alert(id, { mutedBy: { by: "silence", id: 4, because: "silence 4 by oncall: load test" } });
    expect((await view("reader", `why disk-${id}`)).summary).toContain(
      "is muted by silence 4 by oncall: load test",
    );
  });

  test("an incident: its claims with their evidence, and the terms of its causes", async () => {
    const { id, title } = await incident();
    const at = clock.now();
    await store.explanations.addEvidence(id, [
      { kind: "change", subject: "rollout:1", text: "deploy scorer 2", at, data: {} },
    ]);
    await store.explanations.save(
      buildExplanation({
        incidentId: id,
        summary: [{ text: "Errors began after a deploy.", evidence: [1] }],
        actions: [{ text: "Roll back the scorer.", evidence: [1] }],
        ranked: [
          {
            service: "fraud-api",
            changeId: "rollout:1",
            confidence: 0.82,
            score: 1.5,
            terms: [{ name: "just before", score: 1.5, because: "2 min before the first alert" }],
          },
        ],
        at,
      }),
    );
    const shown = await view("reader", `why INC-${id}`);
    const text = JSON.stringify(shown.blocks);
    expect(shown.summary).toContain(`${title}. Errors began after a deploy.`);
    for (const fact of [
      "[1]",
      "82 %",
      "+1.5",
      "2 min before the first alert",
      "deploy scorer 2",
      "Roll back",
    ]) {
      expect(text).toContain(fact);
    }
  });

  test("a cause is called what the evidence of its change says, a rollout of ours with its number", async () => {
    const { id } = await incident();
    const [rollout, deploy] = [`rollout:${id}:fraud-api`, `d-${id}`];
    const change = { service: "fraud-api", quote: "" };
    await store.explanations.addEvidence(id, [
      {
        ...{ kind: "rollout", subject: String(id), text: "rollout of fraud-api: deploy scorer 2", at: null },
        data: { ...change, changeId: rollout },
      },
      {
        ...{ kind: "change", subject: deploy, text: "deploy of fraud-api: v3", at: null },
        data: { ...change, changeId: deploy },
      },
    ]);
    const cause = { confidence: 0.4, score: 1, terms: [] };
    await store.explanations.save(
      buildExplanation({
        incidentId: id,
        ranked: [
          { ...cause, service: "fraud-api", changeId: rollout },
          { ...cause, service: "checkout", changeId: deploy },
          { ...cause, service: "db", changeId: "rollout:7:db" },
        ],
      }),
    );
    const text = JSON.stringify((await view("reader", `why ${id}`)).blocks);
    expect(text).toContain(`"rollout ${id} of fraud-api: deploy scorer 2"`);
    expect(text).toContain('"deploy of fraud-api: v3, felt in checkout"');
    expect(text).toContain('"rollout 7 on db"');
  });

  test("a service without a change, and that the evidence is not enough, are two answers", async () => {
    const { id } = await incident();
    const cause = { confidence: 0.4, score: 1, terms: [], changeId: null };
    const ranked = [
      { ...cause, service: null },
      { ...cause, service: "stock" },
    ];
    await store.explanations.save(buildExplanation({ incidentId: id, ranked }));
    const text = JSON.stringify((await view("reader", `why ${id}`)).blocks);
    expect(text).toContain('"not enough evidence"');
    expect(text).toContain('"stock, without a change"');
  });

  test("the only service that alerts is no suspect: it is offered, and not claimed (issue 3)", async () => {
    const { id } = await incident();
    const ranked = [{ service: "stock", changeId: null, confidence: 0.6, score: 1, terms: [] }];
    const { material, ...rest } = buildExplanation({ incidentId: id, ranked });
    const answer = { ...material.answer, cause: "none" };
    await store.explanations.save({ ...rest, material: { ...material, answer } });
    const why = await view("oncall", `why ${id}`);
    const text = JSON.stringify(why.blocks);
    expect(text).toContain('"Not enough evidence: only stock is alerting."');
    expect(text).toContain('"stock, the only one alerting"');
    expect(text).not.toContain("Suspected causes");
    expect(why.actions.map(({ label }) => label)).toEqual(
      expect.arrayContaining(["It was stock", "No change", "Other cause…"]),
    );
    expect(why.actions.map(({ label }) => label)).not.toContain("Right cause");
  });

  test("something unknown is refused with what can be written", async () => {
    expect((await view("reader", "why no-such-thing-anywhere")).summary).toContain("No alert goes with");
  });
});

describe("reading", () => {
  test("incidents are listed with buttons for those who may use them", async () => {
    const { id } = await incident();
    const own = await view("oncall", `incidents open --service service-${id}`);
    expect(own.summary).toContain(`${id} HighErrorRate`);
    expect(own.actions.map((action) => action.command)).toEqual([`ack ${id}`]);
    expect((await view("reader", `incidents open --service service-${id}`)).actions).toEqual([]);
    expect((await view("reader", "incidents --service nobody")).summary).toContain(
      "No unresolved incidents about nobody",
    );
  });

  test("models are shown with what serves; one that cannot be asked does not hide the others", async () => {
    const broken = {
      ...createLedgerBackend(createLedger(), "adopt"),
      live: () => Promise.reject(new Error("no route")),
    };
    const w = world([
      modelEntry(createLedgerBackend(createLedger(), "adopt"), { environments: ["staging"] }),
      modelEntry(broken, { name: "lost", environments: ["production"] }),
    ]);
    const shown = await view("reader", "models", w);
    expect(shown.summary).toContain("scorer in staging: 1");
    expect(shown.summary).toContain("lost in production: unknown: no route");
    const one = await view("ml", "models scorer", w);
    expect(JSON.stringify(one.blocks)).toContain("0.93");
    expect(one.actions.map((action) => action.command)).toEqual([
      "deploy scorer 3 --environment staging",
      "models history scorer",
    ]);
    expect((await view("ml", "models scorre", w)).actions.map((action) => action.command)).toEqual([
      "models scorer",
    ]);
  });

  test("the audit log is listed for those who may, and verified", async () => {
    const { id } = await incident();
    await world().say("oncall", `ack ${id}`);
    expect((await view("lead", `audit --subject incident:${id}`)).summary).toContain(
      `incident.acknowledged on incident:${id} by oncall`,
    );
    expect((await view("lead", "audit verify")).summary).toContain("The audit log is intact");
    expect((await view("reader", "audit")).summary).toContain("may not read the audit log");
    expect((await view("lead", "audit --actor nobody-at-all")).summary).toContain("no such entries");
  });

  test("help lists what one may do, with examples, and explains one command", async () => {
    const reader = await view("reader", "help");
    expect(reader.summary).toContain("/why");
    expect(reader.summary).not.toContain("/deploy");
    expect(reader.summary).toMatch(/\d+ more need a role/);
    const engineer = await view("ml", "help");
    expect(engineer.summary).toContain("/deploy");
    expect(JSON.stringify(engineer.blocks)).toContain("/deploy correlator 2");
    const one = await view("reader", "help deploy");
    expect(one.summary).toContain("/deploy <model> [version]");
    expect(JSON.stringify(one.blocks)).toContain("You may not use it");
    const stranger = await view("nobody", "help");
    expect(stranger.summary).toContain("You can use /help, /link.");
  });

  test("a digest is asked for where one can be posted", async () => {
    expect(await world().say("oncall", "digest now")).toContain("on its way");
    const fromCli = { ...requestOf("oncall", "digest now", clock.now()), channel: null };
    const answer = await world().execute.execute(fromCli);
    expect(answer?.view.summary).toContain("was not asked in one");
  });
});

describe("a preview of a digest", () => {
  test("shows to one person what would be posted, and claims no run", async () => {
    const ask = { ...requestOf("oncall", "digest preview", clock.now()), key: "preview-1" };
    const answer = await world().execute.execute(ask);
    expect(answer).toMatchObject({ visibility: "private", view: { kind: "digest" } });
    expect(answer?.view.footer).toBe("preview: nothing was posted");
    expect(await store.digests.lastSlot(null, "console:incidents")).toBeNull();
    expect(await store.digests.find(1)).toBeNull();
  });

  test("needs no channel", async () => {
    const fromCli = { ...requestOf("oncall", "digest preview", clock.now()), channel: null };
    expect((await world().execute.execute(fromCli))?.view.kind).toBe("digest");
  });
});

describe("what was not understood", () => {
  test("a command that there is not is answered by the one that was meant, as a button", async () => {
    const shown = await view("oncall", "akc 12");
    expect(shown.summary).toContain("Did you mean /ack?");
    expect(shown.actions.map((action) => action.command)).toEqual(["ack 12", "help"]);
  });

  test("an option that there is not names the one that was meant, and shows the usage", async () => {
    const shown = await view("oncall", "resolve 1 --casue x");
    expect(shown.summary).toContain("Did you mean --cause?");
    expect(JSON.stringify(shown.blocks)).toContain("/resolve <incident>");
  });

  test("a missing argument shows examples that can be pressed", async () => {
    const shown = await view("oncall", "ack");
    expect(shown.summary).toContain("/ack needs <incident>");
    expect(shown.actions.map(({ label, command, isForm }) => [label, command, isForm])).toEqual([
      ["Fill in a form…", "ack", true],
      ["/ack 12", "ack 12", undefined],
    ]);
  });

  test("a model that there is not is answered by the one that was meant", async () => {
    const shown = await view("ml", "deploy scorre 2 --environment staging");
    expect(shown.actions.map((action) => action.command)).toEqual(["deploy scorer 2 --environment staging"]);
  });

  test("an environment left open offers each of them", async () => {
    const shown = await view("ml", "deploy scorer 2");
    expect(shown.actions.map((action) => action.command)).toEqual([
      "deploy scorer 2 --environment staging",
      "deploy scorer 2 --environment production",
    ]);
  });

  test("while the database is away the answer says so, nothing is lost, and it is tried again", async () => {
    const { id } = await incident();
    const jobs: unknown[] = [];
    const away: Store = {
      ...store,
      transaction: () => Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" })),
      jobs: { ...store.jobs, add: (job) => Promise.resolve(void jobs.push(job)) },
    };
    const request = requestOf("oncall", `ack ${id}`, clock.now());
    const answer = await createWorld({ store: away, policy, models: [], commands, clock }).execute.execute(
      request,
    );
    expect(answer?.view.title).toBe("The database is away");
    expect(jobs).toEqual([{ task: "execute", requestKey: request.key }]);
    expect((await store.incidents.find(id))?.state).toBe("open");
    const later = await world().execute.execute(request);
    expect(later?.view.summary).toContain("You acknowledged");
  });

  test("while not even that can be written the job in hand fails, so that it comes again", async () => {
    const { id } = await incident();
    const gone = () => Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" }));
    const away: Store = { ...store, transaction: gone, jobs: { ...store.jobs, add: gone } };
    const request = requestOf("oncall", `ack ${id}`, clock.now());
    const { execute } = createWorld({ store: away, policy, models: [], commands, clock });
    await expect(execute.execute(request)).rejects.toThrow("no");
    const later = await world().execute.execute(request);
    expect(later?.view.summary).toContain("You acknowledged");
  });

  test("a fault that cannot be closed because the database went away is tried again", async () => {
    const jobs: unknown[] = [];
    let isAway = false;
    const failing = commands.map((command) =>
      command.name === "incidents"
        ? {
            ...command,
            run: () => {
              isAway = true;
              return Promise.reject(new Error("secret detail"));
            },
          }
        : command,
    );
    const leaving: Store = {
      ...store,
      transaction: (work) =>
        isAway ? Promise.reject(Object.assign(new Error("no"), { code: "57P01" })) : store.transaction(work),
      jobs: { ...store.jobs, add: (job) => Promise.resolve(void jobs.push(job)) },
    };
    const own = createWorld({
      store: leaving,
      policy,
      models: [],
      commands: failing as readonly Command[],
      clock,
    });
    const request = requestOf("oncall", "incidents", clock.now());
    await own.execute.execute(request);
    expect(jobs).toEqual([{ task: "execute", requestKey: request.key }]);
  });

  test("a fault is private, and its reference is in the log", async () => {
    const w = world();
    const lines: { readonly reference?: unknown; readonly err?: unknown }[] = [];
    const broken = commands.map((command) =>
      command.name === "incidents"
        ? { ...command, run: () => Promise.reject(new Error("secret detail")) }
        : command,
    );
    const own = createWorld({
      store,
      policy,
      models: [],
      commands: broken as readonly Command[],
      clock,
      log: (fields) => lines.push(fields),
    });
    const answer = await own.execute.execute(requestOf("oncall", "incidents", w.clock.now()));
    expect(answer?.visibility).toBe("private");
    expect(JSON.stringify(answer?.view)).not.toContain("secret detail");
    const reference = /reference (\w{8})/.exec(answer?.view.footer ?? "")?.[1];
    expect(lines.some((line) => line.reference === reference && line.err !== undefined)).toBe(true);
  });
});

describe("the reference of what was refused", () => {
  const shownIn = (answer: { readonly view: View } | null) =>
    /reference (\w{8})$/.exec(answer?.view.footer ?? "")?.[1] ?? "";

  test("of a denial is in the audit log and in the log", async () => {
    const { id } = await incident();
    const lines: { readonly reference?: unknown; readonly outcome?: unknown }[] = [];
    const { execute } = createWorld({
      store,
      policy,
      models: [],
      commands,
      clock,
      log: (l) => lines.push(l),
    });
    const reference = shownIn(await execute.execute(requestOf("reader", `ack ${id}`, clock.now())));
    expect(lines).toContainEqual({ outcome: "denied", reference });
    expect((await view("lead", `audit --reference ${reference.toUpperCase()}`)).summary).toContain(
      `ack.denied on incident:${id} by reader`,
    );
    expect((await view("lead", "audit --reference 00000000")).summary).toContain(
      "the bot's log has the rest",
    );
  });

  test.each([
    ["what does not exist", "ack 999999"],
    ["what was not understood", "severity 1 huge"],
    ["an unknown command", "akc 12"],
  ])("of %s finds the request, as the handbook says", async (_what, line) => {
    const handbook = await readFile(path.resolve("docs/operations.md"), "utf8");
    const [, query = ""] = /```sql\n(select[\s\S]*?'0badcafe';)\n```/.exec(handbook) ?? [];
    const request = requestOf("oncall", line, clock.now());
    const reference = shownIn(await world().execute.execute(request));
    const sql = postgres(database.url, { max: 1 });
    const found = await sql.unsafe(query.replace("0badcafe", reference)).finally(() => sql.end());
    expect(found).toMatchObject([{ key: request.key, command: request.command, account: "oncall" }]);
  });

  test("is the same when the same request is tried again", async () => {
    const gone = () => Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" }));
    const away: Store = { ...store, transaction: gone, jobs: { ...store.jobs, add: async () => {} } };
    const request = requestOf("oncall", "ack 999999", clock.now());
    const first = await createWorld({ store: away, policy, models: [], commands, clock }).execute.execute(
      request,
    );
    expect(shownIn(first)).toBe(shownIn(await world().execute.execute(request)));
  });
});

describe("suggestions", () => {
  const ask = (who: string, command: string, option: string, partial: string) =>
    world().execute.suggest({
      account: { platform: "console", id: who, name: who },
      command,
      option,
      partial,
    });

  test("are what exists and the person may use", async () => {
    const { id } = await incident();
    const values = async (...args: Parameters<typeof ask>) => (await ask(...args)).map((each) => each.value);
    expect(await values("oncall", "ack", "incident", String(id))).toContain(String(id));
    expect(await values("reader", "ack", "incident", "")).toEqual([]);
    expect(await values("ml", "deploy", "model", "sc")).toEqual(["scorer"]);
    expect(await values("ml", "deploy", "version", "")).toEqual(["3", "2", "1"]);
    expect(await values("ml", "deploy", "environment", "prod")).toEqual(["production"]);
    expect(await values("reader", "incidents", "state", "res")).toEqual(["resolved"]);
    expect(await values("reader", "", "", "dep")).toEqual([]);
    expect(await values("ml", "", "", "dep")).toEqual(["deploy"]);
    expect(await values("ml", "nonsense", "x", "")).toEqual([]);
  });
});

describe("planning", () => {
  /** A store of which only what reads may be called. */
  function readOnly<Slice extends object>(slice: Slice): Slice {
    return new Proxy(slice, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member === "object" && member !== null) return readOnly(member);
        const isRead =
          typeof name === "symbol" ||
          /^(find|list|alerts|approvals|feedback|modelVersions|aliasHistory|snapshotOf)/.test(name);
        if (typeof member !== "function" || isRead) return member;
        return () => Promise.reject(new Error(`planning called ${name}`));
      },
    });
  }

  test.each(["deploy scorer 2", "rollback scorer 2", "retrain scorer"])("%s writes nothing", async (line) => {
    const ledger = createLedger();
    const models = [modelEntry(createLedgerBackend(ledger, "adopt"), { environments: ["staging"] })];
    const [name = "", ...words] = line.split(" ");
    const command = commands.find((candidate) => candidate.name === name);
    if (command?.kind !== "rollout") throw new Error(`${name} is no rollout command`);
    const still = readOnly(store);
    const plan = createPlanner({ models, rollouts: still.rollouts });
    const [ml] = people;
    if (ml === undefined) throw new Error("nobody");
    const allow = { kind: "allow", policies: [], approvals: [], approvalsNeeded: 0 } as const;
    const planned = await command.plan(command.options.parse({ model: words[0], version: words[1] }), {
      now: clock.now(),
      person: ml,
      account: { platform: "cli", id: "ml", name: "ml" },
      channelSettings: null,
      kindOf,
      senders: {},
      random: () => new Uint8Array(8),
      channel: null,
      via: "cli",
      store: still,
      models,
      people,
      commands,
      plan,
      charts: noCharts,
      requestDigest: () => Promise.reject(new Error("planning asked for a digest")),
      may: () => true,
      decide: () => allow,
      log: silentLog,
    });
    expect(planned.kind).toBe("plan");
    expect(ledger.starts).toEqual([]);
  });
});

test("shapes are what a platform registers", () => {
  const deploy = world()
    .execute.shapes()
    .find((shape) => shape.name === "deploy");
  expect(deploy?.options).toMatchObject([
    { name: "model", type: "string", isRequired: true, isSuggested: true, position: 0 },
    { name: "version", isRequired: false, isSuggested: true, position: 1 },
    { name: "environment", isSuggested: true, position: null },
    { name: "reason", isSuggested: false, position: null },
    { name: "incident", type: "integer", position: null },
    { name: "dry-run", type: "boolean", isRequired: false, position: null },
    { name: "break-glass", type: "string", isRequired: false, position: null },
    { name: "confirm", type: "string", isRequired: false, position: null },
  ]);
});
