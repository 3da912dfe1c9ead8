export interface Lease {
  readonly scope: string;
  readonly holder: string;
  /** Grows at every change of holder. */
  readonly fence: number;
  readonly cursor: number;
  readonly nextIncidentId: number;
}

export interface LeaseStore {
  /** Takes or renews the lease; null while another live replica holds it. */
  acquire(scope: string, holder: string, ttlMs: number): Promise<Lease | null>;
  /** In the transaction of the results: moves the cursor, and throws {@link LeaseLostError} when the fence is old. */
  advance(lease: Lease, to: { readonly cursor: number; readonly nextIncidentId: number }): Promise<void>;
  release(lease: Lease): Promise<void>;
  /** How far the deliveries of a scope are read; 0 while nobody ever led it. */
  cursor(scope: string): Promise<number>;
}

/** The lease went to another replica; what was being done must be thrown away. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}
