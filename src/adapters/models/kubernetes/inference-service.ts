/**
 * An InferenceService of KServe. Serverless mode shifts traffic between Knative revisions by `canaryTrafficPercent`.
 * Standard mode (once RawDeployment) ignores that, and has a list `spec.canary` since 0.20; older ones refuse the list
 * when the plan is tried out.
 * @see https://github.com/kserve/kserve/pull/5672
 */
import { z } from "zod";
import type { Snapshot } from "../../../ports/model.ts";
import type { PatchOperation } from "./client.ts";
import {
  canaryName,
  inferenceService,
  modeOf,
  type SeenService,
  storageOf,
  uriFor,
  versionOfUri,
} from "./inference-object.ts";
import { knativeRevisions, progressOfService, standardVersions } from "./inference-progress.ts";
import { pointer } from "./object.ts";
import {
  type Edit,
  type Place,
  refuseEdit,
  type ServingKind,
  type ServingQuestion,
  type Sight,
} from "./place.ts";
import { type OperationRecord, recordsOf } from "./record.ts";

const percentPath = "/spec/predictor/canaryTrafficPercent";

export const inferenceServiceKind: ServingKind<SeenService> = {
  group: "apis/serving.kserve.io/v1beta1",
  plural: "inferenceservices",
  word: "InferenceService",
  read,
  versions: async (place, { seen }) =>
    seen.mode === "Standard"
      ? await standardVersions(place, seen.service)
      : seen.revisions.flatMap(({ version, createdAt }) =>
          version === null ? [] : [{ version, createdAt }],
        ),
  snapshot: async (_place, { live, seen }): Promise<Snapshot> => ({
    version: live,
    storageUri: storageOf(seen.service.spec.predictor)?.uri ?? null,
  }),
  edit: async (place, sight, question) => edit(place, sight, question),
  undo: async (place, sight, record) => undo(place, sight, record),
  progress: (place, { seen, wanted }) => progressOfService(place, seen, wanted),
  advance,
};

async function read(place: Place): Promise<Sight<SeenService>> {
  const service = await place.client.get({
    path: `${place.collection}/${place.name}`,
    schema: inferenceService,
  });
  const { storageUri } = place.settings;
  const mode = modeOf(service, place.settings.mode);
  const asked = versionOfUri(storageOf(service.spec.predictor)?.uri, storageUri);
  const common = { metadata: service.metadata, records: recordsOf(service.metadata, place.title) };
  if (mode !== "Serverless") {
    const canary = service.spec.canary?.[0];
    const wanted = canary === undefined ? asked : versionOfUri(storageOf(canary.predictor)?.uri, storageUri);
    return { ...common, live: asked, wanted, seen: { service, mode, revisions: [] } };
  }
  const revisions = await knativeRevisions(place);
  const { latestRolledoutRevision } = service.status.components.predictor;
  const live = revisions.find(({ name }) => name === latestRolledoutRevision)?.version ?? asked;
  // At 0 % what the object names gets nothing: it was taken back.
  const wanted = service.spec.predictor.canaryTrafficPercent === 0 ? live : asked;
  return { ...common, live, wanted, seen: { service, mode, revisions } };
}

