/** Whose turn it is in one rota. */
export type OnCallAnswer =
  | { readonly kind: "turn"; readonly person: string }
  /** The rota has nobody at that moment. */
  | { readonly kind: "nobody" }
  /** `because` is one plain line for people. */
  | { readonly kind: "unknown"; readonly because: string };

/** A rota that somebody keeps elsewhere. Never throws: what cannot be read is an answer. */
export interface RotaCalendar {
  readonly name: string;
  at(moment: Date): Promise<OnCallAnswer>;
}
