/** A night's worth of messages: every kind of view, block and action, and hostile text. */
import { deflateSync } from "node:zlib";
import { bold, code, link, moment, plain, type View } from "../../../src/domain/view.ts";
import type { ConsoleMessages } from "../../../src/ports/console.ts";

/** What an alert could carry to get out of its text. */
export const hostile = [
  "<script>document.title='owned'</script>",
  "<img src=x onerror=\"document.title='owned'\">",
  "@everyone <!channel> <@U1> [link](javascript:alert(1))",
  "\u202Egnp.exe \u200Bzero \u0007bell",
].join(" ");

/** Adds the scene to a channel; returns the ids by name. */
export async function playScene(messages: ConsoleMessages, channel: string, now: Date) {
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  const add = (key: string, view: View, minutes: number, threadOf: number | null = null) =>
    messages.add({ key, channel, threadOf, audience: null, view, at: ago(minutes) });

  const digest = await add("digest", digestView(ago(600)), 300);
  const resolved = await add("resolved", resolvedView(ago(95)), 95);
  const incident = await add("incident", incidentView(ago(14)), 13);
  await add("entry1", entryView("HighErrorRate on checkout fires", "high"), 13, incident);
  await add("entry2", entryView("Severity up from high to critical", "critical"), 11, incident);
  await add("entry3", entryView("3 alerts joined: same entity, shared change", "neutral"), 9, incident);
  const rollout = await add("rollout", rolloutView(ago(20)), 8);
  const attack = await add("hostile", hostileView(), 5);
  const info = await add("warning", warningView(ago(2)), 2);
  return { digest, resolved, incident, rollout, attack, info };
}

export function incidentView(since: Date): View {
  return {
    kind: "incident",
    title: "#12 HighErrorRate on checkout and 2 more services",
    tone: "critical",
    summary:
      "open critical incident 12: HighErrorRate on checkout and 2 more services. 4 firing. Probable cause: model fraud-scorer went to version 8.",
    blocks: [
      {
        kind: "fields",
        fields: [
          { label: "State", value: [bold("open")] },
          { label: "Severity", value: [plain("critical")] },
          { label: "Since", value: [moment(since)] },
          { label: "Alerts", value: [plain("4 of 5 firing")] },
          { label: "Who has it", value: [plain("nobody yet")] },
          { label: "Services", value: [plain("checkout, payments, fraud-api")] },
        ],
      },
      {
        kind: "text",
        text: [
          plain(
            "Payments fail for about 7 % of checkouts; errors began in fraud-api and reached checkout 40 s later. ",
          ),
          code("[1][2]"),
        ],
      },
      { kind: "heading", text: "Probable cause" },
      {
        kind: "text",
        text: [
          plain("Model "),
          bold("fraud-scorer"),
          plain(" went from version 7 to 8 in production two minutes before the first alert. "),
          code("[3]"),
        ],
      },
      { kind: "heading", text: "Do first" },
      {
        kind: "list",
        ordered: "bulleted",
        items: [
          [plain("Roll fraud-scorer back to version 7.")],
          [
            plain("Watch "),
            link("the error panel", "https://grafana.example/d/checkout"),
            plain(" for two minutes."),
          ],
        ],
      },
    ],
    actions: [
      { label: "Acknowledge", command: "ack 12", style: "primary" },
      {
        label: "Resolve",
        command: "resolve 12",
        style: "plain",
        confirm: "Resolve incident 12? It reopens when an alert fires again.",
      },
      { label: "Why", command: "why 12", style: "plain" },
      {
        label: "Roll back fraud-scorer",
        command: "rollback fraud-scorer --env production",
        style: "danger",
        confirm:
          "Roll fraud-scorer in production back from version 8 to 7. This asks for a rollback; the plan and its approvals are shown first.",
      },
    ],
    footer: "incident 12 · revision 4",
  };
}

function resolvedView(since: Date): View {
  return {
    kind: "incident",
    title: "#11 QueueBacklog on mailer",
    tone: "good",
    summary: "resolved incident 11: QueueBacklog on mailer.",
    blocks: [
      {
        kind: "fields",
        fields: [
          { label: "State", value: [bold("resolved")] },
          { label: "Since", value: [moment(since)] },
          { label: "Who has it", value: [plain("resolved by On call")] },
        ],
      },
    ],
    actions: [{ label: "Why", command: "why 11", style: "plain" }],
    footer: "incident 11 · revision 6",
  };
}

