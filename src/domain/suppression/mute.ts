export const muteCauses = ["silence", "maintenance", "inhibition"] as const;

/** Why an alert is muted. */
export interface Mute {
  readonly by: (typeof muteCauses)[number];
  /** Number of the silence; name or number of the maintenance window; name of the inhibition rule. */
  readonly id: number | string;
  /** One plain sentence for /why. Untrusted text. */
  readonly because: string;
}

/** True when both say the same, so that nothing has to be stored or shown anew. */
export function isSameMute(a: Mute | null, b: Mute | null): boolean {
  return a?.by === b?.by && a?.id === b?.id && a?.because === b?.because;
}
