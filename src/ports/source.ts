import type { Alert } from "../domain/alert.ts";
import type { Change } from "../domain/change.ts";
import type { ProfilePush } from "../domain/monitoring/profile-push.ts";
import type { Topology } from "../domain/topology.ts";

/** One HTTP request as it came: the body byte for byte. */
export interface RawDelivery {
  readonly body: Uint8Array;
  /** Lower-case names; secrets (authorization, cookies, signatures' keys) are removed before it is stored. */
  readonly headers: Readonly<Record<string, string>>;
  readonly receivedAt: Date;
}

/** What a source understood of a delivery. */
export interface ParsedDelivery {
  readonly alerts: readonly Alert[];
  readonly changes: readonly Change[];
  /** Replaces what this source said before; null when the delivery says nothing of it. */
  readonly topology: Topology | null;
  /** What was pushed of models: counts that add up over a window and are judged by our own checks. */
  readonly profiles?: readonly ProfilePush[];
  /**
   * Entries that could not be read, each naming its place, what was there and what is expected. The rest stands and
   * is answered 202; the delivery is also kept among the dead ones, so that nothing is lost.
   */
  readonly problems?: readonly string[];
}

export type ParseResult =
  | { readonly kind: "parsed"; readonly delivery: ParsedDelivery }
  /** `problem` names the field and the value, `remedy` what to send instead. */
  | { readonly kind: "unparseable"; readonly problem: string; readonly remedy: string };

/** How a sender can prove itself. `token` is the last part of `/webhooks/:source/:token`. */
export type SenderCheck = "bearer" | "basic" | "token" | "hmac";

/** A signature over the raw bytes. `secret` never leaves the function. */
export interface HmacCheck {
  /**
   * True when the signature in the headers matches; constant time; checks the timestamp when there is one.
   * `names.timestampHeader` is the lower-case header that the operator configured for it, if any.
   */
  isSigned(delivery: RawDelivery, secret: string, names?: { readonly timestampHeader?: string }): boolean;
  /** For the 401 answer: which header is expected. */
  readonly header: string;
}

/**
 * One webhook sender's format. One file in `src/adapters/sources/` (or in the folder named by `sourceFiles.folder` in
 * tocsin.yaml), default export, name = file name.
 */
export interface Source {
  readonly name: string;
  /** One line for help and docs. */
  readonly summary: string;
  /** Sender checks this sender can do, strongest first. */
  readonly checks: readonly SenderCheck[];
  readonly hmac?: HmacCheck;
  /**
   * Pure: no clock, no input but its arguments. `body` is the JSON of the delivery; whole numbers beyond 2^53 arrive
   * as strings of digits. `settings` is what tocsin.yaml says under `sources.<name>.settings`.
   */
  parse(body: unknown, delivery: RawDelivery, settings: unknown): ParseResult;
  /**
   * A cheap shortcut for intake: true only when {@link parse} would read every entry. May be false at will, and may
   * be left out; then intake parses the whole delivery before it answers.
   */
  readsCleanly?(body: unknown): boolean;
  /** What is wrong with the settings in tocsin.yaml and what to write instead, or null. Asked at start and by doctor. */
  settingsProblem?(settings: unknown): string | null;
}

/** Types a source file: `export default defineSource({ ... })`. */
export function defineSource(source: Source): Source {
  return source;
}
