/** A store of deliveries in memory whose commits the test holds in its hand. */
import type { NewDelivery } from "../../src/app/ingest.ts";

export interface HeldCommit {
  readonly group: readonly NewDelivery[];
  commit(): void;
  fail(error: Error): void;
}

export function createHeldDeliveries() {
  const commits: HeldCommit[] = [];
  const buried: { readonly delivery: NewDelivery; readonly problem: string }[] = [];
  let whenAsked: (() => void) | null = null;
  return {
    commits,
    buried,
    /** Resolves once `count` commits have been asked for. */
    async asked(count: number): Promise<void> {
      while (commits.length < count) {
        await new Promise<void>((resolve) => {
          whenAsked = resolve;
        });
      }
    },
    insert(group: readonly NewDelivery[]): Promise<void> {
      return new Promise((resolve, reject) => {
        commits.push({ group, commit: resolve, fail: reject });
        whenAsked?.();
      });
    },
    bury(delivery: NewDelivery, problem: string): Promise<number> {
      buried.push({ delivery, problem });
      return Promise.resolve(buried.length);
    },
  };
}
