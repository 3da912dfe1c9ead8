import type { AccountLink, LinkCode } from "../domain/people/link.ts";

export interface LinkStore {
  /** The person that an account was linked to; null when it never was. */
  find(platform: string, account: string): Promise<AccountLink | null>;
  /** In order of platform and account. */
  ofPerson(person: string): Promise<readonly AccountLink[]>;
  /** Gives out a code; one that the person had before is void. */
  giveCode(code: LinkCode & { readonly hash: string }): Promise<void>;
  /** Uses a code up, whatever comes of it; null when there is none that is still valid. */
  takeCode(hash: string, now: Date): Promise<LinkCode | null>;
  /** Wrong codes since a moment: of this account, and of all. */
  wrongCodes(
    account: { readonly platform: string; readonly id: string },
    since: Date,
  ): Promise<{ readonly ofAccount: number; readonly ofAll: number }>;
  /** Remembers a wrong code, and forgets those before `since`. */
  countWrong(
    account: { readonly platform: string; readonly id: string },
    now: Date,
    since: Date,
  ): Promise<void>;
  /** An account that is linked already goes over to the person. */
  save(link: AccountLink): Promise<void>;
  /** Returns what it was, or null. */
  remove(platform: string, account: string): Promise<AccountLink | null>;
}
