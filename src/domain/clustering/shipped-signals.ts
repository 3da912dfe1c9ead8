import baseRate from "../signals/base-rate.ts";
import coFiring from "../signals/co-firing.ts";
import named from "../signals/named.ts";
import onsetLag from "../signals/onset-lag.ts";
import rivalRoots from "../signals/rival-roots.ts";
import sameEntity from "../signals/same-entity.ts";
import sharedChange from "../signals/shared-change.ts";
import sharedLabels from "../signals/shared-labels.ts";
import templateSimilarity from "../signals/template-similarity.ts";
import topology from "../signals/topology.ts";
import type { Signal } from "./signal.ts";

/** The signals that come with the bot; a test compares them with the folder. */
export const shippedSignals: readonly Signal[] = [
  topology,
  sameEntity,
  onsetLag,
  coFiring,
  baseRate,
  rivalRoots,
  named,
  sharedLabels,
  sharedChange,
  templateSimilarity,
];
