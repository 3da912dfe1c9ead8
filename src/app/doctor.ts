/** Looks at everything that can be wrong, and says what to do about it. Changes nothing. */
import { isAside, nameOfTrouble } from "../domain/chat/trouble.ts";
import { duration } from "../domain/view.ts";
import { type Channel, type Chat, type Clock, channelName, type Finding, type Store } from "../ports.ts";
import { readTriageLag } from "./triage-lag.ts";

export interface DoctorOptions {
  readonly store: Store;
  /** Rejects when the database does not answer; else its clock. */
  readonly databaseTime: () => Promise<Date>;
  readonly database: string;
  readonly chats: readonly Chat[];
  readonly channels: readonly Channel[];
  /** Sources that have no secret: open on loopback, closed elsewhere. */
  readonly openSources: readonly string[];
  readonly closedSources: readonly string[];
  /** Files that did not load, and everything else that start-up noticed. */
  readonly startFindings: readonly Finding[];
  readonly clock: Clock;
}

/** Every finding; failures are what keeps the bot from doing its work. */
export async function examine(options: DoctorOptions): Promise<readonly Finding[]> {
  const database = await examineDatabase(options);
  if (database.some((finding) => finding.status === "failure"))
    return [...options.startFindings, ...database];
  const parts = await Promise.all([
    examineSources(options),
    examineTriage(options),
    examineChannels(options),
    examinePosts(options),
  ]);
  return [...options.startFindings, ...database, ...parts.flat()];
}

const maxClockSkewMs = 5_000;

async function examineDatabase({ databaseTime, database, clock }: DoctorOptions): Promise<Finding[]> {
  const subject = "database";
  try {
    const before = clock.now().getTime();
    const time = await databaseTime();
    const skewMs = Math.abs(time.getTime() - (before + clock.now().getTime()) / 2);
    const reached: Finding = { status: "ok", subject, text: `${database}, reachable and up to date` };
    if (skewMs <= maxClockSkewMs)
      return [reached, { status: "ok", subject: "clock", text: "agrees with the database" }];
    const text = `differs from the database's by ${duration(skewMs)}`;
    return [
      reached,
      {
        status: "warning",
        subject: "clock",
        text,
        remedy: "synchronise both machines (NTP): leases and expiry use both clocks",
      },
    ];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [{ status: "failure", subject, text, remedy: "check DATABASE_URL and that the server runs" }];
  }
}

async function examineSources(options: DoctorOptions): Promise<Finding[]> {
  const heard = await options.store.deliveries.heard();
  const findings = heard.map(({ source, lastDay, lastAt }): Finding => {
    const ago =
      lastAt === null
        ? "never heard from"
        : `heard from ${duration(options.clock.now().getTime() - lastAt.getTime())} ago`;
    return {
      status: "ok",
      subject: `source ${source}`,
      text: `${ago}, ${lastDay} ${lastDay === 1 ? "delivery" : "deliveries"} in the last day`,
    };
  });
  if (heard.length === 0) {
    findings.push({
      status: "warning",
      subject: "sources",
      text: "nothing has been received yet",
      remedy: "point a sender at /webhooks/<source>; see the README",
    });
  }
  for (const { source, dead } of heard.filter((one) => one.dead > 0)) {
    findings.push({
      status: "warning",
      subject: `source ${source}`,
      text: `${dead} dead ${dead === 1 ? "delivery" : "deliveries"}: received, kept, and not understood`,
      remedy:
        "they are listed below and go after keep.deadDays; after a fix: tocsin doctor --replay ID, or --replay all",
    });
  }
  return [...findings, ...unprovenSources(options)];
}

/** In the worst of storms triage is a few seconds behind. */
const longLagMs = 30_000;

async function examineTriage({ store, clock }: DoctorOptions): Promise<Finding[]> {
  const lagMs = await readTriageLag(store, clock);
  if (lagMs < longLagMs) {
    const text = lagMs === 0 ? "has read what was received" : `is ${duration(lagMs)} behind`;
    return [{ status: "ok", subject: "triage", text }];
  }
  return [
    {
      status: "failure",
      subject: "triage",
      text: `what was received is not read: the oldest delivery waits for ${duration(lagMs)}`,
      remedy: 'start the bot, which reads on where it was; if one runs, its log says why at "triage"',
    },
  ];
}

/** One finding for all sources of a kind: most installations leave those that they do not use without a secret. */
export function unprovenSources({
  openSources,
  closedSources,
}: Pick<DoctorOptions, "openSources" | "closedSources">): readonly Finding[] {
  const finding = (names: readonly string[], text: string, remedy: string): readonly Finding[] =>
    names.length === 0
      ? []
      : [{ status: "warning", subject: "sources", text: `${text}: ${names.join(", ")}`, remedy }];
  return [
    ...finding(
      openSources,
      "without a secret, open to everyone on this machine",
      "set secrets under sources: in tocsin.yaml before HOST is anything but loopback",
    ),
    ...finding(
      closedSources,
      "without a secret, so they answer 401 to everyone on this address",
      "set secrets under sources: in tocsin.yaml; tocsin init makes a token",
    ),
  ];
}

/** How long one platform may take to say how it is. */
const checkTimeoutMs = 20_000;

async function examineChannels(options: DoctorOptions): Promise<Finding[]> {
  const known = new Set(options.chats.map((chat) => chat.platform));
  const orphans = options.channels
    .filter((channel) => !known.has(channel.platform))
    .map(
      (channel): Finding => ({
        status: "failure",
        subject: `channel ${channelName(channel)}`,
        text: `no ${channel.platform} token is configured`,
        remedy: `set the ${channel.platform} tokens, or take the channel out of tocsin.yaml`,
      }),
    );
  const checked = await Promise.all(
    options.chats.map((chat) =>
      checkChat(
        chat,
        options.channels.filter((channel) => channel.platform === chat.platform),
      ),
    ),
  );
  return [...orphans, ...checked.flat()];
}

async function checkChat(chat: Chat, channels: readonly Channel[]): Promise<readonly Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Finding[]>((resolve) => {
    const finding: Finding = {
      status: "failure",
      subject: chat.platform,
      text: `did not answer within ${checkTimeoutMs / 1000} s`,
      remedy: "check the network between here and it",
    };
    timer = setTimeout(() => resolve([finding]), checkTimeoutMs);
  });
  try {
    return await Promise.race([chat.check(channels), late]);
  } catch (error) {
    return [
      {
        status: "failure",
        subject: chat.platform,
        text: error instanceof Error ? error.message : String(error),
      },
    ];
  } finally {
    clearTimeout(timer);
  }
}

async function examinePosts({ store, clock }: DoctorOptions): Promise<Finding[]> {
  const [troubles, refused] = await Promise.all([store.troubles.open(50), store.posts.refused(20)]);
  const now = clock.now().getTime();
  const open = troubles.map((trouble): Finding => {
    const subject = `channel ${nameOfTrouble(trouble)}`;
    const { problem, remedy } = trouble;
    if (isAside(trouble)) return { status: "warning", subject, text: problem, remedy };
    return {
      status: "failure",
      subject,
      text: `takes no messages for ${duration(now - trouble.since.getTime())}: ${problem}`,
      remedy: `${remedy}; the bot tries again by itself, every five minutes at the latest`,
    };
  });
  const lost = refused.map(
    (post): Finding => ({
      status: "warning",
      subject: `channel ${post.platform}:${post.channel}`,
      text: `refused a ${post.kind} message: ${post.problem ?? "no reason given"}`,
      remedy: "put it right; the bot tries again at its next start",
    }),
  );
  return [...open, ...lost];
}
