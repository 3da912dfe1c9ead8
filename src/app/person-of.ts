/** Who asks: the person of tocsin.yaml whose account it is, by its own word or by a link; else a stranger. */
import { personOfAccount } from "../domain/people/link.ts";
import { botPerson, findPerson, ownPlatform, type Person, stranger } from "../domain/people/person.ts";
import type { Account, StoreSlices } from "../ports.ts";

export async function personOf(
  { links }: Pick<StoreSlices, "links">,
  people: readonly Person[],
  { platform, id, name }: Account,
): Promise<Person> {
  if (platform === ownPlatform) return botPerson;
  const configured = findPerson(people, platform, id);
  if (configured !== null) return configured;
  const link = await links.find(platform, id);
  return personOfAccount(people, { platform, id }, link) ?? stranger(platform, id, name);
}
