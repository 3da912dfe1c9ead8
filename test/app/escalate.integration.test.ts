import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createHttpClient } from "../../src/adapters/http-client.ts";
import { createPager } from "../../src/adapters/pagers.ts";
import { createEscalate, type Escalate } from "../../src/app/escalate.ts";
import { createOnCall } from "../../src/app/on-call.ts";
import type { EscalationRule } from "../../src/domain/people/escalation.ts";
import type { Rota } from "../../src/domain/people/on-call.ts";
import { noMetrics, type PagerSettings, type RotaCalendar, silentLog } from "../../src/ports.ts";
import { commandScene } from "../commands/scene.ts";
import { buildTracked } from "../domain/build.ts";
import { people } from "./rollout-world.ts";

const scene = commandScene();
const minute = 60_000;

/** What a pager's server got, and what it answers next. */
interface Desk {
  readonly url: string;
  readonly got: {
    readonly headers: Readonly<Record<string, unknown>>;
    readonly body: Record<string, unknown>;
  }[];
  status: number;
}
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function openDesk(): Promise<Desk> {
  const got: Desk["got"] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      got.push({ headers: request.headers, body: JSON.parse(text) });
      response.writeHead(desk.status, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ status: desk.status === 202 ? "success" : "invalid event", message: text }),
      );
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on a port of the loopback gives an address with one.
  const { port } = server.address() as AddressInfo;
  const desk: Desk = { url: `http://127.0.0.1:${port}/v2/enqueue`, got, status: 202 };
  return desk;
}

function ruleOf(steps: EscalationRule["steps"]): EscalationRule {
  return { name: "default", match: [], steps, quiet: null };
}

const primary: Rota = {
  ...{ name: "primary", people: ["ml", "oncall"], turnDays: 7, timezone: "UTC", overrides: [] },
  from: { year: 2026, month: 3, day: 2, hour: 0, minute: 0 },
};
const calendar: RotaCalendar = {
  name: "elsewhere",
  at: () => Promise.resolve({ kind: "unknown", because: "its calendar cannot be read" }),
};

function escalate(rule: EscalationRule, pagers: readonly PagerSettings[] = []): Escalate {
  const { clock } = scene;
  const http = createHttpClient({ clock });
  return createEscalate({
    ...{ store: scene.store(), rules: [rule], people, effects: scene.world().effects, clock },
    onCall: createOnCall([primary], [calendar]),
    pagers: new Map(pagers.map((settings) => [settings.name, createPager(settings, { http, clock })])),
    ...{ log: silentLog, metrics: noMetrics },
  });
}

/** An open incident with an alert, opened now. */
async function opened() {
  const now = scene.clock.now();
  const incident = await scene.incident({ openedAt: now, startedAt: now });
  const tracked = buildTracked({ severity: "high" }, { incidentId: incident.id });
  await scene.store().incidents.saveAlerts([{ ...tracked, key: `escalate-${incident.id}` }]);
  return incident;
}

async function escalated(id: number) {
  const entries = await scene.store().incidents.timeline(id, 50);
  return entries.filter(({ kind }) => kind === "escalated");
}

