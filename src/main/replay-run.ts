/** One replay: a tape under a configuration and a version of the correlator. */
import { parseBody } from "../app/parse-delivery.ts";
import type { ReplayedRules } from "../app/replay/rules.ts";
import { type RecordedDelivery, type ReplayResult, replay } from "../app/replay.ts";
import type { Config } from "../config.ts";
import { createKindOf } from "../domain/alert/evidence-kind.ts";
import type { Change } from "../domain/change.ts";
import { createCorrelator } from "../domain/clustering.ts";
import type { Source } from "../ports.ts";
import { readableSources } from "./own-source.ts";
import { loadPlugins } from "./plugins.ts";
import type { ProgressBar } from "./progress-bar.ts";
import type { Judge } from "./replay-versions.ts";

/** One set of deliveries to replay, readable again and again. */
export interface Tape {
  readonly name: string;
  /** What the bot keeps of changes of the time; absent of a recording. */
  readonly storedChanges?: readonly Change[];
  read(): AsyncIterable<RecordedDelivery>;
}

export interface Side {
  readonly config: Config;
  readonly judge: Judge;
  /** What decides beside grouping; without it alerts are only grouped. */
  readonly rules?: ReplayedRules;
}

/** @param index - of this replay among all that the bar shows. */
export async function runReplay(
  tape: Tape,
  { config, judge, rules }: Side,
  bar: ProgressBar,
  index: number,
): Promise<ReplayResult> {
  const kindOf = createKindOf(config.evidenceKinds);
  const hasTopology = config.topology.edges.length + config.topology.services.length > 0;
  bar.show(index, tape.name, 0);
  const result = await replay({
    deliveries: tape.read(),
    sources: await sourcesOf(config),
    correlator: createCorrelator({ weights: judge.weights, kindOf }),
    kindOf,
    weights: judge.weights,
    ...(hasTopology ? { topology: config.topology } : {}),
    ...(tape.storedChanges === undefined ? {} : { storedChanges: tape.storedChanges }),
    ...(rules === undefined ? {} : { rules }),
    onProgress: (deliveries) => bar.show(index, tape.name, deliveries),
  });
  bar.clear();
  return result;
}

async function sourcesOf(config: Config): Promise<ReadonlyMap<string, Source>> {
  const configured = readableSources((await loadPlugins(config)).sources);
  return new Map(
    [...configured].map(([name, each]): [string, Source] => [
      name,
      { ...each.source, parse: (body, delivery) => parseBody(each, delivery, body) },
    ]),
  );
}
