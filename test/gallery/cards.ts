/** Every card in every state that people see, with real texts, short and long: what the gallery shows and tests. */

import type { Approval } from "../../src/domain/approval.ts";
import { type Bake, beginWatch, type Hold, newBake } from "../../src/domain/bake.ts";
import { errorView } from "../../src/domain/command/answer.ts";
import { digestDetailView } from "../../src/domain/digest/detail-view.ts";
import { handoverView } from "../../src/domain/digest/handover-view.ts";
import { digestView } from "../../src/domain/digest/view.ts";
import type { DigestFacts } from "../../src/domain/digest.ts";
import { writeTemplate } from "../../src/domain/explanation/template.ts";
import { entryView } from "../../src/domain/incident/entry-view.ts";
import { postmortemView } from "../../src/domain/incident/postmortem-view.ts";
import { incidentView } from "../../src/domain/incident/view.ts";
import type { Incident, TimelineEntry } from "../../src/domain/incident.ts";
import { type RolloutState, rolloutStates } from "../../src/domain/rollout/state.ts";
import { rolloutView } from "../../src/domain/rollout/view.ts";
import type { Rollout } from "../../src/domain/rollout.ts";
import { silenceReminderView } from "../../src/domain/suppression/silence-view.ts";
import { homeView } from "../../src/domain/view/home-view.ts";
import type { View } from "../../src/domain/view.ts";
import { at, buildIncident, buildTracked } from "../domain/build.ts";
import { buildPostmortem } from "../domain/incident/postmortem-build.ts";
import { plan, rolloutIn } from "../domain/rollout/build.ts";
import { buildDigest, buildHandover } from "../fixtures/digest.ts";
import { buildCause, buildExplanation } from "../fixtures/explanation-question.ts";
import { questionOf, type Story, stories } from "../fixtures/incident-stories.ts";
import { modelCards } from "./model-cards.ts";
import { denialCards, troubleCards } from "./trouble-cards.ts";

/** One picture of the gallery. */
export interface GalleryCard {
  /** What it is a card of: "incident", "rollout", …; cards of one family stand together. */
  readonly family: string;
  /** Which state it shows. */
  readonly state: string;
  readonly view: View;
}

const names: Readonly<Record<string, string>> = {
  oncall: "Ada Okafor",
  ml: "Mika Lehtonen",
  "sre-lead": "Ines Marques",
};
const nameOf = (person: string) => names[person] ?? person;

function storyCard(name: string, given: Partial<Incident> = {}): View {
  const story = stories[name];
  if (story === undefined) throw new Error(`gallery: no story is called "${name}"`);
  return cardOf(story, given);
}

function cardOf(story: Story, given: Partial<Incident>): View {
  const question = questionOf(story);
  const { summary, causes, actions } = writeTemplate(question);
  const ranked = question.causes;
  const explanation = buildExplanation({ summary, causes, actions, ranked });
  const alerts = story.alerts.map((alert) => buildTracked(alert));
  return incidentView({ incident: { ...question.incident, ...given }, alerts, explanation, nameOf });
}

const rollout = "a model rollout that slowed its callers";
const acknowledged = {
  state: "acknowledged",
  acknowledgedBy: "oncall",
  acknowledgedAt: at(3),
  revision: 4,
} as const;
const resolved = {
  ...acknowledged,
  state: "resolved",
  resolvedBy: "oncall",
  resolvedAt: at(41),
  firingCount: 0,
} as const;

/** The longest texts that monitoring sends in earnest: one line of labels, one of a stack trace. */
const long: Story = {
  alerts: Array.from({ length: 24 }, (_, index) => ({
    name: `KubePersistentVolumeFillingUpWithinFourHoursAccordingToLinearPrediction${index}`,
    service: `recommendations-feature-store-materializer-${index % 7}`,
    severity: index === 0 ? ("critical" as const) : ("warning" as const),
    summary: `The PersistentVolume claimed by data-recommendations-feature-store-materializer-${index} in namespace production-eu-west-1 is only 2.87 % free; based on recent sampling it is expected to fill up within four hours. java.lang.IllegalStateException: rocksdb compaction stalled at org.example.store.Compactor.run(Compactor.java:${index})`,
    startsAt: at(index),
    url: "https://prometheus.example.com/graph?g0.expr=kubelet_volume_stats_available_bytes",
  })),
  changes: [
    {
      kind: "config",
      service: "recommendations-feature-store-materializer-0",
      title:
        "raise rocksdb write buffer from 64 MiB to 512 MiB for all materializers in production-eu-west-1",
      at: at(-22),
    },
  ],
};

