/** A secret that a test replaces. */
import type { Secret } from "../../src/ports.ts";

export interface ReplaceableSecret extends Secret {
  /** What the secret will be, once somebody says that it was refused. */
  replaceBy(value: string): void;
}

/** Holds to its value until it is refused, as one in a file does: who does not ask never gets the new one. */
export function replaceableSecret(name: string, value: string): ReplaceableSecret {
  let used = value;
  let next = value;
  return {
    name,
    current: () => used,
    hasChangedFrom: async (refused) => {
      if (refused === used) used = next;
      return refused !== used;
    },
    replaceBy: (other) => {
      next = other;
    },
  };
}
