/** The whole bot in this process with a Slack: a bad alert opens a channel, and what people do there counts. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { readConfig } from "../../src/config.ts";
import { startBot } from "../../src/main.ts";
import { silentLog } from "../../src/ports.ts";
import { readableText, startFakeSlack } from "../fakes/slack.ts";
import { eventually } from "./process.ts";

test("a critical alert opens a channel for its incident, where commands need no number", async () => {
  const slack = await startFakeSlack({ isPaced: false });
  for (const scope of ["bookmarks:read", "bookmarks:write", "channels:manage"]) slack.scopes.add(scope);
  slack.addChannel({ id: "C0INCIDENTS", name: "incidents" });
  const folder = mkdtempSync(path.join(tmpdir(), "tocsin-channel-"));
  // The embedded server may run under another account, which has to pass through.
  chmodSync(folder, 0o711);
  const file = path.join(folder, "tocsin.yaml");
  writeFileSync(
    file,
    stringify({
      channels: [{ to: "slack:C0INCIDENTS" }],
      people: { oncall: { name: "On call", roles: ["sre"], slack: "U0ONCALL" } },
      onCall: { primary: { people: ["oncall"], from: "2026-01-01T00:00" } },
      incidentChannels: { rules: [{ open: "critical", invite: { rotas: ["primary"] } }] },
    }),
  );
  const config = readConfig({
    ...{ TOCSIN_CONFIG: file, TOCSIN_DATA_DIR: path.join(folder, "data"), PORT: "0" },
    ...{ SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken, SLACK_API_URL: slack.apiUrl },
  });
  const onFatal = (error: Error) => {
    throw error;
  };
  const bot = await startBot(config, { log: silentLog, onFatal });
  try {
    await eventually("Slack connected", 20_000, () => (slack.socketCount() > 0 ? true : null));
    const labels = { alertname: "CheckoutDown", service: "checkout", severity: "critical" };
    const alert = { status: "firing", labels, annotations: {}, startsAt: new Date().toISOString() };
    const sent = await fetch(`${bot.url}/webhooks/alertmanager`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ version: "4", status: "firing", alerts: [alert] }),
    });
    expect(sent.status).toBe(202);
    const channel = await eventually("the channel is there, and whoever is on call in it", 30_000, () => {
      const own = [...slack.channels.values()].find(({ creator }) => creator !== null);
      return own?.members.has("U0ONCALL") === true ? own : null;
    });
    await eventually("the card is in it", 30_000, () =>
      slack.messagesIn(channel.id).some((message) => readableText(message).includes("CheckoutDown"))
        ? true
        : null,
    );
    expect(channel.topic).toBe("critical · open · nobody has it yet");
    await slack.mention({ text: "ack", channel: channel.id });
    await eventually("it is acknowledged", 30_000, async () =>
      (await bot.store.incidents.find(1))?.acknowledgedBy === "oncall" ? true : null,
    );
    expect(channel.name).toMatch(/^inc-1-checkoutdown/);
    expect(slack.violations).toEqual([]);
  } finally {
    await bot.stop();
    await slack.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
