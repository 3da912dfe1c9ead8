/**
 * What all kinds of objects that serve have in common: an operation and its record are written in one patch that the
 * server takes only while the object is as it was read. So a start is there or not, and a second one finds the first.
 */
import {
  type BackendPlan,
  type ExternalRef,
  NotStartedError,
  type Observed,
  type Operation,
  type PlannedOperation,
  type Snapshot,
} from "../../../ports/model.ts";
import { KubernetesError } from "./failure.ts";
import { createObserve, readIfThere } from "./observe.ts";
import { type Origin, originOf } from "./origin.ts";
import type { Place, ServingKind, Sight } from "./place.ts";
import { createPlan } from "./plan.ts";
import { type OperationRecord, recordFor } from "./record.ts";
import { createWriter, maxRaces, type Writing, writing } from "./write.ts";

export interface Served {
  readonly version: string;
  readonly from: Date;
  readonly by: string | null;
}

/** One kind, with what it sees kept to itself. */
export interface Serving {
  readonly group: string;
  readonly plural: string;
  readonly word: string;
  live(place: Place): Promise<Origin & { readonly version: string | null }>;
  /** Newest first, and when each came to the object. */
  versions(place: Place): Promise<readonly Pick<Served, "version" | "from">[]>;
  history(place: Place): Promise<readonly Served[]>;
  /** Whether the cluster keeps what served a version, not only its name. */
  isKept(place: Place, version: string): Promise<boolean>;
  snapshot(place: Place): Promise<Snapshot>;
  plan(place: Place, operation: PlannedOperation & { readonly to: string }): Promise<BackendPlan>;
  start(place: Place, operation: Operation & { readonly to: string }, at: Date): Promise<ExternalRef>;
  /** Whether the object tells of the operation. */
  find(place: Place, operationId: string): Promise<ExternalRef | null>;
  observe(place: Place, ref: ExternalRef): Promise<Observed>;
  cancel(place: Place, ref: ExternalRef): Promise<void>;
  advance(place: Place, ref: ExternalRef, hold: string): Promise<void>;
}

export function createServing<Seen>(kind: ServingKind<Seen>): Serving {
  const writer = createWriter(kind);
  const { write, isRace } = writer;

  async function start(
    place: Place,
    operation: Operation & { readonly to: string },
    at: Date,
  ): Promise<ExternalRef> {
    const { operationId, from, to, requestedBy: by, fence } = operation;
    const decide = async (sight: Sight<Seen>): Promise<Writing> => {
      if (recordFor(sight.records, operationId) !== null) return { kind: "done" };
      const newer = sight.records.find((record) => record.fence > fence);
      if (newer !== undefined) throw new NotStartedError(fencedText(place, newer, fence));
      if (sight.live !== from) throw new NotStartedError(movedText(place, sight, from));
      const edit = await kind.edit(place, sight, operation);
      if (edit.kind === "refuse") throw new NotStartedError(`${edit.problem} ${edit.remedy}`);
      const record = { operationId, to, from, at, by, state: "asked", before: edit.before, fence } as const;
      return writing(sight, edit, record);
    };
    try {
      const { metadata } = await write(place, decide);
      return refOf(place, operationId, metadata.uid);
    } catch (error) {
      // Refused means refused: nothing was written. Anything else leaves it open, and is found out by looking.
      if (error instanceof KubernetesError && error.mishap !== "unclear")
        throw new NotStartedError(error.message, { cause: error });
      throw error;
    }
  }

  function fencedText(place: Place, newer: OperationRecord, fence: number): string {
    return `${place.title} was taken by ${newer.operationId} since (fence ${newer.fence}, this has ${fence}): this bot no longer holds the target`;
  }

  function movedText(place: Place, sight: Sight<Seen>, from: string | null): string {
    const { by, since } = originOf(sight.metadata, sight.records, sight.wanted);
    const who = by === null ? "" : ` (${by}${since === null ? "" : `, ${since.toISOString()}`})`;
    return `${place.title} serves ${sight.live ?? "nothing"}, and ${from ?? "nothing"} when it was planned${who}; look there, then ask again`;
  }

  async function cancel(place: Place, ref: ExternalRef): Promise<void> {
    await write(place, async (sight) => {
      const record = recordFor(sight.records, ref["operationId"] ?? "");
      if (record?.state === "undone") return { kind: "done" };
      if (record === null || record !== sight.records.at(-1) || sight.wanted !== record.to)
        throw new Error(`kubernetes: ${place.title} was changed since and cannot be taken back; look there`);
      const edit = await kind.undo(place, sight, record);
      if (edit.kind === "refuse") throw new Error(`kubernetes: ${edit.problem} ${edit.remedy}`);
      return writing(sight, edit, { ...record, state: "undone" });
    });
  }

  async function versions(place: Place) {
    const sight = await kind.read(place);
    const listed = await kind.versions(place, sight);
    const known = new Set<string>();
    return [
      ...listed.map(({ version, createdAt }) => ({ version, from: createdAt })),
      ...sight.records.toReversed().map(({ to, at }) => ({ version: to, from: at })),
    ].filter(({ version }) => !known.has(version) && known.add(version));
  }

  async function history(place: Place): Promise<readonly Served[]> {
    const sight = await kind.read(place);
    const own = sight.records
      .filter(({ state }) => state === "asked")
      .map(({ to, at, by }) => ({ version: to, from: at, by }));
    const others = (await kind.versions(place, sight))
      .filter(({ version }) => !own.some((served) => served.version === version))
      .map(({ version, createdAt }) => ({ version, from: createdAt, by: null }));
    return [...own, ...others].sort((one, other) => other.from.getTime() - one.from.getTime());
  }

  return {
    group: kind.group,
    plural: kind.plural,
    word: kind.word,
    live: async (place) => {
      const { metadata, records, live, wanted } = await kind.read(place);
      // While a canary is on its way, or taken back, what serves came before the newest record.
      const older = live === wanted ? records : records.slice(0, -1);
      return { version: live, ...originOf(metadata, older, live) };
    },
    versions,
    history,
    isKept: async (place, version) => {
      const kept = await kind.versions(place, await kind.read(place));
      return kept.some((each) => each.version === version);
    },
    snapshot: async (place) => await kind.snapshot(place, await kind.read(place)),
    plan: createPlan(kind, writer),
    start,
    find: async (place, operationId) => {
      const sight = await readIfThere(kind, place);
      if (sight === null || recordFor(sight.records, operationId) === null) return null;
      return refOf(place, operationId, sight.metadata.uid);
    },
    observe: createObserve(kind),
    cancel,
    advance: async (place, ref, hold) => {
      for (let race = 1; ; race += 1) {
        const sight = await kind.read(place);
        const record = recordFor(sight.records, ref["operationId"] ?? "");
        if (record === null || record !== sight.records.at(-1) || record.state !== "asked") return;
        try {
          return await kind.advance?.(place, sight, hold);
        } catch (error) {
          if (!(error instanceof KubernetesError) || race === maxRaces) throw error;
          if (!(await isRace(place, error, sight.metadata.resourceVersion))) throw error;
        }
      }
    },
  };
}

function refOf({ model, environment }: Place, operationId: string, uid: string): ExternalRef {
  return { operationId, model, environment, uid };
}