/** One alert on what many depend on, of whom none has one yet. */
const quiet: Story = {
  alerts: [
    { name: "HighErrorRate", service: "payments", severity: "critical", summary: "5xx ratio is 34 %" },
  ],
  edges: [
    ["shop-front", "checkout"],
    ["mobile-api", "checkout"],
    ["checkout", "payments"],
    ["subscriptions", "payments"],
    ["invoices", "payments"],
    ["refunds", "payments"],
  ],
  causes: [buildCause({ service: "payments", changeId: null, confidence: 1, terms: [] })],
};

function incidents(): GalleryCard[] {
  const card = (state: string, view: View): GalleryCard => ({ family: "incident", state, view });
  return [
    card("open, a rollout suspected", storyCard(rollout)),
    card("acknowledged", storyCard(rollout, acknowledged)),
    card("taken", storyCard(rollout, { ...acknowledged, assignedTo: "oncall", assignedAt: at(3) })),
    card("resolved", storyCard("one that is over", resolved)),
    card("reopened", storyCard("one that came back", { reopenedCount: 2, revision: 9 })),
    card("split from another", storyCard("a part of another", { parentId: 9 })),
    card("merged into another", storyCard("no change near", { mergedInto: 9, state: "resolved" })),
    card("muted and flapping", storyCard("one that flaps", { isMuted: true })),
    card("metrics speak", storyCard("one that metrics speak of")),
    card("happened before", storyCard("one that happened before")),
    card("one alert, many callers", cardOf(quiet, {})),
    card("a storm below the entry point", storyCard("a database under six services")),
    card("one alert, no evidence", storyCard("an alert without a service")),
    card("longest texts", cardOf(long, {})),
  ];
}

function entries(): GalleryCard[] {
  const entry = (given: Partial<TimelineEntry>): GalleryCard => {
    const whole: TimelineEntry = {
      ...{
        id: 1,
        incidentId: 12,
        at: at(4),
        kind: "joined",
        actor: "tocsin",
        text: "",
        data: {},
        isPosted: true,
      },
      ...given,
    };
    return {
      family: "thread",
      state: whole.kind,
      view: entryView(whole, nameOf, { incident: { openedAt: at(0) } }),
    };
  };
  return [
    entry({ kind: "acknowledged", actor: "oncall", text: "acknowledged" }),
    entry({ kind: "severity_changed", text: "severity went from warning to critical: HighErrorRate on web" }),
    entry({
      kind: "explained",
      text: "Now suspects the rollout of fraud-scorer at 02:58 UTC (60 %) instead of web, because fraud-scorer began first.",
      data: { service: "fraud-scorer", changeId: "rollout-7" },
    }),
    entry({
      kind: "escalated",
      text: "nobody has acknowledged it for 5 min; step 1 of urgent: told Ada Okafor, on call for primary",
      data: {
        calls: [{ name: "Ada Okafor", mention: { kind: "person", accounts: { slack: "U012AB3CD" } } }],
      },
    }),
    entry({
      kind: "assigned",
      actor: "sre-lead",
      text: "given to Ada Okafor by Ines Marques: rolled back, watch the queue",
      data: {
        calls: [{ name: "Ada Okafor", mention: { kind: "person", accounts: { slack: "U012AB3CD" } } }],
      },
    }),
    entry({ kind: "resolved", actor: "oncall", text: "resolved: rolled back to 41" }),
  ];
}

const deploy: Rollout["plan"] = {
  ...plan,
  model: "fraud-scorer",
  from: "41",
  to: "42",
  digest: "sha256:5c1f0c3f7a6b8f4c2f0e9d8c7b6a5948372615049382716a5b4c3d2e1f009988",
  metrics: [
    { name: "auc", from: 0.941, to: 0.957 },
    { name: "latency_p99_ms", from: 182, to: 240 },
    { name: "recall_at_1pct_fpr", from: 0.71, to: 0.744 },
  ],
  steps: ["check that version 42 is ready", "move the alias champion from 41 to 42", "read it back"],
  notes: ['allowed by the rule "engineers deploy to production with one approval"'],
  inverse: "rollback fraud-scorer 41 --environment production",
  reason: "better recall on card-not-present fraud",
  expectedMs: 240_000,
};

