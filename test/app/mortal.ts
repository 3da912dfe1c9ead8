/** A store, a backend and a network whose owner may die at any moment, before a call or after it had its effect. */
import type { ModelBackend, Store } from "../../src/ports.ts";

/** The process is gone; nothing it does afterwards has an effect. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** Counts the moments at which a bot could die, and dies at one of them for good. */
export function createDeath(at: number) {
  let moments = 0;
  let isDead = false;
  function check(): void {
    if (isDead) throw new Crash("this process is dead");
  }
  function moment(): void {
    check();
    moments += 1;
    if (moments === at) {
      isDead = true;
      throw new Crash(`died at moment ${at}`);
    }
  }
  return { check, moment, moments: () => moments, isDead: () => isDead };
}

export type Death = ReturnType<typeof createDeath>;

/** Of a bot that lives. */
export const noDeath = () => createDeath(Number.POSITIVE_INFINITY);

/** A call that may die before it is made, or after it had its effect and before anyone heard of it. */
async function mortal<Result>(death: Death, work: () => Promise<Result>): Promise<Result> {
  death.moment();
  return await mortalAfter(death, work);
}

/** To die before a write to the store is to have died after the one before it: that moment is counted once. */
async function mortalAfter<Result>(death: Death, work: () => Promise<Result>): Promise<Result> {
  death.check();
  const result = await work();
  death.moment();
  return result;
}

export function mortalStore(real: Store, death: Death): Store {
  const { rollouts, operationRecords: records, jobs } = real;
  return {
    ...real,
    transaction: (work) =>
      mortalAfter(death, () =>
        real.transaction(async (tx) => {
          const result = await work(tx);
          // Dies with everything written and nothing committed.
          death.moment();
          return result;
        }),
      ),
    rollouts: {
      ...rollouts,
      find: async (id) => {
        death.check();
        return await rollouts.find(id);
      },
      lock: (...args) => mortalAfter(death, () => rollouts.lock(...args)),
    },
    operationRecords: {
      ...records,
      keep: (record) => mortalAfter(death, () => records.keep(record)),
      update: (record) => mortalAfter(death, () => records.update(record)),
      forget: (operationId) => mortalAfter(death, () => records.forget(operationId)),
    },
    jobs: { ...jobs, add: (...args) => mortalAfter(death, () => jobs.add(...args)) },
  };
}

export function mortalBackend(real: ModelBackend, death: Death): ModelBackend {
  return {
    ...real,
    plan: (...args) => mortal(death, () => real.plan(...args)),
    snapshot: (...args) => mortal(death, () => real.snapshot(...args)),
    start: (...args) => mortal(death, () => real.start(...args)),
    ...(real.advance === undefined
      ? {}
      : { advance: (...args) => mortal(death, async () => await real.advance?.(...args)) }),
    observe: (...args) => mortal(death, () => real.observe(...args)),
    cancel: (...args) => mortal(death, () => real.cancel(...args)),
    findByOperationId: (...args) => mortal(death, () => real.findByOperationId(...args)),
  };
}

/**
 * What becomes of a request on the network: one that a bot dies before never arrives, and of one that it dies after it
 * never hears. A question has no effect: to die before it, or after it, is to die before what comes next.
 */
export function mortalCall(
  death: Death,
  does: "asks" | "changes",
): { readonly kind: "pass" } | { readonly kind: "cut"; readonly when: "before" | "after" } {
  if (death.isDead()) return { kind: "cut", when: "before" };
  if (does === "asks") return { kind: "pass" };
  for (const when of ["before", "after"] as const) {
    try {
      death.moment();
    } catch {
      return { kind: "cut", when };
    }
  }
  return { kind: "pass" };
}
