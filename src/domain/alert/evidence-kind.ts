import type { Alert } from "../alert.ts";

/** What sort of evidence an alert is; the order is that of the shipped rules, first match wins. */
export const evidenceKinds = [
  "change",
  "crash",
  "resource",
  "net",
  "slo",
  "traffic",
  "error",
  "log",
  "latency",
  "other",
] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

/** Kinds that seldom come from nothing; latency and traffic often do. */
export const firmKinds: ReadonlySet<EvidenceKind> = new Set([
  "crash",
  "resource",
  "net",
  "slo",
  "error",
  "log",
]);

/** A rule of the operator's: an alert that has one of the words is of that kind. */
export interface KindRule {
  readonly kind: EvidenceKind;
  /** Words or phrases, in any case; `*` stands for any letters and digits. */
  readonly words: readonly string[];
}

/** Tells what sort of evidence an alert is. */
export type KindOf = (alert: Pick<Alert, "name" | "labels" | "summary">) => EvidenceKind;

/** Words are matched against the words of the alert's name, then of its metric, then of its summary. */
const shippedRules: readonly (readonly [EvidenceKind, RegExp])[] = [
  [
    "change",
    /\b((deploy(ment)?|rollout|release|upgrade|migration) (has )?(started|finished|completed|succeeded|done)|deployed|rolled (out|back)|config\w* (changed|reloaded|updated)|feature flag|scaled (up|down)|failover (started|completed))\b/,
  ],
  ["slo", /\b(slo|sli|budget|burn|apdex)\b/],
  [
    "crash",
    /\b(crash\w*|restart\w*|oom\w*|killed|evicted|not ?ready|absent|(failed|failing|pending) pods?|pods? (failed|failing|pending)|containers? (waiting|terminated)|deadlock\w*|panic\w*|segfault|core ?dump|target down|instance down|host down|replicas? (mismatch|missing)|unschedulable|image ?pull\w*)\b/,
  ],
  [
    "net",
    /\b(network|packets?|retransmit\w*|tcp|udp|dns|conntrack|connection (refused|reset)|bandwidth|nic|partition)\b/,
  ],
  [
    "resource",
    /\b(cpu|memory|mem|heap|disk|filesystem|inodes?|fds?|file descriptors?|throttl\w*|saturat\w*|load average|gc|swap|storage|volume|quota|buffers?|threads?|goroutines?|connection pool|pool|queue (depth|length|size)|lag|backlog|query count|quer(y|ies) per request|evictions?|cache (hit|miss)\w*|locks?|exhaust\w*|too many connections|connections? (limit|saturat\w*)|maxed out|max(imum)? replicas)\b/,
  ],
  [
    "traffic",
    /\b(traffic|throughput|rps|qps|ops|request rate|requests per (sec|second|minute)|no (\w+ )?(requests|operations|traffic|data)|drop|request volume)\b/,
  ],
  ["log", /\b(logs?|log lines?|log pattern|exceptions?|stack ?traces?)\b/],
  [
    "error",
    /\b(errors?|err|\w*5xx|\w*4xx|50\d|failures?|failed|failing|fault|availability|unavailable|success (rate|ratio)|refused|timeouts?|down|replication (stopped|broken)|(no|lost) (leader|quorum))\b/,
  ],
  ["latency", /\b(latenc\w*|slow\w*|duration|response time|p\d\d|ms|delay\w*|spans?)\b/],
];

/** "HighServerLatencyP99" and "http_server_duration" as lower-case words; of any script. */
export function wordsOf(text: string): string {
  // Most texts are ASCII, for which the classes of Unicode are slow.
  if (isAscii.test(text))
    return text
      .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
      .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
      .replace(/[^A-Za-z0-9]+/g, " ")
      .toLowerCase()
      .trim();
  return text
    .normalize("NFC")
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, "$1 $2")
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, " ")
    .toLowerCase()
    .trim();
}

const isAscii = /^[\0-\x7f]*$/;
/** Scripts that are written without spaces between words. */
const unspaced = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;

const maxKnown = 20_000;

/**
 * @param own - rules of the operator's, asked before the shipped ones, in their order.
 * @returns the kind by general words in the alert's `metric` label, its name, or its summary.
 */
