import type { Cause, CauseQuestion, CauseTerm } from "./correlation.ts";
import { entityOf } from "./entity.ts";
import { createServiceGraph } from "./topology.ts";
import type { Weights } from "./weights.ts";

/** First version: the deepest alerting service, and the latest change on it before onset. */
export function rankCauses(question: CauseQuestion, _weights: Weights): readonly Cause[] {
  const graph = createServiceGraph(question.topology);
  const count = new Map<string, number>();
  for (const alert of question.alerts) {
    const entity = entityOf(alert);
    if (entity !== null) count.set(entity, (count.get(entity) ?? 0) + 1);
  }
  const onset = Math.min(...question.alerts.map((alert) => alert.startsAt.getTime()));
  const causes = [...count].map(([service, alerts]): Cause => {
    const deepest = ![...graph.callees(service)].some((callee) => count.has(callee));
    const change = question.changes
      .filter((candidate) => candidate.service === service && candidate.at.getTime() <= onset)
      .sort((a, b) => b.at.getTime() - a.at.getTime())[0];
    const terms: CauseTerm[] = [
      { name: "alerts", score: Math.log(1 + alerts), because: `${alerts} alerts on ${service}` },
      deepest
        ? { name: "depth", score: 1.5, because: `nothing that ${service} calls is alerting` }
        : { name: "depth", score: -0.5, because: `something that ${service} calls is alerting too` },
    ];
    if (change)
      terms.push({ name: "change", score: 1, because: `${change.title} at ${change.at.toISOString()}` });
    const score = terms.reduce((sum, term) => sum + term.score, -3);
    return { service, changeId: change?.id ?? null, confidence: 1 / (1 + Math.exp(-score)), score, terms };
  });
  return causes
    .sort((a, b) => b.score - a.score || ((a.service ?? "") < (b.service ?? "") ? -1 : 1))
    .slice(0, 5);
}
