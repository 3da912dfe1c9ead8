import { request as httpRequest } from "node:http";
import { afterEach, expect, test } from "vitest";
import type { ConsoleOptions } from "../../../src/adapters/chat/console.ts";
import { errorView } from "../../../src/domain/command/answer.ts";
import { withReference } from "../../../src/domain/command/reference.ts";
import type { Page } from "../../../src/domain/view/page.ts";
import { oneLine } from "../../../src/domain/view.ts";
import type { Forms, OutgoingMessage } from "../../../src/ports/chat.ts";
import { type Log, silentLog } from "../../../src/ports/observability.ts";
import type { Pages } from "../../../src/ports/page.ts";
import type { Post } from "../../../src/ports/post.ts";
import { noForms } from "../../fakes/forms.ts";
import { type ConsoleFixture, sha256, startConsole, view } from "./console-fixture.ts";
import { memoryMessages } from "./console-memory.ts";
import { chart } from "./console-scene.ts";

const open: ConsoleFixture[] = [];
const incidents = { platform: "console", id: "incidents" };
const tokens = new Map([
  ["oncall", sha256("token of oncall")],
  ["sre-lead", sha256("token of sre-lead")],
]);

async function start(options: Partial<ConsoleOptions> = {}, forms?: Forms): Promise<ConsoleFixture> {
  const fixture = await startConsole(options, forms);
  open.push(fixture);
  return fixture;
}

afterEach(async () => {
  for (const fixture of open.splice(0)) await fixture.close();
});