export function createKindOf(own: readonly KindRule[]): KindOf {
  const rules = [...own.map(({ kind, words }) => [kind, ruleFor(words)] as const), ...shippedRules];
  /** By metric, then by name: joined into one text, each would have to be hashed anew. */
  const known = new Map<string, Map<string, EvidenceKind>>();
  let knownNames = 0;

  function kindOfText(text: string): EvidenceKind {
    const words = wordsOf(text);
    for (const [kind, rule] of rules) if (rule.test(words)) return kind;
    return "other";
  }

  function remember(metric: string, name: string, kind: EvidenceKind): void {
    if (knownNames >= maxKnown) {
      known.clear();
      knownNames = 0;
    }
    knownNames += 1;
    known.set(metric, (known.get(metric) ?? new Map<string, EvidenceKind>()).set(name, kind));
  }

  return (alert) => {
    const metric = alert.labels["metric"] ?? alert.labels["__name__"] ?? "";
    const cached = known.get(metric)?.get(alert.name);
    if (cached !== undefined && cached !== "other") return cached;
    const byMetric = metric === "" ? "other" : kindOfText(metric);
    const byName = byMetric === "other" ? kindOfText(alert.name) : byMetric;
    if (cached === undefined) remember(metric, alert.name, byName);
    return byName === "other" ? kindOfText(alert.summary.slice(0, 300)) : byName;
  };
}

/** Whole words only; a phrase is read as texts are, so that "ReplicationLag" is "replication lag". */
function ruleFor(words: readonly string[]): RegExp {
  const patterns = words.map((word) => {
    const parts = word.split("*").map((part) => {
      const before = /^[^\p{L}\p{M}\p{N}]/u.test(part) ? " " : "";
      const after = /[^\p{L}\p{M}\p{N}]$/u.test(part) ? " " : "";
      return `${before}${wordsOf(part)}${after}`;
    });
    const pattern = parts.join("[\\p{L}\\p{M}\\p{N}]*");
    return unspaced.test(word) ? pattern : `(?<![\\p{L}\\p{N}])(?:${pattern})(?![\\p{L}\\p{N}])`;
  });
  return new RegExp(patterns.join("|"), "u");
}

/** By the shipped rules alone. */
export const kindOf: KindOf = createKindOf([]);

const callSide = /\b(client|outbound|egress|dependency|dependencies|upstream|downstream call|remote)\b/;

/** Without it the text need not be split into words. */
const callSideHint = /client|outbound|egress|dependenc|upstream|downstream|remote/i;

/** True when the alert measures calls that the service makes, so that the far end may be to blame. */
export function isCallSide(alert: Pick<Alert, "name" | "labels">): boolean {
  const text = `${alert.name} ${alert.labels["metric"] ?? ""}`;
  return callSideHint.test(text) && callSide.test(wordsOf(text));
}

const usualNames = ["baseline", "usual", "expected", "normal", "threshold"] as const;
const inSummary = /is (-?[\d.]+)\s*\S* \((?:usually|normally|baseline|expected|threshold)[: ]+(-?[\d.]+)/;

/**
 * How far the value is from its usual one, as the natural logarithm of their ratio, 0 to 7; null when the alert does
 * not say. Falls count as much as rises.
 */
export function magnitudeOf(alert: Pick<Alert, "annotations" | "summary">): number | null {
  // Most say nothing of the kind.
  const found = alert.summary.includes(" (") ? inSummary.exec(alert.summary) : null;
  const valueText = alert.annotations["value"] ?? found?.[1];
  if (valueText === undefined) return null;
  const usualName = usualNames.find((name) => alert.annotations[name] !== undefined);
  const value = Number.parseFloat(valueText);
  const usual = Number.parseFloat((usualName && alert.annotations[usualName]) ?? found?.[2] ?? "");
  if (!Number.isFinite(value) || !Number.isFinite(usual)) return null;
  const floor = 1e-3 * Math.max(Math.abs(value), Math.abs(usual), 1e-9);
  const ratio = Math.max(Math.abs(value), floor) / Math.max(Math.abs(usual), floor);
  return Math.min(7, Math.abs(Math.log(ratio)));
}
