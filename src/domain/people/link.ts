/**
 * One human on several platforms: whoever is known on one says so there, gets a code, and types it on the other. Roles
 * come from tocsin.yaml alone: a link only says which person an account that it does not name belongs to.
 */
import { createHash } from "node:crypto";
import type { Mention } from "../view.ts";
import { findPerson, type Person } from "./person.ts";

/** An account that belongs to a person of tocsin.yaml because its owner confirmed it with a code. */
export interface AccountLink {
  readonly platform: string;
  readonly account: string;
  /** As the platform called it then. */
  readonly accountName: string;
  readonly person: string;
  readonly linkedAt: Date;
}

/** A code that was given out and not used; only its hash is kept. */
export interface LinkCode {
  readonly person: string;
  /** Where it was given out: it is of no use there. */
  readonly platform: string;
  readonly expiresAt: Date;
}

export const codeLivesMs = 10 * 60_000;
/** Wrong codes in an hour: of one account, and of all together. A code is one of 2^40. */
export const mostWrongCodes = { ofAccount: 5, ofAll: 100 } as const;
export const wrongCodesCountMs = 3_600_000;

/** 32 signs that nobody takes for one another: no I, L, O, U. */
const signs = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/**
 * "7K3M-Q9XA" from random bytes.
 * @param bytes - at least 8, of a cryptographic source.
 * @throws RangeError when there are fewer.
 */
export function codeFrom(bytes: Uint8Array): string {
  if (bytes.length < 8) throw new RangeError(`a code needs 8 random bytes; got ${bytes.length}`);
  const text = [...bytes.subarray(0, 8)].map((byte) => signs[byte % signs.length]).join("");
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** As it was given out, however it was typed; null when it cannot be a code. */
export function readCode(typed: string): string | null {
  const text = typed.toUpperCase().replace(/[\s-]/g, "").replace(/[IL]/g, "1").replace(/O/g, "0");
  if (text.length !== 8 || [...text].some((sign) => !signs.includes(sign))) return null;
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** What is kept of a code: 64 lowercase hex characters. */
export function hashOfCode(code: string): string {
  return createHash("sha256").update(`link:${code}`).digest("hex");
}

/** Who an account is: tocsin.yaml has the first word, a link the second. Null for a stranger. */
export function personOfAccount(
  people: readonly Person[],
  account: { readonly platform: string; readonly id: string },
  link: Pick<AccountLink, "person"> | null,
): Person | null {
  const configured = findPerson(people, account.platform, account.id);
  if (configured !== null) return configured;
  const linked = people.find(({ id }) => id === link?.person) ?? null;
  // Where tocsin.yaml names another account of theirs, that one is meant.
  if (linked === null || linked.accounts[account.platform] !== undefined) return null;
  return { ...linked, accounts: { ...linked.accounts, [account.platform]: account.id } };
}

/**
 * How a person is called on every platform: by the account that tocsin.yaml names there, else by the one linked last.
 * @param links - of that person.
 */
export function mentionOf(
  person: Person,
  links: readonly AccountLink[],
  people: readonly Person[],
): Mention & { readonly kind: "person" } {
  const linked = links
    .filter(({ platform, account }) => findPerson(people, platform, account) === null)
    .toSorted((a, b) => a.linkedAt.getTime() - b.linkedAt.getTime())
    .map(({ platform, account }) => [platform, account] as const);
  return { kind: "person", accounts: { ...Object.fromEntries(linked), ...person.accounts } };
}

/** Why an account may not take up a code, or null. */
export function refuseLink(
  people: readonly Person[],
  code: LinkCode | null,
  account: { readonly platform: string; readonly id: string },
): { readonly reason: string; readonly problem: string; readonly remedy: string } | null {
  const anew = "Ask for a new one with /link where you are known, and type it here within ten minutes.";
  if (code === null)
    return { reason: "unknown_code", problem: "There is no such code, or not any more.", remedy: anew };
  if (code.platform === account.platform)
    return {
      reason: "same_platform",
      problem: "That code was given out on this platform.",
      remedy: "Type it on the other one, with the account that is to be yours, too.",
    };
  const person = people.find(({ id }) => id === code.person);
  if (person === undefined)
    return {
      reason: "unknown_person",
      problem: "Whoever asked for it is no longer in tocsin.yaml.",
      remedy: anew,
    };
  const configured = findPerson(people, account.platform, account.id);
  if (configured !== null)
    return {
      reason: "configured",
      problem: `This account is ${configured.name} by tocsin.yaml.`,
      remedy:
        configured.id === person.id ? "Nothing is to be done." : "Whoever keeps tocsin.yaml can change that.",
    };
  if (person.accounts[account.platform] !== undefined)
    return {
      reason: "has_account",
      problem: `tocsin.yaml names another account of ${person.name} on this platform.`,
      remedy: "Whoever keeps tocsin.yaml can change that.",
    };
  return null;
}
