/** A secret that may be another one later on. Whoever presents it asks for it each time, and keeps no copy. */
export interface Secret {
  /** Name of its variable, "SLACK_BOT_TOKEN"; may be shown, the value never. */
  readonly name: string;
  current(): string;
  /**
   * The other side refused `value`: looks for another one, where there may be one and not too often. Never throws.
   * @returns whether {@link current} is another one than that now.
   */
  hasChangedFrom(value: string): Promise<boolean>;
}

/** A secret that stays as it is for as long as the process runs. */
export function fixedSecret(name: string, value: string): Secret {
  return { name, current: () => value, hasChangedFrom: (refused) => Promise.resolve(refused !== value) };
}

/** A secret that may be given as its plain value, which then stays. */
export function secretOf(name: string, given: Secret | string): Secret {
  return typeof given === "string" ? fixedSecret(name, given) : given;
}
