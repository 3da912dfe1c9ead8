import { isPlaceholder } from "../alert/placeholder.ts";
import { defineSignal, type SeenAlert, type SignalContext } from "../clustering/signal.ts";

const perNat = 0.9;
const most = 2.5;
const apart = -5;
/** Labels that tell copies of a whole system apart: one topology stands for all of them. */
const copiesOfSystem = ["environment", "env", "cluster", "region"] as const;
/** Labels that divide a system into parts; but tenants share services, and services of two namespaces call one another. */
const scopes = [...copiesOfSystem, "namespace", "tenant"] as const;
/** What an alert is called, how bad it is and which monitoring sent it says nothing about where it belongs. */
const ignored: ReadonlySet<string> = new Set([
  "alertname",
  "severity",
  "priority",
  "level",
  "source",
  "prometheus",
  "prometheus_replica",
]);

function sharedOf(a: SeenAlert, b: SeenAlert): [string, string][] {
  const shared: [string, string][] = [];
  for (const [name, value] of Object.entries(a.labels))
    if (value !== a.entity && b.labels[name] === value && !ignored.has(name) && !isPlaceholder(value))
      shared.push([name, value]);
  return shared;
}

function isOneComponent(a: SeenAlert, b: SeenAlert): boolean {
  return a.component !== null && a.component === b.component;
}

function differingScope(a: SeenAlert, b: SeenAlert): string | undefined {
  return (isOneComponent(a, b) ? copiesOfSystem : scopes).find((name) => {
    const [left, right] = [a.labels[name], b.labels[name]];
    return left !== undefined && right !== undefined && left !== right;
  });
}

function rarest(a: SeenAlert, b: SeenAlert, { history }: SignalContext) {
  const at = Math.min(a.at, b.at);
  let best: { name: string; value: string; rarity: number } | null = null;
  for (const [name, value] of sharedOf(a, b)) {
    const rarity = history.rarity(name, value, at);
    if (best === null || rarity > best.rarity) best = { name, value, rarity };
  }
  return best;
}

/** A label value that few alerts have ties those that have it, where the topology is silent; another system's keeps apart. */
export default defineSignal({
  name: "shared-labels",
  summary:
    "Both alerts carry the same rare label value, or different values of a label that divides the system.",
  isSymmetric: true,
  range: [apart, most],
  score(a, b, context) {
    if (differingScope(a, b) !== undefined) return apart;
    if (isOneComponent(a, b)) return null;
    const best = rarest(a, b, context);
    return best === null || best.rarity === 0 ? null : Math.min(most, perNat * best.rarity);
  },
  because(a, b, context) {
    const scope = differingScope(a, b);
    if (scope !== undefined) return `${scope} differs: ${a.labels[scope]} and ${b.labels[scope]}`;
    const best = rarest(a, b, context);
    if (best === null) return "they share no label";
    const share = Math.max(1, Math.round(100 * Math.exp(-best.rarity)));
    return `both have ${best.name}="${best.value}", as about ${share} % of alerts are expected to`;
  },
});
