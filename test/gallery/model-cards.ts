/** Cards of models: what serves, what was changed outside, drift, broken glass, refusals, the queue, plans by backend. */
import { denied, refused } from "../../src/app/outcome.ts";
import { newBake } from "../../src/domain/bake.ts";
import { writeTemplate } from "../../src/domain/explanation/template.ts";
import { incidentView } from "../../src/domain/incident/view.ts";
import { alertOfReport, defaultLossLimits, type ModelReport } from "../../src/domain/monitoring/report.ts";
import type { Plan } from "../../src/domain/rollout/plan.ts";
import { nothingInTheWay, type Standing, type TargetLock } from "../../src/domain/rollout/standing.ts";
import { rolloutView } from "../../src/domain/rollout/view.ts";
import type { Rollout } from "../../src/domain/rollout.ts";
import { outsideView } from "../../src/domain/serving/change.ts";
import { modelsView, type TargetFacts } from "../../src/domain/serving/models-view.ts";
import type { View } from "../../src/domain/view.ts";
import { at, buildTracked } from "../domain/build.ts";
import { plan, rolloutIn } from "../domain/rollout/build.ts";
import { buildExplanation } from "../fixtures/explanation-question.ts";
import { questionOf } from "../fixtures/incident-stories.ts";
import type { GalleryCard } from "./cards.ts";

const names: Readonly<Record<string, string>> = {
  oncall: "Ada Okafor",
  ml: "Mika Lehtonen",
  "sre-lead": "Ines Marques",
};
const nameOf = (person: string) => names[person] ?? person;

const lock: TargetLock = {
  ...{ target: "fraud-scorer/production", rolloutId: 12, since: at(-7), fence: 31, held: null },
};
const baked = newBake({ windowMs: 1_800_000, onFail: "ask", checks: [] }, { alerts: [], incident: 0 });
const quiet: TargetFacts = {
  ...{ model: "ranker", environment: "staging", bake: null, lock: null, waiting: [], notes: [] },
  live: { kind: "known", version: "12", since: at(-1_000), by: "oncall" },
};

const places: readonly TargetFacts[] = [
  {
    ...quiet,
    ...{ model: "fraud-scorer", environment: "production", lock },
    live: { kind: "known", version: "41", since: at(-2_900), by: "ml" },
    bake: { ...baked, state: "passed" },
    waiting: [
      { id: 13, requestedBy: "ml", requestedAt: at(-5) },
      { id: 14, requestedBy: "oncall", requestedAt: at(-2) },
    ],
  },
  {
    ...quiet,
    ...{ model: "fraud-scorer", environment: "staging" },
    live: { kind: "known", version: "42", since: at(-14), by: "ml" },
    bake: { ...baked, state: "watching" },
  },
  { ...quiet, notes: ["changed outside the bot", "the registry points to 11"] },
  {
    ...quiet,
    environment: "production",
    live: {
      kind: "unknown",
      problem: "connect ECONNREFUSED 10.4.1.9:6443",
      lastSeen: { version: "11", at: at(-3) },
    },
  },
];

const knownFacts: NonNullable<Plan["facts"]> = {
  version: {
    ...{ createdBy: "ml", createdAt: at(-1_500).toISOString(), run: "9f3c2b71d0a84d6c" },
    ...{ commit: "8c3de01", data: "transactions 3f2a" },
  },
  comparison: [
    { name: "recall", champion: 0.71, challenger: 0.744, interval: [0.012, 0.055], n: 8_400 },
    { name: "auc", champion: 0.941, challenger: 0.944, interval: null, n: 90 },
  ],
  rules: ["ml deploys with two approvals"],
  checks: [{ name: "Evaluation", text: "passed: the bake of version 42 in staging (rollout 9) passed" }],
};

const fromMlflow: Plan = {
  ...plan,
  ...{ model: "fraud-scorer", from: "41", to: "42", digest: "sha256:5c1f0c3f7a6b8f4c2f0e9d8c7b6a5948" },
  metrics: [],
  steps: ["point the alias champion at version 42", "check that version 42 serves"],
  notes: [],
  inverse: "rollback fraud-scorer 41 --environment production",
  reason: "recall recovers after the new merchants",
  expectedMs: 60_000,
  facts: knownFacts,
};

const fromKubernetes: Plan = {
  ...fromMlflow,
  ...{ from: "registry.example.com/fraud:41", to: "registry.example.com/fraud:42" },
  steps: ["set the image of Deployment fraud/scorer", "wait until 6 of 6 replicas serve it"],
  inverse: "rollback fraud-scorer registry.example.com/fraud:41 --environment production",
  metrics: [],
};

const freeze = { name: "year-end", by: "tocsin.yaml", until: at(3_000), reason: "closing the books" };

function planCard(state: string, of: Plan, standing: Standing, over: Partial<Rollout> = {}): GalleryCard {
  const times = { requestedAt: at(0), expiresAt: at(60) };
  const asked = rolloutIn("pending", { plan: of, requestedBy: "ml", ...times, ...over });
  const steps = of.steps.map((label) => ({ label, state: "waiting" as const }));
  const pending = { ...asked, progress: { ...asked.progress, steps } };
  const facts = {
    rollout: pending,
    approvals: [],
    approvers: ["sre-lead", "oncall"],
    rolesOf: () => [],
    nameOf,
  };
  return { family: "plan", state, view: rolloutView({ ...facts, standing, risk: "high" }) };
}