function rolloutView(since: Date): View {
  return {
    kind: "rollout",
    title: "Rollback of fraud-scorer in production: 8 to 7",
    tone: "neutral",
    summary: "Rollback of fraud-scorer in production from version 8 to version 7 is running.",
    blocks: [
      {
        kind: "fields",
        fields: [
          { label: "Asked by", value: [plain("On call")] },
          { label: "Asked", value: [moment(since)] },
          { label: "Approved by", value: [plain("SRE lead")] },
        ],
      },
      {
        kind: "table",
        columns: ["metric", "version 8", "version 7", "difference"],
        rows: [
          ["auc", "0.931", "0.924", "-0.007"],
          ["p99 ms", "48", "31", "-17"],
          ["error rate", "0.071", "0.002", "-0.069"],
        ],
      },
      {
        kind: "steps",
        steps: [
          { label: "Re-plan and compare with what was approved", state: "done", detail: "0.4 s" },
          { label: "Take the lock on production", state: "done" },
          { label: "Move the alias champion", state: "running", detail: "3 of 8 replicas" },
          { label: "Watch the alerts", state: "waiting" },
          { label: "Notify the owners", state: "skipped", detail: "no owners" },
          { label: "Old canary", state: "failed", detail: "gone" },
        ],
      },
      {
        kind: "code",
        text: "alias champion -> 7\nreplica 1 ok\nreplica 2 ok\nreplica 3 waiting for a very long line that runs on and on and on to the right of what is visible on any screen",
      },
      { kind: "divider" },
      { kind: "note", text: [plain("Plan 3f9a17c2, approved as shown.")] },
    ],
    actions: [
      { label: "Approve", command: "approve 7", style: "primary" },
      { label: "Deny", command: "deny 7", style: "danger" },
    ],
    footer: "rollout 7 · revision 3",
  };
}

function digestView(since: Date): View {
  return {
    kind: "digest",
    title: "Daily digest: 3 incidents, 1 rollout",
    tone: "info",
    summary: "Three incidents opened, all resolved; median time to acknowledge 4 min.",
    blocks: [
      {
        kind: "text",
        text: [
          plain("Since "),
          moment(since),
          plain(": "),
          bold("3 opened"),
          plain(", "),
          { text: "2 flapped", style: "italic" },
          plain(", "),
          { text: "1 forecast", style: "strike" },
          plain("."),
        ],
      },
      { kind: "image", png: chart(), alt: "Incidents per hour: 0, 1, 0, 2, 0, 0", filename: "incidents.png" },
      {
        kind: "list",
        ordered: "numbered",
        items: [[plain("HighErrorRate: 14 times")], [plain("DiskFull: 3 times")]],
      },
    ],
    actions: [],
  };
}

function entryView(title: string, tone: View["tone"]): View {
  return { kind: "entry", title, tone, summary: title, blocks: [], actions: [] };
}

function hostileView(): View {
  return {
    kind: "incident",
    title: `#13 ${hostile} ${"x".repeat(40_000)}`,
    tone: "high",
    summary: hostile.repeat(20),
    blocks: [
      {
        kind: "fields",
        fields: [
          { label: "State", value: [bold("open")] },
          { label: hostile, value: [plain("a".repeat(3_000))] },
        ],
      },
      {
        kind: "text",
        text: [{ text: hostile, url: "javascript:alert(1)" }, plain(` ${"longword".repeat(200)}`)],
      },
      { kind: "code", text: `${hostile}\n${"line\n".repeat(400)}` },
      { kind: "table", columns: [hostile, "b"], rows: [[hostile, "y".repeat(900)]] },
      {
        kind: "list",
        ordered: "bulleted",
        items: Array.from({ length: 60 }, (_, index) => [plain(`item ${index} ${hostile}`)]),
      },
    ],
    actions: [{ label: `Acknowledge ${hostile}`, command: "ack 13", style: "primary" }],
    footer: hostile,
  };
}

function warningView(since: Date): View {
  return {
    kind: "incident",
    title: "#14 DiskWillFill on db-2",
    tone: "warning",
    summary: "open warning incident 14: DiskWillFill on db-2.",
    blocks: [
      {
        kind: "fields",
        fields: [
          { label: "State", value: [bold("acknowledged")] },
          { label: "Since", value: [moment(since)] },
          { label: "Alerts", value: [plain("1 firing")] },
          { label: "Who has it", value: [plain("On call, since "), moment(since)] },
        ],
      },
    ],
    actions: [
      { label: "Resolve", command: "resolve 14", style: "plain" },
      { label: "Why", command: "why 14", style: "plain" },
    ],
    footer: "incident 14 · revision 2",
  };
}

/** A small picture, made here so that no binary file is needed: 240 by 60, white with six bars. */
export function chart(): Uint8Array {
  const width = 240;
  const height = 60;
  const bars = [0, 24, 0, 48, 0, 12];
  const rows: number[] = [];
  for (let y = 0; y < height; y += 1) {
    rows.push(0);
    for (let x = 0; x < width; x += 1) {
      const isBar = x % 40 > 8 && height - y <= (bars[Math.floor(x / 40)] ?? 0);
      rows.push(isBar ? 0x40 : 0xff);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.from(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** @see https://www.w3.org/TR/png-3/#D-CRCAppendix */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