const approvals: readonly Approval[] = [
  {
    ...{ rolloutId: 7, person: "sre-lead", decision: "approve", planHash: "", reason: "", via: "slack" },
    at: at(2),
  },
];

function handoverOf(facts: DigestFacts): View {
  if (facts.handover === undefined) throw new Error("gallery: this is no hand-over");
  return handoverView({
    ...{ facts, handover: facts.handover, nameOf },
    call: { kind: "person", accounts: {} },
  });
}

/** A rollout of {@link deploy} as it stands in that state: asked for at 10:00, begun after three minutes. */
function deployIn(state: RolloutState, over: Partial<Rollout> = {}): Rollout {
  const bare = rolloutIn(state, {
    plan: deploy,
    requestedBy: "ml",
    requestedAt: at(0),
    auditSeq: 118,
    ...over,
  });
  const startedAt = bare.startedAt === null ? null : at(3);
  const hasEnded = bare.result !== null;
  return {
    ...bare,
    ...{ startedAt, finishedAt: hasEnded ? at(8) : null, expiresAt: state === "pending" ? at(60) : null },
    elapsed: startedAt === null ? null : { ms: 120_000, at: at(5).toISOString(), wentBack: false },
    progress: { ...bare.progress, steps: stepsIn(state) },
    ...over,
  };
}

/** What was carried out when it came to that state. */
function stepsIn(state: RolloutState): Rollout["progress"]["steps"] {
  return deploy.steps.map((label, index) => {
    if (state === "succeeded") return { label, state: "done" };
    if (state === "failed") return { label, state: index === 2 ? "failed" : "done" };
    if (state !== "running" && state !== "cancelling") return { label, state: "waiting" };
    return { label, state: index === 0 ? "done" : index === 1 ? "running" : "waiting" };
  });
}

function rollouts(): GalleryCard[] {
  const results: Partial<Record<RolloutState, string>> = {
    succeeded: "the alias champion of fraud-scorer points to version 42",
    failed: "the backend said it was done, but version 41 still serves instead of 42",
    cancelled: "cancelled by Ada Okafor",
    denied: "denied by Ines Marques: not on a Friday",
    expired: "nobody approved it in time",
    unknown: "the bot stopped while it was starting it",
  };
  return rolloutStates.map((state) => {
    const bare = deployIn(state, { result: results[state] ?? null });
    const facts = {
      rollout: {
        ...bare,
        progress: {
          ...bare.progress,
          logTail:
            state === "running" || state === "failed" ? "INFO loading models:/fraud-scorer@champion" : "",
        },
      },
      approvals: state === "pending" ? [] : approvals,
      approvers: ["sre-lead", "oncall"],
      rolesOf: () => [],
      nameOf,
    };
    return { family: "rollout", state, view: rolloutView(facts) };
  });
}

/** A version that serves, in every state of its bake, and a canary that waits. */
function bakes(): GalleryCard[] {
  const before = { alerts: [], incident: 0 };
  const bake = newBake({ windowMs: 1_800_000, onFail: "rollback", checks: [] }, before);
  const ok = { name: "traffic", state: "ok", text: "traffic: 41.2 to 55, must be at least 1" } as const;
  const breached = {
    name: "error ratio",
    state: "breached",
    text: "error ratio: 0.09 at worst, must be at most 0.01, outside for 3 min",
  } as const;
  const missing = { name: "traffic", state: "missing", text: "traffic: no values at all" } as const;
  const watch = {
    ...beginWatch(at(12), 1),
    elapsed: { ms: 420_000, at: at(19).toISOString(), wentBack: false },
  };
  const fired = "alert HighErrorRate fired, incident 12";
  const failed: Bake = {
    ...{ ...bake, state: "failed", findings: [fired, breached.text], checks: [breached, ok], incidentId: 12 },
  };
  const states: Readonly<Record<string, Bake>> = {
    watching: { ...bake, state: "watching", watch, checks: [ok] },
    passed: { ...bake, state: "passed", findings: ["none of its alerts fired, and no incident names it"] },
    "failed, rolling back": { ...failed, undo: { attempts: 0, rolloutId: 8 } },
    "failed, asks": { ...failed, undoProblem: "the bot may not: no rule of the policy permits it" },
    "failed, rolled back": { ...failed, answer: { as: "rolled_back", by: "rollout 8" } },
    inconclusive: { ...bake, state: "inconclusive", findings: [missing.text], checks: [missing] },
    accepted: {
      ...{ ...bake, state: "inconclusive", findings: [missing.text] },
      answer: { as: "accepted", by: "oncall" },
    },
    superseded: { ...bake, state: "superseded", answer: { as: "replaced", by: "rollout 8" } },
  };
  const result = "the alias champion of fraud-scorer points to version 42";
  const card = (state: string, given: Rollout): GalleryCard => {
    const facts = { rollout: given, approvals, approvers: [], rolesOf: () => [], nameOf };
    return { family: "bake", state, view: rolloutView(facts) };
  };
  const hold: Hold = {
    ...{ name: "25 %", trafficPercent: 25, watch: null, windowMs: 600_000, state: "asking" },
    findings: [missing.text],
  };
  const running = deployIn("running");
  const note = "holds at 25 % with 25 % of the traffic";
  return [
    ...Object.entries(states).map(([state, given]) =>
      card(state, deployIn("succeeded", { result, bake: given })),
    ),
    card("canary waits", { ...running, progress: { ...running.progress, hold, note } }),
  ];
}

