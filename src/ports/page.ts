import type { Page } from "../domain/view/page.ts";
import type { Account } from "./chat.ts";

/** A look at one address of the console. */
export interface PageRequest {
  readonly account: Account;
  /** Decoded segments of the path: ["incidents", "12"]. */
  readonly path: readonly string[];
  /** What follows the question mark; untrusted. */
  readonly query: Readonly<Record<string, string>>;
  readonly now: Date;
}

export type PageResult =
  | { readonly kind: "page"; readonly page: Page }
  /** `bad` is an address that cannot be right, `missing` one of something that is not there. */
  | {
      readonly kind: "refuse";
      readonly because: "denied" | "missing" | "bad";
      readonly problem: string;
      readonly remedy: string;
    };

/** Everything there is to look at; a person sees what their commands would tell them, and no more. */
export interface Pages {
  open(request: PageRequest): Promise<PageResult>;
}
