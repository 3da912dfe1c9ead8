/** What the tests of model backends share. */
import { createHttpClient } from "../../../src/adapters/http-client.ts";
import { hashPlan } from "../../../src/domain/rollout/plan.ts";
import { emptyManifest } from "../../../src/domain/rollout/retrain-manifest.ts";
import { newRollout } from "../../../src/domain/rollout.ts";
import type { BackendContext, Operation, Store } from "../../../src/ports.ts";
import { silentLog, systemClock } from "../../../src/ports.ts";
import { plan } from "../../domain/rollout/build.ts";

/** Stores the rollout of an operation. */
export async function rememberRollout(store: Store, operation: Operation): Promise<void> {
  const { operationId, kind, model, environment, from, to, reason, requestedBy } = operation;
  const now = new Date();
  const own = { ...plan, kind, model, environment, from, to, reason };
  const rollout = newRollout({
    operationId,
    plan: own,
    requestedBy,
    requestedIn: null,
    approvalRules: [],
    expiresAt: now,
    now,
  });
  await store.rollouts.insert({ ...rollout, planHash: hashPlan(own) });
}

export function contextOf(store: Store, over: Partial<BackendContext> = {}): BackendContext {
  return {
    store,
    clock: systemClock,
    log: silentLog,
    http: createHttpClient({ clock: systemClock }),
    environment: {},
    stateFolder: "/nonexistent",
    trainer: {
      check: () =>
        Promise.resolve({ kind: "too_little", problem: "Nobody has said anything yet.", remedy: "Wait." }),
      inputs: () => Promise.resolve(emptyManifest),
      fit: () => Promise.reject(new Error("there is nothing to fit")),
    },
    ...over,
  };
}
