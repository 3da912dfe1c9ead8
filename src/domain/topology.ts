/** One dependency: the caller needs the callee. */
export type Edge = readonly [caller: string, callee: string];

/** Directed graph of services; services without an edge may be listed too. */
export interface Topology {
  readonly edges: readonly Edge[];
  readonly services: readonly string[];
}
