/** An incident that went through everything a postmortem tells of. */

import type { PostmortemFacts } from "../../../src/domain/incident/postmortem.ts";
import type { TimelineEntry } from "../../../src/domain/incident.ts";
import { buildCause, buildExplanation } from "../../fixtures/explanation-question.ts";
import { at, buildIncident, buildTracked } from "../build.ts";
import { plan, rolloutIn } from "../rollout/build.ts";

const names: Readonly<Record<string, string>> = { oncall: "Ada Okafor", ml: "Mika Lehtonen" };

export function buildEntry(given: Partial<TimelineEntry> = {}): TimelineEntry {
  return {
    id: 1,
    incidentId: 12,
    at: at(1),
    kind: "joined",
    actor: "tocsin",
    text: "alert HighErrorRate on checkout joined",
    data: {},
    isPosted: true,
    ...given,
  };
}

const chart = {
  fromMs: at(-60).getTime(),
  toMs: at(10).getTime(),
  onsetMs: at(0).getTime(),
  panels: [
    {
      title: "Error ratio of checkout",
      brief: "0.2 % → 31 % at 10:00",
      sentence: "error ratio of checkout rose from 0.2 % to 31 % at 10:00",
      unit: "ratio",
      points: [],
      beganAtMs: at(0).getTime(),
      limit: null,
    },
  ],
  markers: [{ atMs: at(-4).getTime(), label: "rollout of fraud-scorer: deploy scorer 3 → 4" }],
};

/** Acknowledged, handed over, escalated, rolled back, resolved, reopened, resolved again. */
export function buildPostmortem(given: Partial<PostmortemFacts> = {}): PostmortemFacts {
  const entry = (minute: number, more: Partial<TimelineEntry>) =>
    buildEntry({ id: 100 + minute, at: at(minute), ...more });
  return {
    incident: buildIncident({
      id: 12,
      state: "resolved",
      severity: "critical",
      severitySetBy: "oncall",
      startedAt: at(0),
      openedAt: at(1),
      assignedTo: "ml",
      assignedAt: at(9),
      resolvedAt: at(61),
      resolvedBy: "ml",
      reopenedCount: 1,
      alertCount: 3,
      firingCount: 0,
      related: [9],
      parentId: 8,
      services: ["checkout", "fraud-scorer"],
    }),
    alerts: [
      buildTracked({
        status: "resolved",
        endsAt: at(40),
        severity: "critical",
        summary: "31 % of requests fail",
      }),
      buildTracked(
        { name: "QueueLag", service: "orders", startsAt: at(2) },
        { mutedBy: { by: "silence", id: 4, because: "silence 4 by Ada: the vendor migrates" } },
      ),
    ],
    timeline: [
      entry(1, { kind: "opened", text: "opened with HighErrorRate on checkout" }),
      entry(2, { kind: "measured", text: "error ratio of checkout rose", data: { chart } }),
      entry(3, {
        kind: "escalated",
        text: "nobody has acknowledged it for 2 min: told Mika Lehtonen",
        data: { calls: [{ name: "Mika Lehtonen", mention: { kind: "person", accounts: {} } }] },
      }),
      entry(4, { kind: "acknowledged", actor: "oncall", text: "acknowledged by Ada Okafor" }),
      entry(5, { kind: "merged", text: "incident 11 merged into this one: same service" }),
      entry(9, {
        kind: "assigned",
        actor: "oncall",
        text: "given to Mika Lehtonen by Ada Okafor: rolled back, watch the queue",
        data: { to: "ml", from: null },
      }),
      entry(10, { kind: "note", actor: "oncall", text: "Ada Okafor: the queue drains" }),
      entry(12, { kind: "note", actor: "oncall", text: "Ada Okafor: the queue is empty" }),
      entry(20, { kind: "rollout", text: "rollout 7 succeeded", data: { rolloutId: 7 } }),
      entry(30, {
        kind: "resolved",
        actor: "oncall",
        text: "resolved by Ada Okafor: rolled back",
        data: { reason: "rolled back" },
      }),
      entry(35, { kind: "reopened", text: "reopened: an alert fires again" }),
      entry(61, {
        kind: "resolved",
        actor: "ml",
        text: "resolved by Mika Lehtonen: scorer 3 serves again",
        data: { reason: "scorer 3 serves again" },
      }),
    ],
    isTimelineCut: false,
    evidence: [
      {
        number: 1,
        kind: "alert",
        subject: "a",
        text: "HighErrorRate on checkout since 10:00",
        at: at(0),
        data: {},
      },
      {
        number: 2,
        kind: "rollout",
        subject: "6",
        text: "rollout of fraud-scorer: deploy scorer 3 → 4",
        at: at(-4),
        data: { changeId: "rollout:6:fraud-scorer" },
      },
      {
        number: 3,
        kind: "topology",
        subject: "t",
        text: "checkout calls fraud-scorer",
        at: null,
        data: { service: "fraud-scorer" },
      },
    ],
    explanation: buildExplanation({
      incidentId: 12,
      summary: [{ text: "checkout fails for 31 % of requests.", evidence: [1] }],
      actions: [{ text: "Roll back scorer to 3.", evidence: [2], command: "rollback scorer 3" }],
      ranked: [
        buildCause({ changeId: "rollout:6:fraud-scorer" }),
        buildCause({ service: "orders", changeId: null, confidence: 0.1, terms: [] }),
      ],
    }),
    verdicts: [
      {
        service: "fraud-scorer",
        changeId: "rollout:6:fraud-scorer",
        changeKind: "rollout",
        isRight: true,
        person: "ml",
        at: at(61),
      },
      { service: "db", changeId: null, changeKind: null, isRight: false, person: "oncall", at: at(10) },
    ],
    rollouts: [
      rolloutIn("succeeded", {
        id: 7,
        plan: { ...plan, kind: "rollback", from: "4", to: "3", incidentId: 12 },
        requestedBy: "oncall",
        requestedAt: at(6),
        startedAt: at(7),
        finishedAt: at(20),
        result: "3 serves",
      }),
    ],
    children: [13, 14],
    nameOf: (person) => names[person] ?? person,
    now: at(90),
    ...given,
  };
}