function others(): GalleryCard[] {
  const silence = {
    ...{ id: 3, matchers: [{ name: "service", op: "=" as const, value: "checkout" }], reason: "load test" },
    ...{
      createdBy: "oncall",
      createdIn: "slack:C0123ABCD",
      startsAt: at(-60),
      endsAt: at(30),
      createdAt: at(-60),
    },
    matchedAt: at(-50),
  };
  const reminder = {
    silence,
    muted: { count: 2, names: ["HighLatency", "HighErrorRate"] },
    nameOf,
    now: at(0),
  };
  const news = buildDigest();
  const digestDetail = digestDetailView(news);
  if (digestDetail === null) throw new Error("gallery: the digest has no detail");
  const calm = { alertCount: 0, opened: [], resolved: [], muted: [], rollouts: [], noisiest: [] };
  const done = { stillOpen: 0, open: [], told: [], models: [], pendingApprovals: [], silencesEnding: [] };
  return [
    { family: "digest", state: "a day with news", view: digestView({ facts: news, chart: null, nameOf }) },
    { family: "digest", state: "its detail", view: digestDetail },
    {
      family: "digest",
      state: "nothing new",
      view: digestView({ facts: buildDigest(calm), chart: null, nameOf }),
    },
    { family: "digest", state: "a hand-over", view: handoverOf(buildHandover()) },
    {
      family: "digest",
      state: "a hand-over of nothing",
      view: handoverOf(buildHandover({ ...calm, ...done })),
    },
    {
      family: "reminder",
      state: "a silence ends",
      view: silenceReminderView({ ...reminder, kind: "ending" }),
    },
    {
      family: "reminder",
      state: "a silence matches nothing",
      view: silenceReminderView({ ...reminder, kind: "idle" }),
    },
    { family: "answer", state: "the report of an incident", view: postmortemView(buildPostmortem(), null) },
    {
      family: "error",
      state: "an unknown version",
      view: errorView({
        title: "Not done",
        problem: 'fraud-scorer has no version "402".',
        remedy: "Versions to choose from: 42, 41, 40.",
        suggestions: ["deploy fraud-scorer 42 --environment production", "models fraud-scorer"],
        footer: "reference 7f3a91c0",
      }),
    },
  ];
}

/** What waits for one person. */
function homes(): readonly GalleryCard[] {
  const none = { approvals: [], incidents: [], teams: [], rollouts: [], areTeamsTheirs: true };
  const common = { nameOf, riskOf: () => "low" as const };
  const busy = homeView({
    ...common,
    approvals: [rolloutIn("pending")],
    incidents: [
      buildIncident({ id: 12, severity: "critical", title: "LatencyHigh on checkout and 4 more services" }),
    ],
    teams: [
      { team: "payments", open: 2, untaken: 1, worst: "critical" },
      { team: "shop", open: 0, untaken: 0, worst: null },
    ],
    areTeamsTheirs: true,
    rollouts: [rolloutIn("pending"), rolloutIn("succeeded", { id: 6 })],
  });
  return [
    { family: "home", state: "work to do", view: busy },
    { family: "home", state: "a calm day", view: homeView({ ...common, ...none }) },
  ];
}

/** All of them, in the order in which the gallery shows them. */
export function galleryCards(): readonly GalleryCard[] {
  return [
    ...homes(),
    ...incidents(),
    ...entries(),
    ...rollouts(),
    ...bakes(),
    ...modelCards(),
    ...others(),
    ...denialCards(),
    ...troubleCards(),
  ];
}
