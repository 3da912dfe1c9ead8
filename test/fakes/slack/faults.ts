/** What goes wrong on purpose. */

export type FaultKind =
  /** HTTP 429 with Retry-After; nothing happens. */
  | { readonly kind: "rate_limit"; readonly retryAfterSeconds: number }
  /** HTTP 500; nothing happens. */
  | { readonly kind: "http_500" }
  /** HTTP 200 with ok: false; nothing happens. */
  | { readonly kind: "error"; readonly error: string; readonly more?: Readonly<Record<string, unknown>> }
  /** A page of HTML with status 200, as a gateway sends; nothing happens. */
  | { readonly kind: "html" }
  /** The connection is reset before anything happens. */
  | { readonly kind: "reset" }
  /** No answer, ever; nothing happens. */
  | { readonly kind: "hang" }
  /** Answers late. */
  | { readonly kind: "slow"; readonly ms: number }
  /** It happens, and then the caller does not learn so. */
  | { readonly kind: "commit_then_reset" | "commit_then_500" | "commit_then_hang" }
  | { readonly kind: "commit_then_error"; readonly error: string };

export type Fault = FaultKind & {
  /** Method of the Web API; "response_url" and "upload" for those. */
  readonly method: string;
  /** Only calls for this channel. */
  readonly channel?: string;
  /** How often; default once. */
  readonly times?: number;
};

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  /** The fault that this call meets, used up by one. */
  take(method: string, channel: string | null): Fault | null;
}

export function createFaults(): Faults {
  let planned: { readonly fault: Fault; left: number }[] = [];
  return {
    add: (fault) => {
      planned.push({ fault, left: fault.times ?? 1 });
    },
    clear: () => {
      planned = [];
    },
    take(method, channel) {
      const match = planned.find(
        ({ fault, left }) =>
          left > 0 && fault.method === method && (fault.channel === undefined || fault.channel === channel),
      );
      if (match === undefined) return null;
      match.left -= 1;
      return match.fault;
    },
  };
}