/** A browser as far as cookies go. */
function browser(fixture: ConsoleFixture, given: Record<string, string> = {}) {
  let cookie = "";
  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const answer = await fetch(`${fixture.url}${path}`, {
      method,
      headers: {
        ...(cookie === "" ? {} : { cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...given,
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    return answer;
  }
  return {
    get: (path: string, headers?: Record<string, string>) => call("GET", path, undefined, headers),
    post: (path: string, body: unknown, headers?: Record<string, string>) =>
      call("POST", path, body, headers),
    cookie: () => cookie,
  };
}

interface StreamEvent {
  readonly event: string;
  readonly id: string;
  // What the page receives; tests look at single fields.
  readonly data: Record<string, unknown> & { readonly view?: { readonly title: string } };
}

/** What the routes that are looked into here answer. */
interface Answered {
  readonly items: readonly { readonly label: string }[];
  readonly messages: readonly { readonly id: number }[];
  readonly hasEarlier: boolean;
  readonly privates: readonly unknown[];
  readonly problem: string;
  readonly reference: string;
}
async function jsonOf(answer: Response): Promise<Answered> {
  // A route's answer has the fields that its test reads, or the test fails.
  return (await answer.json()) as Answered;
}

/** Reads server-sent events until closed. */
async function stream(fixture: ConsoleFixture, cookie: string, query = "") {
  const abort = new AbortController();
  const answer = await fetch(`${fixture.url}/events${query}`, { headers: { cookie }, signal: abort.signal });
  const events: StreamEvent[] = [];
  let isEnded = false;
  const reading = (async () => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n")) {
        const lines = new Map(
          text
            .slice(0, end)
            .split("\n")
            .map((line): [string, string] => [line.split(": ")[0] ?? "", line.slice(line.indexOf(": ") + 2)]),
        );
        text = text.slice(end + 2);
        const data = lines.get("data");
        if (data === undefined) continue;
        events.push({ event: lines.get("event") ?? "", id: lines.get("id") ?? "", data: JSON.parse(data) });
      }
    }
  })()
    .catch(() => undefined)
    .finally(() => {
      isEnded = true;
    });
  return {
    status: answer.status,
    events,
    titles: () => events.filter(({ event }) => event === "message").map(({ data }) => data.view?.title),
    isEnded: () => isEnded,
    close: async () => {
      abort.abort();
      await reading;
    },
  };
}

function card(key: string, title: string, thread?: OutgoingMessage["thread"]): OutgoingMessage {
  return { key, view: view({ title }), ...(thread === undefined ? {} : { thread }) };
}

function command(text: string, key = "page-key-0001") {
  return { text, key, channel: "incidents" };
}

// ---------- the port ----------

test("posting one key twice makes one message, and find gives its reference", async () => {
  const { console, messages } = await start();
  const first = await console.post(incidents, card("k1", "one"));
  expect(await console.post(incidents, card("k1", "one again"))).toEqual(first);
  expect(await messages.list("incidents", null, 10)).toHaveLength(1);
  expect(await console.find(incidents, "k1", new Date(0))).toEqual({
    kind: "found",
    ref: first.kind === "posted" ? first.ref : null,
  });
  expect(await console.find(incidents, "k2", new Date(0))).toEqual({ kind: "absent" });
});

test("an edit replaces the view, and of a message that is gone says so", async () => {
  const { console, messages } = await start();
  const posted = await console.post(incidents, card("k1", "one"));
  if (posted.kind !== "posted") throw new Error("not posted");
  expect(await console.edit(posted.ref, card("k1", "two"))).toEqual(posted);
  expect((await messages.findByKey("k1"))?.view.title).toBe("two");
  const gone = { channel: incidents, data: { id: "99" } };
  expect(await console.edit(gone, card("k1", "x"))).toMatchObject({ kind: "missing" });
});

test("a store that fails leaves a post ambiguous and a look blind, never refused", async () => {
  const { console, messages } = await start();
  messages.fail(new Error("connection terminated"));
  expect(await console.post(incidents, card("k1", "one"))).toEqual({
    kind: "ambiguous",
    problem: "connection terminated",
  });
  expect(await console.find(incidents, "k1", new Date(0))).toMatchObject({ kind: "blind" });
  messages.fail(null);
  expect(await console.post(incidents, card("k1", "one"))).toMatchObject({ kind: "posted" });
});

test("doctor hears that nobody could sign in", async () => {
  const closed = await start({ isLoopback: false });
  expect(await closed.console.check([])).toMatchObject([{ status: "failure", remedy: expect.any(String) }]);
  expect(await (await start()).console.check([])).toMatchObject([{ status: "ok" }]);
});

// ---------- the page ----------

test("the page and its files come with headers that let in nothing from elsewhere", async () => {
  const fixture = await start();
  const page = await fetch(`${fixture.url}/`);
  expect(page.status).toBe(200);
  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  expect(page.headers.get("x-content-type-options")).toBe("nosniff");
  expect(page.headers.get("referrer-policy")).toBe("same-origin");
  const html = await page.text();
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|https?:\/\//);
  for (const [, path] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
    const asset = await fetch(`${fixture.url}${path}`);
    expect([path, asset.status, asset.headers.get("x-content-type-options")]).toEqual([path, 200, "nosniff"]);
  }
});

test.each([
  "/incidents/12",
  "/incidents/12/report",
  "/rollouts/3",
  "/channels/incidents",
  "/channels/incidents/57",
])("%s is the page too", async (path) => {
  const fixture = await start();
  expect(await (await fetch(fixture.url + path)).text()).toContain('id="app"');
});

test.each([
  "/healthz",
  "/webhooks/alertmanager",
  "/incidents/x",
  "/incidents/12/reports",
  "/rollouts/3/report",
  "/apis",
  "/assets/../package.json",
  "/assets/%2e%2e/package.json",
])("%s is left to others or is not there", async (path) => {
  const fixture = await start();
  const status = await new Promise<number | undefined>((resolve, reject) => {
    // fetch would tidy the path up before sending it.
    httpRequest(fixture.url, { path }, (answer) => resolve(answer.resume().statusCode))
      .on("error", reject)
      .end();
  });
  expect(status).toBe(404);
});

test("an unchanged file is not sent again", async () => {
  const fixture = await start();
  const first = await fetch(`${fixture.url}/assets/app.js`);
  const again = await fetch(`${fixture.url}/assets/app.js`, {
    headers: { "if-none-match": first.headers.get("etag") ?? "" },
  });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test("a wrong method names the right one", async () => {
  const fixture = await start();
  const answer = await fetch(`${fixture.url}/api/state`, { method: "DELETE" });
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET"]);
});

// ---------- who may ----------

test("on loopback without tokens whoever comes is the first person, and may become another", async () => {
  const fixture = await start();
  const someone = browser(fixture);
  expect(await (await someone.get("/api/state")).json()).toMatchObject({
    mode: "open",
    you: { id: "oncall" },
  });
  expect((await someone.post("/api/person", { person: "sre-lead" })).status).toBe(200);
  await someone.post("/api/command", command("/approve 7"));
  expect(fixture.requests[0]?.account).toEqual({ platform: "console", id: "sre-lead", name: "SRE lead" });
  expect((await someone.post("/api/person", { person: "root" })).status).toBe(404);
});

test("another site's name for this machine is refused (DNS rebinding)", async () => {
  const fixture = await start();
  const status = await new Promise<number | undefined>((resolve, reject) => {
    httpRequest(`${fixture.url}/api/state`, { headers: { host: "evil.example" } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on("error", reject)
      .end();
  });
  expect(status).toBe(403);
});

test.each([
  { "sec-fetch-site": "cross-site" },
  { origin: "http://evil.example" },
  { origin: "null" },
  { "x-forwarded-for": "203.0.113.9" },
])("a command with %j is refused and does nothing", async (headers) => {
  const fixture = await start();
  const answer = await browser(fixture).post("/api/command", command("/ack 12"), headers);
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ problem: expect.any(String), remedy: expect.any(String) });
  expect(fixture.requests).toEqual([]);
});

test.each(["text/plain", "application/x-www-form-urlencoded"])(
  "a form's body (%s), which any site can send, is refused",
  async (type) => {
    const fixture = await start();
    const body = JSON.stringify(command("/ack 12"));
    const answer = await browser(fixture).post("/api/command", body, { "content-type": type });
    expect(answer.status).toBe(415);
    expect(fixture.requests).toEqual([]);
  },
);

test("with tokens nothing is shown or done before signing in", async () => {
  const fixture = await start({ tokens });
  await fixture.console.post(incidents, card("k1", "secret"));
  const stranger = browser(fixture);
  for (const path of [
    "/api/state",
    "/api/channels",
    "/api/messages?channel=incidents",
    "/api/threads/1",
    "/api/images/1/0",
    "/api/files/1/0",
    "/events",
  ]) {
    const answer = await stranger.get(path);
    expect([path, answer.status]).toEqual([path, 401]);
    const text = await answer.text();
    expect(text).not.toContain("secret");
    expect(JSON.parse(text)).toMatchObject({ reference: expect.stringMatching(/^[0-9a-f]{8}$/) });
  }
  expect((await stranger.post("/api/command", command("/ack 1"))).status).toBe(401);
  expect((await stranger.post("/api/person", { person: "oncall" })).status).toBe(403);
  expect(fixture.requests).toEqual([]);
});

test("a token signs in as its person; signing out ends it", async () => {
  const fixture = await start({ tokens, isLoopback: false });
  const someone = browser(fixture);
  const answer = await someone.post("/api/sign-in", { token: "token of sre-lead" });
  expect(answer.headers.get("set-cookie")).toMatch(/HttpOnly; SameSite=Strict/);
  expect(await (await someone.get("/api/state")).json()).toMatchObject({
    you: { id: "sre-lead" },
    people: [],
  });
  await someone.post("/api/sign-out", {});
  expect((await someone.get("/api/state")).status).toBe(401);
});

test("the eleventh wrong token in a minute has to wait, even if it is right", async () => {
  const fixture = await start({ tokens, isLoopback: false });
  const someone = browser(fixture);
  for (let attempt = 0; attempt < 10; attempt += 1) {
    expect((await someone.post("/api/sign-in", { token: `wrong ${attempt}` })).status).toBe(401);
  }
  const blocked = await someone.post("/api/sign-in", { token: "token of oncall" });
  expect(blocked.status).toBe(429);
  expect(Number(blocked.headers.get("retry-after"))).toBeGreaterThan(0);
  // Someone else, behind the same proxy on this machine, is not locked out.
  const other = browser(fixture, { "x-forwarded-for": "203.0.113.7" });
  expect((await other.post("/api/sign-in", { token: "token of oncall" })).status).toBe(200);
});

test("elsewhere than on loopback nobody comes in without a token, even when none is configured", async () => {
  const fixture = await start({ isLoopback: false });
  expect((await browser(fixture).get("/api/state")).status).toBe(401);
  expect((await browser(fixture).post("/api/sign-in", { token: "x" })).status).toBe(401);
});

// ---------- commands ----------

test("a command reaches the bot as a request, once however often it is sent", async () => {
  const fixture = await start();
  const someone = browser(fixture);
  await someone.get("/api/state");
  const answers = [];
  for (let attempt = 0; attempt < 3; attempt += 1) {
    answers.push(await (await someone.post("/api/command", command('/ACK  12 --reason "a b"'))).json());
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(fixture.requests).toHaveLength(1);
  expect(fixture.requests[0]).toMatchObject({
    account: { platform: "console", id: "oncall", name: "On call" },
    channel: incidents,
    command: "ack",
    input: { kind: "text", text: '12 --reason "a b"' },
  });
});

test("two people who happen to choose one key make two requests", async () => {
  const fixture = await start();
  await browser(fixture).post("/api/command", { ...command("/ack 12"), person: "oncall" });
  await browser(fixture).post("/api/command", { ...command("/ack 12"), person: "sre-lead" });
  expect(fixture.requests.map(({ account }) => account.id)).toEqual(["oncall", "sre-lead"]);
});

test("a page that was left open while its browser became someone else does not act as them", async () => {
  const fixture = await start();
  const someone = browser(fixture);
  await someone.post("/api/person", { person: "sre-lead" });
  const answer = await someone.post("/api/command", { ...command("/approve 7"), person: "oncall" });
  expect(answer.status).toBe(409);
  expect(fixture.requests).toEqual([]);
});

test.each([
  ["no text", { ...command("  ") }, 400],
  ["5,000 characters", { ...command("x".repeat(5_000)) }, 400],
  ["a key that is not one", { ...command("/ack 1"), key: "no key!" }, 400],
  ["an unknown field", { ...command("/ack 1"), admin: true }, 400],
  ["an unknown channel", { ...command("/ack 1"), channel: "nowhere" }, 404],
  ["a thread that is not there", { ...command("/ack 1"), thread: 99 }, 404],
  ["20 kB", { ...command("/ack 1"), pad: "x".repeat(20_000) }, 413],
  ["no JSON", "{", 415],
])("a command with %s is refused", async (_, body, status) => {
  const fixture = await start();
  const answer = await browser(fixture).post("/api/command", body);
  expect(answer.status).toBe(status);
  expect(fixture.requests).toEqual([]);
});

test("commands are bounded per session", async () => {
  const fixture = await start();
  const someone = browser(fixture);
  await someone.get("/api/state");
  const statuses = await Promise.all(
    Array.from(
      { length: 70 },
      async (_, index) => (await someone.post("/api/command", command("/help", `page-key-${index}`))).status,
    ),
  );
  expect(statuses.filter((status) => status === 202)).toHaveLength(60);
  expect(statuses.filter((status) => status === 429)).toHaveLength(10);
});

test("completion knows commands, and asks the bot for values", async () => {
  const fixture = await start();
  const someone = browser(fixture);
  const labels = async (line: string) =>
    (await jsonOf(await someone.post("/api/complete", { line }))).items.map((item) => item.label);
  expect(await labels("/in")).toEqual(["/incidents"]);
  expect(await labels("/ack 1")).toEqual(["12"]);
  await labels("/deploy --env staging fra");
  expect(fixture.asked.at(-1)).toMatchObject({ option: "model", partial: "fra", given: { env: "staging" } });
});

test("a form of a line is there for a page, filled with what is known of its place", async () => {
  const form = { command: "ack", summary: "Take it", isNeeded: true, fields: [], kept: {} };
  const asked: unknown[] = [];
  const fixture = await start(
    {},
    {
      of: ({ command }) => (command === "ack" ? form : null),
      check: () => [],
      refuse: async () => null,
      fill: async (given, request) => {
        asked.push(request);
        return { ...given, kept: { note: "filled" } };
      },
    },
  );
  const someone = browser(fixture);
  const place = { channel: "incidents", thread: 4 };
  expect(await (await someone.post("/api/form", { text: "ack", ...place })).json()).toEqual({
    form: { ...form, kept: { note: "filled" } },
    refusal: null,
  });
  expect(asked).toMatchObject([
    { channel: { id: "incidents" }, thread: [{ data: { id: "4" } }], input: { kind: "text", text: "" } },
  ]);
  expect(await (await someone.post("/api/form", { text: "what", ...place })).json()).toEqual({
    form: null,
    refusal: null,
  });
  expect((await someone.post("/api/form", { text: "" })).status).toBe(400);
});

test("whoever may not use a command is told so in place of its form", async () => {
  const form = { command: "ack", summary: "Take it", isNeeded: true, fields: [], kept: {} };
  const keys: string[] = [];
  const refusal = errorView({ title: "You may not", problem: "You may not.", remedy: "Ask Ada, who may." });
  const fixture = await start(
    {},
    {
      ...noForms,
      of: () => form,
      refuse: async ({ key }) => {
        keys.push(key);
        return withReference(refusal, "0badcafe");
      },
    },
  );
  const someone = browser(fixture);
  const ask = async () =>
    await (await someone.post("/api/form", { text: "ack", channel: "incidents", thread: null })).json();
  const told = {
    title: "You may not",
    summary: "You may not. Ask Ada, who may.",
    footer: "reference 0badcafe",
  };
  expect([await ask(), await ask()]).toEqual(Array(2).fill({ form: null, refusal: told }));
  // Each is an attempt of its own.
  expect(new Set(keys).size).toBe(2);
});

test("what the page is refused has a reference, and the log has it beside the problem", async () => {
  const lines: unknown[] = [];
  const log: Log = { ...silentLog, info: (fields) => lines.push(fields), child: () => log };
  const someone = browser(await start({ log }));
  const refused = await someone.post("/api/form", { text: "" });
  const { problem, reference } = await jsonOf(refused);
  expect(reference).toMatch(/^[0-9a-f]{8}$/);
  expect(lines).toContainEqual({ path: "/api/form", status: 400, reference, problem: oneLine(problem, 300) });
});

// ---------- answers ----------

test("a private answer reaches the session that asked, and nobody else by any way", async () => {
  const fixture = await start();
  fixture.onRequest((request) =>
    fixture.console.answer(
      request,
      view({
        title: "for you alone",
        blocks: [{ kind: "image", png: chart(), alt: "a", filename: "a.png" }],
      }),
      "private",
    ),
  );
  const asker = browser(fixture);
  const other = browser(fixture);
  await asker.get("/api/state");
  await other.get("/api/state");
  const asked = await stream(fixture, asker.cookie());
  const overheard = await stream(fixture, other.cookie());
  await asker.post("/api/command", command("/why 12", "page-key-0042"));
  await expect.poll(() => asked.titles()).toEqual(["for you alone"]);
  const message = asked.events.find(({ event }) => event === "message")?.data;
  expect(message).toMatchObject({ isPrivate: true, answers: "page-key-0042", channel: "incidents" });
  await fixture.console.post(incidents, card("k1", "for all"));
  await expect.poll(() => overheard.titles()).toEqual(["for all"]);
  const id = String(message?.["id"]);
  expect((await asker.get(`/api/images/${id}/0`)).headers.get("content-type")).toBe("image/png");
  for (const path of [`/api/threads/${id}`, `/api/images/${id}/0`]) {
    expect([path, (await other.get(path)).status]).toEqual([path, 404]);
  }
  expect(await (await other.get("/api/state")).text()).not.toContain("for you alone");
  expect(await (await asker.get("/api/state")).json()).toMatchObject({
    privates: [{ view: { title: "for you alone" } }],
  });
  await asked.close();
  await overheard.close();
});

test("a public answer is a message of the channel, in the thread it was asked in", async () => {
  const fixture = await start();
  fixture.onRequest((request) => fixture.console.answer(request, view({ title: "for all" }), "public"));
  await fixture.console.post(incidents, card("k1", "the card"));
  const someone = browser(fixture);
  await someone.post("/api/command", { ...command("/note 12"), thread: 1 });
  await expect
    .poll(async () => (await jsonOf(await browser(fixture).get("/api/threads/1"))).messages)
    .toMatchObject([{ isPrivate: false, view: { title: "for all" } }]);
});

test("a file of an answer is downloaded, never shown as a page, and by nobody who may not see it", async () => {
  const fixture = await start();
  const text = "# Incident 12\n\n<script>alert(1)</script> Äpfel\n";
  const file = { kind: "file", text, label: "Report", filename: 'in"cident\r\n-12.md' } as const;
  fixture.onRequest((request) =>
    fixture.console.answer(request, view({ title: "report", blocks: [file] }), "private"),
  );
  const asker = browser(fixture);
  await asker.get("/api/state");
  await asker.post("/api/command", command("/why 12"));
  await expect.poll(async () => (await jsonOf(await asker.get("/api/state"))).privates).toHaveLength(1);
  const answer = await asker.get("/api/files/1/0");
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("text/markdown; charset=utf-8");
  expect(answer.headers.get("content-disposition")).toBe('attachment; filename="in-cident---12.md"');
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(await answer.text()).toBe(text);
  expect((await browser(fixture).get("/api/files/1/0")).status).toBe(404);
  expect((await asker.get("/api/files/1/1")).status).toBe(404);
  expect((await asker.get("/api/images/1/0")).status).toBe(404);
});

test("a file of a page is had whole from its link, by whoever may see the page and nobody else", async () => {
  const text = "x".repeat(50_000);
  const report: Page = {
    ...{ title: "Report", lead: "", filters: [], next: null },
    blocks: [
      { kind: "note", text: [{ text: "before" }] },
      { kind: "file", filename: "incident-12.md", label: "Report", text },
    ],
  };
  const denied = { kind: "refuse", because: "denied", problem: "Not for you.", remedy: "Ask." } as const;
  const pages: Pages = {
    open: async ({ account, path }) =>
      account.id === "oncall" && path[0] === "incidents" ? { kind: "page", page: report } : denied,
  };
  const fixture = await start({ tokens, isLoopback: false, pages });
  const [reader, other] = [browser(fixture), browser(fixture)];
  await reader.post("/api/sign-in", { token: "token of oncall" });
  await other.post("/api/sign-in", { token: "token of sre-lead" });
  const page = await (await reader.get("/api/pages/incidents/12/report")).json();
  const url = "/api/page-files/1/incidents/12/report";
  expect(page).toMatchObject({
    blocks: [{ kind: "note" }, { kind: "file", url }, { kind: "code" }, { kind: "note" }],
  });
  const file = await reader.get(url);
  expect(file.headers.get("content-disposition")).toBe('attachment; filename="incident-12.md"');
  expect(await file.text()).toBe(text);
  expect((await other.get(url)).status).toBe(403);
  expect((await browser(fixture).get(url)).status).toBe(401);
  expect((await reader.get("/api/page-files/0/incidents/12/report")).status).toBe(404);
  expect((await reader.get("/api/page-files/9/incidents/12/report")).status).toBe(404);
  expect((await reader.get("/api/page-files/1/elsewhere")).status).toBe(404);
});

test("an answer given again replaces the first", async () => {
  const fixture = await start();
  const someone = browser(fixture);
  await someone.get("/api/state");
  await someone.post("/api/command", command("/why 12"));
  const [request] = fixture.requests;
  if (request === undefined) throw new Error("no request came");
  await fixture.console.answer(request, view({ title: "one" }), "private");
  await fixture.console.answer(request, view({ title: "two" }), "private");
  expect(await (await someone.get("/api/state")).json()).toMatchObject({
    privates: [{ view: { title: "two" } }],
  });
});

// ---------- live ----------

test("a page hears of posts and edits at once, and after a break of what it missed, each once", async () => {
  const fixture = await start();
  const someone = browser(fixture);
  await someone.get("/api/state");
  const before = await stream(fixture, someone.cookie());
  const posted = await fixture.console.post(incidents, card("k1", "one"));
  await expect.poll(() => before.titles()).toEqual(["one"]);
  const seen = before.events.at(-1)?.id;
  await before.close();
  if (posted.kind !== "posted") throw new Error("not posted");
  await fixture.console.post(incidents, card("k2", "missed"));
  await fixture.console.edit(posted.ref, card("k1", "one, edited"));
  const after = await stream(fixture, someone.cookie(), `?since=${seen}`);
  await expect.poll(() => after.titles()).toEqual(["missed", "one, edited"]);
  await after.close();
});

test("what another replica wrote arrives, also when nothing tells of it", async () => {
  const shared = memoryMessages();
  const here = await start({ messages: shared, pollMs: 20 });
  const there = await start({
    messages: { ...shared, watch: async () => ({ stop: async () => undefined }) },
    pollMs: 20,
  });
  const someone = browser(there);
  await someone.get("/api/state");
  const hearing = await stream(there, someone.cookie());
  await here.console.post(incidents, card("k1", "from afar"));
  await expect.poll(() => hearing.titles()).toEqual(["from afar"]);
  await hearing.close();
});

test("a session signed by one replica is known to the other", async () => {
  const here = await start({ tokens });
  const there = await start({ tokens });
  const someone = browser(here);
  await someone.post("/api/sign-in", { token: "token of oncall" });
  const answer = await browser(there).get("/api/state", { cookie: someone.cookie() });
  expect(answer.status).toBe(200);
});

test("a page that is far behind, or ahead of a restored database, is told to load anew", async () => {
  const fixture = await start();
  for (let index = 0; index < 1_002; index += 1)
    await fixture.console.post(incidents, card(`k${index}`, "x"));
  const someone = browser(fixture);
  await someone.get("/api/state");
  for (const since of [0, 5_000]) {
    const hearing = await stream(fixture, someone.cookie(), `?since=${since}`);
    await expect.poll(() => hearing.events.map(({ event }) => event)).toContain("reset");
    expect(hearing.titles()).toEqual([]);
    await hearing.close();
  }
});

test("while the store is away the page is told, and afterwards gets what came", async () => {
  const fixture = await start({ pollMs: 20 });
  const someone = browser(fixture);
  await someone.get("/api/state");
  const hearing = await stream(fixture, someone.cookie());
  const statuses = () =>
    hearing.events.filter(({ event }) => event === "status").map(({ data }) => data["isStoreAway"]);
  fixture.messages.fail(new Error("away"));
  await expect.poll(() => statuses().at(-1)).toBe(true);
  expect((await someone.get("/api/state")).status).toBe(503);
  fixture.messages.fail(null);
  await fixture.console.post(incidents, card("k1", "back"));
  await expect.poll(() => hearing.titles()).toEqual(["back"]);
  await expect.poll(() => statuses().at(-1)).toBe(false);
  await hearing.close();
});

test("streams are bounded in all and per session; a closed one makes room", async () => {
  const fixture = await start({ maxStreams: 3 });
  const someone = browser(fixture);
  await someone.get("/api/state");
  const opened = await Promise.all([1, 2, 3].map(() => stream(fixture, someone.cookie())));
  expect((await stream(fixture, someone.cookie())).status).toBe(503);
  await opened[0]?.close();
  await expect
    .poll(async () => {
      const again = await stream(fixture, someone.cookie());
      opened.push(again);
      return again.status;
    })
    .toBe(200);
  await Promise.all(opened.map((one) => one.close()));
});

test("a page that does not read is cut off instead of filling the memory", async () => {
  const fixture = await start({ maxStreams: 1 });
  const someone = browser(fixture);
  await someone.get("/api/state");
  const deaf = httpRequest(`${fixture.url}/events`, { headers: { cookie: someone.cookie() } });
  deaf.on("error", () => undefined);
  await new Promise((resolve) => {
    // Its answer is never read, so that the bot's side fills up.
    deaf.on("response", (answer) => resolve(answer.pause()));
    deaf.end();
  });
  const code = "x".repeat(40_000);
  const blocks = Array.from({ length: 20 }, () => ({ kind: "code", text: code }) as const);
  let status = 503;
  for (let index = 0; index < 200 && status !== 200; index += 1) {
    await fixture.console.post(incidents, { key: `k${index}`, view: view({ title: "big", blocks }) });
    const next = await stream(fixture, someone.cookie());
    status = next.status;
    await next.close();
  }
  expect(status).toBe(200);
  deaf.destroy();
});

test("stopping ends the streams", async () => {
  const fixture = await start();
  const someone = browser(fixture);
  await someone.get("/api/state");
  const hearing = await stream(fixture, someone.cookie());
  expect(fixture.console.isConnected()).toBe(true);
  await fixture.console.stop();
  await expect.poll(() => hearing.isEnded()).toBe(true);
  expect(fixture.console.isConnected()).toBe(false);
  expect((await someone.post("/api/command", command("/ack 1"))).status).toBe(503);
});

// ---------- reading ----------

test("a channel comes by pages, oldest first, with its number of replies", async () => {
  const fixture = await start();
  for (let index = 1; index <= 60; index += 1)
    await fixture.console.post(incidents, card(`k${index}`, `#${index}`));
  const ref = { channel: incidents, data: { id: "60" } };
  await fixture.console.post(incidents, card("e1", "entry", ref));
  const someone = browser(fixture);
  const state = await jsonOf(await someone.get("/api/state?channel=incidents"));
  expect([state.messages.length, state.messages[0]?.id, state.hasEarlier]).toEqual([50, 11, true]);
  expect(state.messages.at(-1)).toMatchObject({ id: 60, replies: 1 });
  const earlier = await jsonOf(await someone.get("/api/messages?channel=incidents&before=11"));
  expect([earlier.messages.length, earlier.hasEarlier]).toEqual([10, false]);
});

test("a deep link finds the card of an incident", async () => {
  const post: Post = {
    key: "k",
    platform: "console",
    channel: "incidents",
    kind: "incident",
    subject: 12,
    threadOf: null,
    desiredRevision: 1,
    postedRevision: 1,
    state: "posted",
    ref: { channel: incidents, data: { id: "57" } },
    attempts: 1,
    attemptedAt: null,
    notBefore: null,
    problem: null,
    reposts: 0,
    createdAt: new Date(0),
  };
  const fixture = await start({
    posts: {
      channelsOf: async (kind, subject) =>
        kind === "incident" && subject === 12
          ? [
              { platform: "slack", channel: "C1" },
              { platform: "console", channel: "incidents" },
            ]
          : [],
      findBySubject: async (platform) => (platform === "console" ? post : null),
    },
  });
  const someone = browser(fixture);
  expect(await (await someone.get("/api/cards/incidents/12")).json()).toEqual({
    id: 57,
    channel: "incidents",
  });
  expect((await someone.get("/api/cards/incidents/13")).status).toBe(404);
  expect((await someone.get("/api/cards/rollouts/12")).status).toBe(404);
});
