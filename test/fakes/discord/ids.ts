/** Snowflakes as Discord makes them: milliseconds since 2015 and a counter. */
const epoch = 1_420_070_400_000n;
let counter = 0n;

/** A new id for a moment; ids grow in the order in which they are made within a millisecond. */
export function snowflake(atMs: number): string {
  counter = (counter + 1n) & 0x3fffffn;
  return (((BigInt(atMs) - epoch) << 22n) | counter).toString();
}

export function msOf(id: string): number {
  return Number((BigInt(id) >> 22n) + epoch);
}
