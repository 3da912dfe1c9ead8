/**
 * What all kinds of objects that serve have in common: an operation and its record are written in one patch that the
 * server takes only while the object is as it was read. So a start is there or not, and a second one finds the first.
 */
import { z } from "zod";
import {
  type BackendPlan,
  type ExternalRef,
  NotStartedError,
  type Observed,
  type Operation,
  type PlannedOperation,
  type Snapshot,
} from "../../../ports/model.ts";
import type { PatchOperation, Query } from "./client.ts";
import { KubernetesError } from "./failure.ts";
import { type Origin, originOf, ownershipNotes } from "./origin.ts";
import type { Edit, Place, ServingKind, Sight } from "./place.ts";
import { type OperationRecord, recordFor, recordPatch, withRecord } from "./record.ts";
import { waitForChange } from "./watch.ts";

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

/** Tries over, after the object changed between reading and writing. Controllers write its status all the time. */
const maxRaces = 8;
const written = z.unknown();

type Writing =
  | { readonly kind: "write"; readonly operations: readonly PatchOperation[] }
  | { readonly kind: "done" };

export function createServing<Seen>(kind: ServingKind<Seen>): Serving {
  /**
   * Reads, decides, writes; again when the object changed in between.
   * @param decide - what to write over what was read; throws when that must not be.
   */
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

  function writing(
    sight: Sight<Seen>,
    edit: Extract<Edit, { kind: "edit" }>,
    record: OperationRecord,
  ): Writing {
    const records = withRecord(sight.records, record);
    return { kind: "write", operations: [...recordPatch(sight.metadata, records), ...edit.operations] };
  }

  async function plan(
    place: Place,
    operation: PlannedOperation & { readonly to: string },
  ): Promise<BackendPlan> {
    const sight = await kind.read(place);
    const edit = await kind.edit(place, sight, operation);
    if (edit.kind === "refuse") return edit;
    const tried = await tryOut(place, operation);
    if (tried.kind === "refuse") return tried;
    const seconds = place.settings.steadyMs / 1_000;
    return {
      kind: "plan",
      steps: [...edit.steps, `check that its pods run ${seconds} s without a restart`],
      notes: [
        ...edit.notes,
        ...tried.notes,
        ...ownershipNotes(sight.metadata),
        ...(place.client.access.isVerified
          ? []
          : ["the kubeconfig does not verify the server's certificate"]),
        ...driftNotes(sight),
      ],
      expectedMs: null,
    };
  }

  /** Lets the server say what it would say, rights and admission included, without doing it. */
  async function tryOut(place: Place, operation: PlannedOperation & { readonly to: string }) {
    const at = new Date(0);
    const decide = async (sight: Sight<Seen>): Promise<Writing> => {
      const edit = await kind.edit(place, sight, operation);
      if (edit.kind === "refuse") return { kind: "done" };
      const { from, to } = operation;
      const record = {
        operationId: "dry-run",
        to,
        from,
        at,
        by: "",
        state: "asked",
        before: edit.before,
        fence: 0,
      } as const;
      return writing(sight, edit, record);
    };
    try {
      await write(place, decide, { dryRun: "All" });
      return { kind: "tried", notes: [] } as const;
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.mishap === "unclear") throw error;
      if (error.message.includes("does not support dry run"))
        return {
          kind: "tried",
          notes: ["it could not be tried out: an admission webhook does not support dry runs"],
        } as const;
      const remedy =
        error.status === 403
          ? "Grant the bot the Role of docs/models-kubernetes.md."
          : "Ask for what the cluster takes, or change what refuses it.";
      return {
        kind: "refuse",
        reason: "not_accepted",
        problem: `${place.title}: ${error.message}.`,
        remedy,
      } as const;
    }
  }

  /** What the bot last asked for is no longer what is asked for. */
  function driftNotes({ records, wanted, metadata }: Sight<Seen>): readonly string[] {
    const last = records.at(-1);
    if (last === undefined) return [];
    const own = last.state === "asked" ? last.to : last.from;
    if (own === wanted) return [];
    const { by } = originOf(metadata, [], wanted);
    return [
      `the bot last set it to ${own ?? "nothing"}, and it asks for ${wanted ?? "nothing"}: ${by ?? "someone"} changed it outside the bot`,
    ];
  }

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

  async function observe(place: Place, ref: ExternalRef): Promise<Observed> {
    const first = await look(place, ref);
    if (first.observed.kind !== "running" || first.resourceVersion === null || place.settings.watchMs === 0)
      return first.observed;
    const { collection, name, client } = place;
    const watched = { collection, name, resourceVersion: first.resourceVersion };
    const waited = await waitForChange(client, watched, place.settings.watchMs).catch((error: unknown) => {
      // Without the right to watch it is polled alone.
      if (error instanceof KubernetesError) return "unchanged" as const;
      throw error;
    });
    return waited === "unchanged" ? first.observed : (await look(place, ref)).observed;
  }

  async function look(
    place: Place,
    ref: ExternalRef,
  ): Promise<{ readonly observed: Observed; readonly resourceVersion: string | null }> {
    const lost = (problem: string) => ({
      observed: { kind: "lost", problem, logTail: "" } as const,
      resourceVersion: null,
    });
    const sight = await readIfThere(place);
    if (sight === null) return lost(`${place.title} is gone`);
    const { resourceVersion, uid } = sight.metadata;
    if (uid !== ref["uid"]) return lost(`${place.title} was deleted and made anew since`);
    const record = recordFor(sight.records, ref["operationId"] ?? "");
    if (record === null) return lost(`${place.title} no longer tells of this operation`);
    if (record !== sight.records.at(-1)) return lost(`${place.title}: another operation came after this one`);
    const expected = record.state === "asked" ? record.to : record.from;
    if (sight.wanted !== expected) {
      const { by } = originOf(sight.metadata, [], sight.wanted);
      const problem = `${place.title} asks for ${sight.wanted ?? "nothing"} instead of ${expected ?? "nothing"}: ${by ?? "someone"} changed it outside the bot`;
      return { observed: { kind: "failed", problem, logTail: "" }, resourceVersion };
    }
    const observed = await kind.progress(place, sight, record);
    return { observed: record.state === "asked" ? observed : undone(place, observed), resourceVersion };
  }

  async function readIfThere(place: Place): Promise<Sight<Seen> | null> {
    try {
      return await kind.read(place);
    } catch (error) {
      if (error instanceof KubernetesError && error.mishap === "absent") return null;
      throw error;
    }
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
    plan,
    start,
    find: async (place, operationId) => {
      const sight = await readIfThere(place);
      if (sight === null || recordFor(sight.records, operationId) === null) return null;
      return refOf(place, operationId, sight.metadata.uid);
    },
    observe,
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

/** Of an operation that is taken back: it is over when what served before serves again. */
function undone(place: Place, observed: Observed): Observed {
  const { logTail } = observed;
  if (observed.kind === "succeeded") return { kind: "cancelled", logTail };
  if (observed.kind === "failed")
    return {
      ...observed,
      problem: `${place.title} does not get back to what served before: ${observed.problem}`,
    };
  if (observed.kind === "holding") return { kind: "running", steps: observed.steps, logTail };
  return observed;
}
