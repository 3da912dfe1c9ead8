/** What keeps alerts from notifying: silences, maintenance windows and inhibition rules, asked in this order. */

import type { TrackedAlert } from "./alert/tracked.ts";
import { matchable } from "./chat/routing.ts";
import { createInhibitionIndex, type InhibitionRule } from "./suppression/inhibition.ts";
import {
  type MaintenanceWindow,
  muteByMaintenance,
  type Occurrence,
  occurrenceAt,
} from "./suppression/maintenance.ts";
import { matchesAll } from "./suppression/matcher.ts";
import type { Mute } from "./suppression/mute.ts";
import { activeSilences, muteBySilence, type Silence } from "./suppression/silence.ts";

/** What people have set, as it is stored. */
export interface MuteSettings {
  readonly silences: readonly Silence[];
  readonly windows: readonly MaintenanceWindow[];
}

/** Knows what mutes and which alerts fire; bounded by these. */
export interface Muting {
  /** What is in force from now on. True when that has changed: every firing alert has to be asked about again. */
  setTo(settings: MuteSettings, now: Date): boolean;
  /** Takes note of an alert, since it may inhibit others or be inhibited. */
  note(tracked: TrackedAlert): void;
  /** The alert is forgotten. */
  forget(key: string): void;
  /** What mutes an alert of which note was taken, or null. */
  muteOf(tracked: TrackedAlert): Mute | null;
  /** Keys of firing alerts that have to be asked about again, because an inhibitor came or went. */
  takeAffected(): readonly string[];
  /** Numbers of silences that matched an alert which was asked about since the last call. */
  takeMatched(): readonly number[];
}

/**
 * @param nameOf - what an alert is called in a sentence, by its key.
 * @param personName - the same of a person, by id; ids stand for themselves by default.
 */
export function createMuting(
  rules: readonly InhibitionRule[],
  nameOf: (key: string) => string,
  personName: (person: string) => string = (person) => person,
): Muting {
  const inhibition = createInhibitionIndex(rules);
  const matched = new Set<number>();
  let silences: readonly Silence[] = [];
  let underWay: readonly { readonly window: MaintenanceWindow; readonly occurrence: Occurrence }[] = [];
  let inForce = "";

  function bySilence(labels: Readonly<Record<string, string>>): Mute | null {
    // All of them are asked, for each wants to know whether it matches anything at all.
    const matching = silences.filter((silence) => matchesAll(silence.matchers, labels));
    for (const { id } of matching) matched.add(id);
    return matching[0] === undefined ? null : muteBySilence(matching[0], personName);
  }

  function byMaintenance(labels: Readonly<Record<string, string>>): Mute | null {
    const found = underWay.find(({ window }) => matchesAll(window.matchers, labels));
    return found === undefined ? null : muteByMaintenance(found.window, found.occurrence, personName);
  }

  function byInhibition(key: string): Mute | null {
    const inhibitor = inhibition.inhibitorOf(key);
    if (inhibitor === null) return null;
    const because = `inhibition rule ${inhibitor.rule}: ${nameOf(inhibitor.source)} fires`;
    return { by: "inhibition", id: inhibitor.rule, because };
  }

  return {
    setTo(settings, now) {
      silences = activeSilences(settings.silences, now);
      underWay = settings.windows
        .map((window) => ({ window, occurrence: occurrenceAt(window.schedule, now) }))
        .filter(
          (pair): pair is { window: MaintenanceWindow; occurrence: Occurrence } => pair.occurrence !== null,
        )
        .sort((a, b) => b.occurrence.to.getTime() - a.occurrence.to.getTime() || a.window.id - b.window.id);
      const before = inForce;
      inForce = JSON.stringify([
        silences.map(({ id, endsAt }) => [id, endsAt]),
        underWay.map(({ window, occurrence }) => [window.id, occurrence.to, window.matchers, window.reason]),
      ]);
      return before !== inForce;
    },
    note(tracked) {
      if (rules.length === 0) return;
      if (tracked.endedBy === null) inhibition.add(tracked.key, matchable(tracked.alert));
      else inhibition.remove(tracked.key);
    },
    forget: (key) => inhibition.remove(key),
    muteOf(tracked) {
      const asks = silences.length + underWay.length > 0;
      const labels = asks ? matchable(tracked.alert) : {};
      return bySilence(labels) ?? byMaintenance(labels) ?? byInhibition(tracked.key);
    },
    takeAffected: () => inhibition.takeAffected(),
    takeMatched() {
      const numbers = [...matched];
      matched.clear();
      return numbers;
    },
  };
}
