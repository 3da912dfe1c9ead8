/** Whose turn it is in one rota. */
export type OnCallAnswer =
  /** `until` is when the turn ends; absent where that is not known. */
  | { readonly kind: "turn"; readonly person: string; readonly until?: Date }
  /** The rota has nobody at that moment. */
  | { readonly kind: "nobody" }
  /** `because` is one plain line for people. */
  | { readonly kind: "unknown"; readonly because: string };

/** A rota that somebody keeps elsewhere. Never throws: what cannot be read is an answer. */
export interface RotaCalendar {
  readonly name: string;
  at(moment: Date): Promise<OnCallAnswer>;
}