function plans(): GalleryCard[] {
  const waits = { ...nothingInTheWay, lock, ahead: [12, 13] };
  const worse =
    "broken: Version 42 of fraud-scorer does not pass the evaluation gate of production: recall 0.71 → 0.64, gain -0.09 to -0.05 (95 %, n 8400); a loss of at most 0.005 is asked for.";
  const facts = { ...knownFacts, checks: [{ name: "Evaluation", text: worse, isBroken: true }] };
  const breakGlass = "fraud is coming through, the merchants are named";
  const gateBroken = { ...fromMlflow, breakGlass, facts };
  const isQueued = rolloutIn("approved").progress;
  return [
    planCard("from a registry", fromMlflow, nothingInTheWay),
    planCard("of a Deployment", fromKubernetes, nothingInTheWay),
    planCard("breaks a freeze", { ...fromMlflow, breakGlass }, { ...nothingInTheWay, freezes: [freeze] }),
    planCard("breaks the gate", gateBroken, nothingInTheWay),
    planCard("third in the queue", fromMlflow, waits, {
      state: "approved",
      progress: {
        ...isQueued,
        note: "waits for rollout 12, which holds fraud-scorer in production or was asked for first",
      },
    }),
  ];
}

const drift: ModelReport = {
  ...{ model: "fraud-scorer", environment: "production", monitor: "tocsin", at: at(0), looked: 38 },
  findings: [
    { feature: "amount", check: "PSI", value: 0.312, limit: 0.08, n: 2_980, detail: "" },
    { feature: "amount", check: "Wasserstein", value: 0.41, limit: 0.12, n: 2_980, detail: "" },
    { feature: "merchant", check: "unseen values", value: 0.18, limit: 0.01, n: 2_980, detail: "" },
  ],
  performance: [
    {
      ...{
        metric: "recall",
        basis: "measured" as const,
        value: 0.61,
        reference: 0.744,
        interval: [0.58, 0.64] as const,
      },
      ...{ lossRatio: 0.18, isWorse: true },
    },
  ],
  unsaid: ["age (PSI): there are 20 values yet, 50 are needed"],
};

function driftCard(report: ModelReport): View {
  const options = { source: "tocsin", service: "payments", limits: defaultLossLimits, receivedAt: at(0) };
  const alert = alertOfReport(report, options);
  const question = questionOf({ alerts: [alert] });
  const { summary, causes, actions } = writeTemplate(question);
  return incidentView({
    incident: question.incident,
    alerts: [buildTracked(alert)],
    explanation: buildExplanation({ summary, causes, actions, ranked: question.causes }),
    nameOf,
    models: [{ name: "fraud-scorer", environments: ["production"] }],
  });
}

function refusals(): GalleryCard[] {
  const person = { id: "ml", name: "Mika Lehtonen", roles: ["ml-engineer"], accounts: {} };
  const frozen = denied({
    request: {
      ...{ key: "key", command: "deploy", input: { kind: "text", text: "fraud-scorer 42" } },
      ...{
        account: { platform: "slack", id: "U1", name: "mika" },
        channel: null,
        receivedAt: at(0),
        reply: {},
      },
    },
    ...{ person, action: "deploy" as const, able: [] },
    resource: {
      ...{ type: "Model" as const, name: "fraud-scorer", environment: "production", alias: "champion" },
      ...{ risk: "high" as const, owners: ["ml"] },
    },
    decision: {
      ...{ kind: "deny" as const, policies: ["freezes stop deploys and retrains"] },
      because: 'the rule "freezes stop deploys and retrains" forbids it',
    },
    remedy:
      'It is frozen: freeze year-end by tocsin.yaml until 2026-03-04 11:00 UTC: closing the books. Wait, or say why it cannot wait: --break-glass "why"; a second person has to agree.',
  });
  const gate = refused({
    ...{ kind: "refuse", reason: "gate_failed" },
    problem:
      "Version 42 of fraud-scorer does not pass the evaluation gate of production: recall 0.71 → 0.64, gain -0.09 to -0.05 (95 %, n 8400); a loss of at most 0.005 is asked for.",
    remedy:
      'Deploy a better version; a rollback to one that served needs no gate. Where that cannot wait, say why: --break-glass "why"; a second person has to agree.',
  });
  return [
    { family: "error", state: "frozen", view: frozen.outcome.view },
    { family: "error", state: "a gate refuses", view: gate.view },
  ];
}

/** Cards about models, in families that stand together. */
export function modelCards(): readonly GalleryCard[] {
  const record = {
    ...{ id: 4, model: "fraud-scorer", environment: "production", part: "serving" as const, version: "40" },
    ...{ after: at(-6), since: at(-5), seenAt: at(0), by: null, cause: "outside" as const, rolloutId: null },
    ...{ auditSeq: 91, previousId: 3 },
  };
  const outside = { record, before: "41", backend: "mlflow", waiting: [13], nameOf };
  return [
    ...plans(),
    { family: "models", state: "what serves where", view: modelsView(places, nameOf) },
    { family: "models", state: "all is quiet", view: modelsView([quiet], nameOf) },
    { family: "models", state: "changed outside the bot", view: outsideView(outside) },
    { family: "drift", state: "with a measured loss", view: driftCard(drift) },
    { family: "drift", state: "without a loss", view: driftCard({ ...drift, performance: [] }) },
    ...refusals(),
  ];
}