describe("nobody acknowledges it", () => {
  test("who linked an account is called by it on that platform", async () => {
    const link = { platform: "discord", account: "777", accountName: "lead there", person: "lead" };
    await scene.store().links.save({ ...link, linkedAt: scene.clock.now() });
    const { id } = await opened();
    await escalate(ruleOf([{ afterMs: 0, tell: [{ kind: "person", person: "lead" }] }])).look(id);
    const [entry] = await escalated(id);
    expect(entry?.data["calls"]).toEqual([
      {
        name: "lead",
        mention: { kind: "person", accounts: { console: "lead", slack: "U-lead", discord: "777" } },
      },
    ]);
    await scene.store().links.remove("discord", "777");
  });

  test("the one on call is told, then the next, each once, in the thread and in the audit log", async () => {
    const { id } = await opened();
    const { look } = escalate(
      ruleOf([
        { afterMs: 5 * minute, tell: [{ kind: "rota", rota: "primary" }] },
        {
          afterMs: 15 * minute,
          tell: [
            { kind: "person", person: "lead" },
            { kind: "channel", channel: "console:leads" },
          ],
        },
      ]),
    );
    await look(id);
    expect(await escalated(id)).toEqual([]);
    scene.clock.pass(5 * minute);
    await look(id);
    await look(id);
    const [first, ...none] = await escalated(id);
    expect(none).toEqual([]);
    expect(first?.text).toBe(
      "nobody has acknowledged it for 5 min; step 1 of default: told ml, on call for primary",
    );
    expect(first?.data["calls"]).toEqual([
      { name: "ml", mention: { kind: "person", accounts: { console: "ml", slack: "U-ml" } } },
    ]);
    scene.clock.pass(10 * minute);
    await Promise.all([look(id), look(id), look(id)]);
    expect((await escalated(id)).map(({ text }) => text)[1]).toContain("told lead, console:leads");
    expect(await escalated(id)).toHaveLength(2);
    expect(await scene.store().posts.findBySubject("console", "leads", "incident", id)).not.toBeNull();
    const audited = await scene.store().audit.list({ subject: `incident:${id}`, limit: 10 });
    expect(audited.filter(({ action }) => action === "incident.escalated")).toHaveLength(2);
  });

  test("a calendar that cannot say who is on call is told as such, and the other recipients are called", async () => {
    const { id } = await opened();
    const tell = [
      { kind: "rota", rota: "elsewhere" },
      { kind: "person", person: "lead" },
    ] as const;
    const { look } = escalate(ruleOf([{ afterMs: 0, tell }]));
    await look(id);
    expect((await escalated(id))[0]?.text).toContain(
      "told nobody (elsewhere is not known: its calendar cannot be read), lead",
    );
  });

  test("whoever acknowledges it ends it", async () => {
    const { id } = await opened();
    const { look } = escalate(ruleOf([{ afterMs: 5 * minute, tell: [{ kind: "person", person: "lead" }] }]));
    await look(id);
    await scene.world().say("oncall", `ack ${id}`);
    scene.clock.pass(60 * minute);
    await look(id);
    expect(await escalated(id)).toEqual([]);
  });
});

describe("a pager outside", () => {
  const now = ruleOf([{ afterMs: 0, tell: [{ kind: "pager", pager: "main" }] }]);

  test("is told of it, and what became of it, with one key", async () => {
    const desk = await openDesk();
    const { look, page } = escalate(now, [
      { kind: "pagerduty", name: "main", key: "R0UTINGKEY", url: desk.url },
    ]);
    const { id, title } = await opened();
    await look(id);
    await page(id);
    await page(id);
    await scene.world().say("oncall", `ack ${id}`);
    await look(id);
    await page(id);
    await scene.world().say("oncall", `resolve ${id}`);
    await look(id);
    await page(id);
    expect(desk.got.map(({ body }) => body["event_action"])).toEqual(["trigger", "acknowledge", "resolve"]);
    expect(new Set(desk.got.map(({ body }) => body["dedup_key"])).size).toBe(1);
    expect(desk.got[0]?.body).toMatchObject({
      routing_key: "R0UTINGKEY",
      payload: { summary: `#${id} ${title}`, severity: "error", source: `service-${id}` },
    });
  });

  test("that refuses is told again, and its key is in no message", async () => {
    const desk = await openDesk();
    desk.status = 400;
    const { look, page } = escalate(now, [
      { kind: "pagerduty", name: "main", key: "R0UTINGKEY", url: desk.url },
    ]);
    const { id } = await opened();
    await look(id);
    const problem = await page(id).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(problem).toContain("the pager main could not be told");
    expect(problem).not.toContain("R0UTINGKEY");
    expect((await scene.store().escalations.pages(id))[0]).toMatchObject({ wanted: "trigger", told: null });
    desk.status = 202;
    await page(id);
    expect((await scene.store().escalations.pages(id))[0]).toMatchObject({ told: "trigger", problem: null });
  });

  test("that is a webhook gets it signed", async () => {
    const desk = await openDesk();
    const { look, page } = escalate(now, [
      { kind: "webhook", name: "main", url: desk.url, secret: "s3cret" },
    ]);
    const { id } = await opened();
    await look(id);
    await page(id);
    const [call] = desk.got;
    expect(call?.body).toMatchObject({ action: "trigger", incident: { id, state: "open" } });
    expect(call?.headers["x-tocsin-signature"]).toMatch(/^sha256=[0-9a-f]{64}$/);
  });

  test("that is no longer configured keeps nothing waiting", async () => {
    const { look, page } = escalate(now, []);
    const { id } = await opened();
    await look(id);
    await page(id);
    expect((await scene.store().escalations.pages(id))[0]).toMatchObject({ told: "trigger" });
  });
});