function edit(place: Place, { seen, live, wanted }: Sight<SeenService>, { to }: ServingQuestion): Edit {
  const { spec } = seen.service;
  const [first] = place.settings.canarySteps;
  const storage = storageOf(spec.predictor);
  if (seen.mode === null)
    return refuseEdit(
      "unknown_mode",
      `${place.title} does not say in which mode it is.`,
      "Set settings.mode to Serverless or Standard.",
    );
  if (storage === null)
    return refuseEdit(
      "no_storage",
      `${place.title} has no storageUri.`,
      "Use kind deployment for models inside an image.",
    );
  if (wanted !== live)
    return refuseEdit(
      "busy",
      `${place.title}: version ${wanted} is on its way.`,
      "Wait until it is over, or take the canary out.",
    );
  const before = seen.service.status.components.predictor.latestRolledoutRevision;
  const uri = uriFor(to, place.settings.storageUri);
  const path = `/spec/predictor/${pointer(storage.key)}/storageUri`;
  const steps = [
    `set storageUri to ${uri}`,
    ...canarySteps(place),
    "wait until KServe says that this version is loaded and serves",
  ];
  const replace: PatchOperation = { op: "replace", path, value: uri };
  const edited = { kind: "edit", before: before === "" ? null : before, steps } as const;
  const percent = spec.predictor.canaryTrafficPercent ?? null;
  if (seen.mode === "Standard") {
    const notes = percent === null ? [] : ["canaryTrafficPercent is ignored in Standard mode"];
    if (first === undefined) return { ...edited, operations: [replace], notes };
    const predictor = { name: canaryName(to), [storage.key]: { ...storage.part, storageUri: uri } };
    const canary = [{ trafficPercent: first, predictor }];
    return { ...edited, operations: [{ op: "add", path: "/spec/canary", value: canary }], notes };
  }
  if (first !== undefined)
    return { ...edited, operations: [replace, { op: "add", path: percentPath, value: first }], notes: [] };
  // Without the percentage all traffic goes to the newest ready revision at once: the one that was taken back.
  if (percent !== null)
    return refuseEdit(
      "pinned",
      `${place.title} keeps version ${live} by canaryTrafficPercent ${percent}.`,
      "Set settings.canarySteps, or set storageUri back and remove the percentage by hand.",
    );
  return { ...edited, operations: [replace], notes: [] };
}

function canarySteps({ settings: { canarySteps: steps } }: Place): readonly string[] {
  return steps.length === 0
    ? []
    : [`canary: ${[...steps.map((step) => `${step} %, hold`), "100 %"].join(", ")}`];
}

function undo(place: Place, sight: Sight<SeenService>, record: OperationRecord): Edit {
  const { service, mode } = sight.seen;
  const undone = { kind: "edit", before: record.before, steps: [], notes: [] } as const;
  if (mode === "Standard" && (service.spec.canary ?? []).length > 0)
    return { ...undone, operations: [{ op: "remove", path: "/spec/canary" }] };
  // The revision before still runs: it gets all traffic at once.
  if (mode === "Serverless" && sight.live !== sight.wanted)
    return { ...undone, operations: [{ op: "add", path: percentPath, value: 0 }] };
  if (record.from === null)
    return refuseEdit("nothing_before", `${place.title}: nothing served before.`, "Deploy another version.");
  const storage = storageOf(service.spec.predictor);
  const path = `/spec/predictor/${pointer(storage?.key ?? "model")}/storageUri`;
  const value = uriFor(record.from, place.settings.storageUri);
  return { ...undone, operations: [{ op: "replace", path, value }] };
}

/** The next percentage; all of it after the last. */
async function advance(place: Place, { seen, metadata }: Sight<SeenService>, hold: string): Promise<void> {
  const { spec } = seen.service;
  const canary = spec.canary?.[0];
  const percent = seen.mode === "Standard" ? canary?.trafficPercent : spec.predictor.canaryTrafficPercent;
  if (percent === undefined || percent === null || hold !== `${percent} %`) return;
  const next = place.settings.canarySteps.find((step) => step > percent);
  const test: PatchOperation = {
    op: "test",
    path: "/metadata/resourceVersion",
    value: metadata.resourceVersion,
  };
  const path = `${place.collection}/${place.name}`;
  await place.client.patch({ path, schema: z.unknown() }, [test, ...operationsFor(seen, next)]);
}

function operationsFor(
  { mode, service: { spec } }: SeenService,
  next: number | undefined,
): readonly PatchOperation[] {
  if (mode === "Serverless")
    return next === undefined
      ? [{ op: "remove", path: percentPath }]
      : [{ op: "replace", path: percentPath, value: next }];
  if (next !== undefined) return [{ op: "replace", path: "/spec/canary/0/trafficPercent", value: next }];
  const canary = spec.canary?.[0]?.predictor ?? {};
  const storage = storageOf(canary);
  if (storage === null) return [];
  // The predictor takes the canary's name, and so its pods.
  return [
    { op: "add", path: "/spec/predictor/name", value: canary["name"] },
    { op: "replace", path: `/spec/predictor/${pointer(storage.key)}/storageUri`, value: storage.uri },
    { op: "remove", path: "/spec/canary" },
  ];
}
