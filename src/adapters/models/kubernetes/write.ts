/** Writes over an object only while it is as it was read; controllers change it all the time, so it is tried again. */
import { z } from "zod";
import type { PatchOperation, Query } from "./client.ts";
import { KubernetesError } from "./failure.ts";
import type { Edit, Place, ServingKind, Sight } from "./place.ts";
import { type OperationRecord, recordPatch, withRecord } from "./record.ts";

/** Tries over, after the object changed between reading and writing. Controllers write its status all the time. */
export const maxRaces = 8;
const written = z.unknown();

export type Writing =
  | { readonly kind: "write"; readonly operations: readonly PatchOperation[] }
  | { readonly kind: "done" };

export interface Writer<Seen> {
  /**
   * Reads, decides, writes; again when the object changed in between.
   * @param decide - what to write over what was read; throws when that must not be.
   * @returns the object as it was when that was decided.
   */
  write(place: Place, decide: (sight: Sight<Seen>) => Promise<Writing>, query?: Query): Promise<Sight<Seen>>;
  /** Whether a write failed since the object was another one than `resourceVersion` by then. */
  isRace(place: Place, error: KubernetesError, resourceVersion: string): Promise<boolean>;
}

export function createWriter<Seen>(kind: ServingKind<Seen>): Writer<Seen> {
  async function write(
    place: Place,
    decide: (sight: Sight<Seen>) => Promise<Writing>,
    query: Query = {},
  ): Promise<Sight<Seen>> {
    let last: KubernetesError | null = null;
    for (let race = 0; race < maxRaces; race += 1) {
      const sight = await kind.read(place);
      const { resourceVersion } = sight.metadata;
      const decided = await decide(sight);
      if (decided.kind === "done") return sight;
      try {
        const path = `${place.collection}/${place.name}`;
        await place.client.patch({ path, query, schema: written }, decided.operations);
        return sight;
      } catch (error) {
        if (!(error instanceof KubernetesError) || !(await isRace(place, error, resourceVersion)))
          throw error;
        last = error;
      }
    }
    throw new KubernetesError("refused", `${place.title} changes faster than it can be written`, null, {
      cause: last,
    });
  }

  /** A failed test of JSON Patch is 422, like much else; that the object is another one now tells them apart. */
  async function isRace(place: Place, { mishap, status }: KubernetesError, resourceVersion: string) {
    if (mishap === "conflict") return true;
    return status === 422 && (await kind.read(place)).metadata.resourceVersion !== resourceVersion;
  }

  return { write, isRace };
}

/** The edit and the record of its operation, in one patch: one is never there without the other. */
export function writing<Seen>(
  sight: Sight<Seen>,
  edit: Extract<Edit, { kind: "edit" }>,
  record: OperationRecord,
): Writing {
  const records = withRecord(sight.records, record);
  return { kind: "write", operations: [...recordPatch(sight.metadata, records), ...edit.operations] };
}
