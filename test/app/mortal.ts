/** A store and a backend whose owner may die at any moment, before a call or after it had its effect. */
import type { ModelBackend, Store } from "../../src/ports.ts";

/** The process is gone; nothing it does afterwards has an effect. */
export class Crash extends Error {
  override readonly name = "Crash";
}

/** Counts the moments at which a bot could die, and dies at one of them for good. */
export function createDeath(at: number) {
  let moments = 0;
  let isDead = false;
  function moment(): void {
    if (isDead) throw new Crash("this process is dead");
    moments += 1;
    if (moments === at) {
      isDead = true;
      throw new Crash(`died at moment ${at}`);
    }
  }
  return { moment, moments: () => moments };
}

export type Death = ReturnType<typeof createDeath>;

/** A call that may die before it is made, or after it had its effect and before anyone heard of it. */
async function mortal<Result>(death: Death, work: () => Promise<Result>): Promise<Result> {
  death.moment();
  const result = await work();
  death.moment();
  return result;
}

export function mortalStore(real: Store, death: Death): Store {
  return {
    ...real,
    transaction: (work) =>
      mortal(death, () =>
        real.transaction(async (tx) => {
          const result = await work(tx);
          // Dies with everything written and nothing committed.
          death.moment();
          return result;
        }),
      ),
    rollouts: {
      ...real.rollouts,
      find: (id) => mortal(death, () => real.rollouts.find(id)),
      lock: (...args) => mortal(death, () => real.rollouts.lock(...args)),
    },
    jobs: { ...real.jobs, add: (...args) => mortal(death, () => real.jobs.add(...args)) },
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
