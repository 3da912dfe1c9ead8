/** KServe: Knative revisions with traffic in Serverless mode, Deployments in Standard mode. */
import { isObject, type JsonObject, type KubeObject } from "./objects.ts";
import { blankMetadata, isReady, makePod, ownerOf, podsOf, resourceOf } from "./pods.ts";
import { type KubeStore, objectField } from "./store.ts";

const services = resourceOf("inferenceservices");
const revisions = resourceOf("revisions");
const deployments = resourceOf("deployments");
const writer = { manager: "kserve-controller-manager" };
const sourceAnnotation = "internal.serving.kserve.io/storage-initializer-sourceuri";

export function stepInferenceServices(store: KubeStore): void {
  for (const service of store.list(services, null)) {
    const mode = service.metadata.annotations?.["serving.kserve.io/deploymentMode"] ?? "Serverless";
    if (mode === "Serverless") serverless(store, service);
    else standard(store, service);
  }
}

function serverless(store: KubeStore, service: KubeObject): void {
  const { name, namespace } = service.metadata;
  const predictor = objectField(service.spec, "predictor");
  const uri = uriOf(predictor);
  const own = store
    .list(revisions, namespace)
    .filter(({ metadata }) => metadata.labels?.["serving.kserve.io/inferenceservice"] === name);
  const newest = own.at(-1);
  const current =
    newest?.metadata.annotations?.[sourceAnnotation] === uri
      ? newest
      : makeRevision(store, service, uri, own.length + 1);
  if (podsOf(store, current).length === 0)
    makePod(store, current, templateOf(uri, {}), { "serving.knative.dev/revision": current.metadata.name });
  const isUp = podsOf(store, current).some(isReady);
  const before = objectField(objectField(service.status, "components"), "predictor");
  const rolled = String(before["latestRolledoutRevision"] ?? "");
  const percent = predictor["canaryTrafficPercent"];
  const isSplit = typeof percent === "number" && rolled !== "" && rolled !== current.metadata.name;
  const ready = isUp ? current.metadata.name : String(before["latestReadyRevision"] ?? "");
  const traffic: JsonObject[] = !isSplit
    ? [{ revisionName: ready, latestRevision: true, percent: 100 }]
    : [
        { revisionName: current.metadata.name, latestRevision: true, percent: isUp ? Number(percent) : 0 },
        { revisionName: rolled, latestRevision: false, percent: isUp ? 100 - Number(percent) : 100 },
      ];
  report(store, service, isUp, {
    latestCreatedRevision: current.metadata.name,
    latestReadyRevision: ready,
    latestRolledoutRevision: isUp && !isSplit ? current.metadata.name : rolled,
    traffic,
  });
}

function makeRevision(store: KubeStore, service: KubeObject, uri: string, number: number): KubeObject {
  const { name, namespace } = service.metadata;
  const metadata = {
    ...blankMetadata(`${name}-predictor-${String(number).padStart(5, "0")}`, namespace),
    labels: { "serving.kserve.io/inferenceservice": name },
    annotations: { [sourceAnnotation]: uri },
    ownerReferences: [ownerOf(service)],
  };
  return store.create(revisions, { apiVersion: "", kind: "", metadata, spec: { containers: [] } }, writer);
}

function standard(store: KubeStore, service: KubeObject): void {
  const canary = service.spec["canary"];
  const list = Array.isArray(canary)
    ? canary.filter(isObject).map((entry) => objectField(entry, "predictor"))
    : [];
  const predictors = [objectField(service.spec, "predictor"), ...list];
  for (const predictor of predictors) makeDeployment(store, service, predictor);
  const wanted = new Set(predictors.map((predictor) => deploymentName(service, predictor)));
  const own = store
    .list(deployments, service.metadata.namespace)
    .filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === service.metadata.uid);
  for (const { metadata } of own)
    if (!wanted.has(metadata.name)) store.remove(deployments, metadata.namespace, metadata.name);
  const kept = own.filter(({ metadata }) => wanted.has(metadata.name));
  report(
    store,
    service,
    kept.length === wanted.size && kept.every(({ status }) => Number(status?.["availableReplicas"] ?? 0) > 0),
    {},
  );
}

function deploymentName(service: KubeObject, predictor: JsonObject): string {
  const part = predictor["name"];
  return part === undefined
    ? `${service.metadata.name}-predictor`
    : `${service.metadata.name}-${String(part)}-predictor`;
}

function makeDeployment(store: KubeStore, service: KubeObject, predictor: JsonObject): void {
  const name = deploymentName(service, predictor);
  const { namespace } = service.metadata;
  const labels = { app: `isvc.${name}` };
  const template = templateOf(uriOf(predictor), labels);
  const found = store.list(deployments, namespace).find(({ metadata }) => metadata.name === name);
  if (found !== undefined) {
    store.update(deployments, { ...found, spec: { ...found.spec, template } }, writer);
    return;
  }
  const metadata = { ...blankMetadata(name, namespace), ownerReferences: [ownerOf(service)] };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  store.create(deployments, { apiVersion: "", kind: "", metadata, spec }, writer);
}

function templateOf(uri: string, labels: JsonObject): JsonObject {
  const metadata = { labels, annotations: { [sourceAnnotation]: uri } };
  return { metadata, spec: { containers: [{ name: "kserve-container", image: "kserve/server:1" }] } };
}

function uriOf(predictor: JsonObject): string {
  return String(objectField(predictor, "model")["storageUri"] ?? "");
}

function report(store: KubeStore, service: KubeObject, isUp: boolean, predictor: JsonObject): void {
  const status: JsonObject = {
    observedGeneration: service.metadata.generation,
    // Ready is true whatever the pods do: kserve#1859.
    conditions: [{ type: "Ready", status: "True" }],
    modelStatus: { transitionStatus: isUp ? "UpToDate" : "InProgress" },
    components: { predictor },
  };
  store.update(services, { ...service, status }, { ...writer, subresource: "status" });
}
