/** One human, however many accounts. From tocsin.yaml. */
export interface Person {
  /** Short name in lower case, for example "oncall"; the key in tocsin.yaml. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** Whose alerts are theirs, as the labels team and owner say it; absent where nobody said. */
  readonly teams?: readonly string[];
  /** Platform to the account id there; a person without an account on a platform has no key for it. */
  readonly accounts: Readonly<Record<string, string>>;
}

/** The platform of requests that the bot makes of itself; no chat, and nobody else, has accounts there. */
export const ownPlatform = "tocsin";

/** The bot as a requester: a policy permits it by its id, `Person::"tocsin"`, since it has no roles. */
export const botPerson: Person = {
  id: "tocsin",
  name: "Tocsin",
  roles: [],
  accounts: { [ownPlatform]: "tocsin" },
};

/** No key of tocsin.yaml has a colon in it. */
const strangerPrefix = "unknown:";

/** Someone the configuration does not know: may read nothing that needs a role. */
export function stranger(platform: string, accountId: string, name: string): Person {
  return {
    id: `${strangerPrefix}${platform}:${accountId}`,
    name,
    roles: [],
    accounts: { [platform]: accountId },
  };
}

export function isStranger(person: Person): boolean {
  return person.id.startsWith(strangerPrefix);
}

export function findPerson(people: readonly Person[], platform: string, accountId: string): Person | null {
  return people.find((person) => person.accounts[platform] === accountId) ?? null;
}

/** What a person is called in a sentence, by id; whoever tocsin.yaml does not name keeps the id. */
export function namesIn(people: readonly Pick<Person, "id" | "name">[]): (id: string) => string {
  const names = new Map(people.map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? id;
}
