/** The fake is strict: what follows is refused by Slack and must be refused here, or other tests prove nothing. */
import { webApi } from "@slack/bolt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FakeSlack, startFakeSlack } from "./slack.ts";

const quiet: webApi.Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  setLevel: () => undefined,
  setName: () => undefined,
  getLevel: () => webApi.LogLevel.ERROR,
};
let slack: FakeSlack;
let client: webApi.WebClient;

beforeEach(async () => {
  slack = await startFakeSlack({ postBurst: 2 });
  slack.addChannel({ id: "C1" });
  client = new webApi.WebClient(slack.botToken, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: quiet,
  });
});
afterEach(() => slack.close());

async function errorOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "no error",
    (error: unknown) => (error instanceof webApi.WebAPIPlatformError ? error.data.error : String(error)),
  );
}

test("unknown methods and arguments are refused and recorded", async () => {
  expect(await errorOf(client.apiCall("chat.postMassage", {}))).toBe("unknown_method");
  expect(await errorOf(client.apiCall("chat.postMessage", { channel: "C1", text: "x", txt: "y" }))).toBe(
    "invalid_arguments",
  );
  expect(await errorOf(client.apiCall("chat.update", { channel: "C1", text: "x" }))).toBe(
    "invalid_arguments",
  );
  expect(slack.violations).toEqual([
    "unknown method chat.postMassage",
    "chat.postMessage: unknown argument txt",
    "chat.update: missing argument ts",
  ]);
});

test("the SDK's own upload sends a name for alternative text that the API does not know", async () => {
  const upload = client.filesUploadV2({
    channel_id: "C1",
    filename: "a.png",
    file: Buffer.from("png"),
    alt_text: "a chart",
  });
  expect(await errorOf(upload)).toBe("invalid_arguments");
  expect(slack.violations).toEqual(["files.getUploadURLExternal: unknown argument alt_text"]);
});

test("a channel takes a burst, then one message per second; another is not affected", async () => {
  slack.addChannel({ id: "C2" });
  const post = (channel: string) => client.chat.postMessage({ channel, text: "x" });
  await post("C1");
  await post("C1");
  await expect(post("C1")).rejects.toMatchObject({ retryAfter: 1 });
  await post("C2");
  slack.advance(1_000);
  await post("C1");
});

test("a tier of calls per minute is enforced with Retry-After", async () => {
  const { ts } = await client.chat.postMessage({ channel: "C1", text: "x" });
  const edit = () => client.chat.update({ channel: "C1", ts: ts ?? "", text: "y", parse: "none" });
  let done = 0;
  const refused = async () => {
    // While the calls are made the tier fills again, by less than one in a second.
    for (; done < 100; done += 1) await edit();
  };
  await expect(refused()).rejects.toMatchObject({ retryAfter: expect.any(Number) });
  expect(done).toBeGreaterThanOrEqual(50);
});

test("tokens of the wrong kind, without scope or of nobody are refused", async () => {
  const as = (token: string) => errorOf(client.apiCall("conversations.info", { channel: "C1", token }));
  expect(await as(slack.appToken)).toBe("not_allowed_token_type");
  expect(await as("xoxb-nobody")).toBe("invalid_auth");
  slack.scopes.delete("channels:read");
  slack.scopes.delete("groups:read");
  expect(await as(slack.botToken)).toBe("missing_scope");
});

test("timestamps are unique and grow, and metadata comes only when asked for", async () => {
  const metadata = { event_type: "t", event_payload: { key: "k" } };
  const first = await client.chat.postMessage({ channel: "C1", text: "a", metadata });
  const second = await client.chat.postMessage({ channel: "C1", text: "b" });
  expect(Number(second.ts)).toBeGreaterThan(Number(first.ts));
  expect(first.ts).toMatch(/^\d{10}\.\d{6}$/);
  const bare = await client.conversations.history({ channel: "C1" });
  expect(bare.messages?.map((message) => message.text)).toEqual(["b", "a"]);
  expect(bare.messages?.[1]).not.toHaveProperty("metadata");
  const whole = await client.conversations.history({ channel: "C1", include_all_metadata: true });
  expect(whole.messages?.[1]).toHaveProperty("metadata", metadata);
});

test("a response URL is good for five answers within half an hour", async () => {
  const pending = slack.slash({ command: "/ack" });
  const delivery = await pending;
  expect(delivery).toMatchObject({ isAcked: false, shownError: "dispatch_failed" });
  const url = String(delivery.payload["response_url"]);
  const answer = async () =>
    (await fetch(url, { method: "POST", body: JSON.stringify({ text: "x" }) })).status;
  const statuses: number[] = [];
  for (let index = 0; index < 6; index += 1) statuses.push(await answer());
  expect(statuses).toEqual([200, 200, 200, 200, 200, 404]);
  const other = await slack.slash({ command: "/ack" });
  slack.advance(30 * 60_000 + 1);
  expect(
    (
      await fetch(String(other.payload["response_url"]), {
        method: "POST",
        body: JSON.stringify({ text: "x" }),
      })
    ).status,
  ).toBe(404);
});

test("a trigger opens one modal within three seconds", async () => {
  const view = {
    type: "modal" as const,
    title: { type: "plain_text" as const, text: "T" },
    blocks: [{ type: "divider" as const }],
  };
  const trigger = async () => String((await slack.slash({ command: "/ack" })).payload["trigger_id"]);
  const used = await trigger();
  expect(await errorOf(client.views.open({ trigger_id: used, view }))).toBe("no error");
  expect(await errorOf(client.views.open({ trigger_id: used, view }))).toBe("exchanged_trigger_id");
  const late = await trigger();
  slack.advance(3_001);
  expect(await errorOf(client.views.open({ trigger_id: late, view }))).toBe("expired_trigger_id");
  const { view: open } = await client.views.open({ trigger_id: await trigger(), view });
  expect(await errorOf(client.views.update({ view_id: open?.id ?? "", hash: "old", view }))).toBe(
    "hash_conflict",
  );
});

test("an event that nobody takes is delivered again before Slack gives up", async () => {
  expect(await slack.mention({ text: "ack 12", channel: "C1" })).toMatchObject({
    isAcked: false,
    attempts: 4,
  });
});

test("a fault is used up, and only where it was planned", async () => {
  slack.addChannel({ id: "C2" });
  slack.faults.add({ method: "chat.postMessage", channel: "C1", kind: "commit_then_500" });
  expect(await errorOf(client.chat.postMessage({ channel: "C2", text: "x" }))).toBe("no error");
  await expect(client.chat.postMessage({ channel: "C1", text: "x" })).rejects.toMatchObject({
    statusCode: 500,
  });
  expect(slack.messagesIn("C1")).toHaveLength(1);
  expect(await errorOf(client.chat.postMessage({ channel: "C1", text: "x" }))).toBe("no error");
});
