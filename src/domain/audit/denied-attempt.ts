/** Attempts to get in that a door turned away, counted so that a scanner fills neither memory nor the audit log. */
import type { AuditRecord } from "./entry.ts";

/**
 * Requests that are alike: one door, one answer, one network. Each was answered 401, 403, or 429 while signing in. What
 * they presented is not part of it.
 */
export interface DeniedAttempts {
  /** "webhooks/alertmanager", "callbacks/airflow", "slack", "console/sign-in". Made of configured names only. */
  readonly door: string;
  /** HTTP status that was answered. */
  readonly status: number;
  /** Network of the sender, see {@link senderNetwork}; or {@link otherSenders}. */
  readonly sender: string;
  readonly count: number;
  readonly from: Date;
  readonly until: Date;
}

/** Stands for networks that are too many to tell apart. */
export const otherSenders = "other senders";

/**
 * Counts attempts, the most frequent first, so that these keep their network: from `limit` kinds on, a network that is
 * new is counted with the other senders of its door.
 * @returns at most `limit` kinds, and one more for each door and answer.
 */
export function foldAttempts(all: Iterable<DeniedAttempts>, limit: number): readonly DeniedAttempts[] {
  const folded = new Map<string, DeniedAttempts>();
  for (const attempts of [...all].sort((a, b) => b.count - a.count)) addAttempts(folded, attempts, limit);
  return [...folded.values()];
}

/** The same for attempts as they come: changes `kept`. */
export function addAttempts(
  kept: Map<string, DeniedAttempts>,
  attempts: DeniedAttempts,
  limit: number,
): void {
  const isTold = kept.has(keyOf(attempts)) || kept.size < limit;
  const kind = isTold ? attempts : { ...attempts, sender: otherSenders };
  const before = kept.get(keyOf(kind));
  kept.set(keyOf(kind), before === undefined ? kind : sum(before, kind));
}

function keyOf({ door, status, sender }: DeniedAttempts): string {
  return `${door} ${status} ${sender}`;
}

function sum(a: DeniedAttempts, b: DeniedAttempts): DeniedAttempts {
  const from = a.from < b.from ? a.from : b.from;
  return { ...a, count: a.count + b.count, from, until: a.until > b.until ? a.until : b.until };
}

export function deniedRecord(attempts: DeniedAttempts, now: Date): AuditRecord {
  const { door, status, sender, count, from, until } = attempts;
  return {
    at: now,
    actor: sender,
    action: "door.denied",
    subject: `door:${door}`,
    outcome: "denied",
    data: { status, count, firstAt: from.toISOString(), lastAt: until.toISOString() },
  };
}

/**
 * Who is at the other end: the peer, or who a proxy on this machine says it is.
 * @param forwardedFor - the header X-Forwarded-For; believed from this machine alone, and of it the last address.
 */
export function senderAddress(peer: string | undefined, forwardedFor: string | undefined): string {
  const named = forwardedFor?.split(",").at(-1)?.trim() ?? "";
  return isThisMachine(peer ?? "") && named !== "" ? named.slice(0, 64) : (peer ?? "unknown");
}

/**
 * The network of an address: enough to see a pattern, too little to name a person. "203.0.113.0/24",
 * "2001:db8:1::/48", "this machine", or "unknown" for what is no address.
 */
export function senderNetwork(address: string): string {
  const bare = address.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  if (isThisMachine(bare)) return "this machine";
  const [, four] = /^(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(bare) ?? [];
  if (four !== undefined) return `${four}.0/24`;
  if (!/^[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}$/.test(bare)) return "unknown";
  const groups = (bare.split("::", 1)[0] ?? "").split(":").filter((group) => group !== "");
  const head = [...groups, "0", "0", "0"].slice(0, 3).map((group) => group.replace(/^0+(?=.)/, ""));
  return `${head.join(":")}::/48`;
}

function isThisMachine(address: string): boolean {
  return /^(127\.|::1$|::ffff:127\.)/.test(address);
}
