/** Which fields of an audit entry may hold people or their words, and so must be erasable. */

/**
 * Keys of `data` whose values are the bot's own words, names of machines and models, or hashes. Everything else that
 * is not a number, a truth value or null is taken for personal: a key that nobody thought of can then be erased.
 */
const publicKeys: ReadonlySet<string> = new Set([
  "alerts",
  "alias",
  "answerHash",
  "approvalsNeeded",
  "asked",
  "cause",
  "checkpoint",
  "config",
  "count",
  "digest",
  "endsAt",
  "environment",
  "explainer",
  "expected",
  "externalRef",
  "from",
  "hash",
  "instead",
  "key",
  "kind",
  "llmModel",
  "matchers",
  "model",
  "newVersion",
  "operationId",
  "planHash",
  "policy",
  "promptHash",
  "reference",
  "removed",
  "root",
  "rule",
  "rules",
  "secrets",
  "sections",
  "service",
  "state",
  "target",
  "title",
  "to",
  "version",
  "via",
]);

/** Whether a member of `data` is covered by a commitment instead of by its value. */
export function isPersonal(key: string, value: unknown): boolean {
  if (value === null || typeof value === "number" || typeof value === "boolean") return false;
  return !publicKeys.has(key);
}
