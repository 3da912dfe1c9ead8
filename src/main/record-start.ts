/** The first entries of every run: which release, configuration and policy, what changed, which secrets were read. */
import type { OpenStore } from "../adapters/store/store.ts";
import type { Config } from "../config.ts";
import type { AuditRecord } from "../domain/audit.ts";
import type { Policy, StoreSlices } from "../ports.ts";
import { packageVersion } from "./package.ts";

export async function recordStart(
  store: OpenStore,
  config: Config,
  policy: Policy,
  now: Date,
): Promise<void> {
  const { hash, sections, secretsRead } = config;
  const data = {
    version: packageVersion,
    config: hash,
    policy: policy.hash,
    people: config.people.length,
    sections,
  };
  const secrets = secretsRead.map(
    ({ name, by, file }) => `${name} by ${by}${file === null ? "" : ` from ${file}`}`,
  );
  await store.transaction(async (tx) => {
    const [last] = await tx.audit.list({ action: "start", limit: 1 });
    await append(tx, now, "start", data);
    if (last !== undefined) await recordChanges(tx, now, last.data, data);
    if (secrets.length > 0) await append(tx, now, "secrets.read", { secrets });
  });
}

/** Replicas that start with another file than the one before are noticed the same way. */
async function recordChanges(
  tx: StoreSlices,
  now: Date,
  before: AuditRecord["data"],
  after: Readonly<Record<string, unknown>> & { readonly sections: Config["sections"] },
): Promise<void> {
  if (before["config"] !== after["config"]) {
    const sections = changedSections(before["sections"], after.sections);
    await append(tx, now, "config.changed", { from: before["config"], to: after["config"], sections });
  }
  if (before["policy"] !== after["policy"])
    await append(tx, now, "policy.changed", { from: before["policy"], to: after["policy"] });
}

/** Names of sections that came, went or changed; null when the release before did not record them. */
function changedSections(before: unknown, after: Config["sections"]): readonly string[] | null {
  if (typeof before !== "object" || before === null) return null;
  const known = new Map(Object.entries(before));
  const names = new Set([...known.keys(), ...Object.keys(after)]);
  return [...names].filter((name) => known.get(name) !== after[name]).sort();
}

async function append(
  tx: StoreSlices,
  now: Date,
  action: string,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  await tx.audit.append({ at: now, actor: "tocsin", action, subject: "bot", outcome: "done", data });
}
