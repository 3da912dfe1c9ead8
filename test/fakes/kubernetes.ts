/** A cluster in memory: an API server on loopback, and the controllers that move what it keeps. */
import { stepDeployments } from "./kubernetes/deployments.ts";
import { stepInferenceServices } from "./kubernetes/inference.ts";
import { stepJobs } from "./kubernetes/jobs.ts";
import type { JsonObject, KubeObject } from "./kubernetes/objects.ts";
import { blankMetadata, type PodRules, resourceOf, stepPods } from "./kubernetes/pods.ts";
import { stepRollouts } from "./kubernetes/rollouts.ts";
import { type FakeApiServer, type FakeApiServerOptions, startApiServer } from "./kubernetes/server.ts";

export type { Behaviour } from "./kubernetes/pods.ts";
export type { KubeCall, KubeFate } from "./kubernetes/server.ts";

export interface FakeCluster extends FakeApiServer {
  readonly pods: PodRules;
  /** Lets time pass at once, ms. */
  skip(ms: number): void;
  /** Controllers stand still until it is called with false; the API server goes on. */
  freeze(is: "frozen" | "running"): void;
  put(plural: string, name: string, spec: JsonObject, metadata?: Partial<KubeObject["metadata"]>): KubeObject;
  get(plural: string, name: string): KubeObject;
  /** Waits until the controllers have nothing left to do; at most ten seconds. */
  settle(): Promise<void>;
}

export const namespace = "ml";
const pauseMs = 2;

export async function startCluster(options: Omit<FakeApiServerOptions, "nowMs"> = {}): Promise<FakeCluster> {
  let offsetMs = 0;
  let isFrozen = false;
  let timer: NodeJS.Timeout | null = null;
  const pods: PodRules = { behaviour: () => "serves", message: "" };
  const server = await startApiServer({ ...options, nowMs: () => Date.now() + offsetMs });
  const { store } = server;
  const stop = store.onEvent(wake);

  function wake(): void {
    if (isFrozen) return;
    timer ??= setTimeout(() => {
      timer = null;
      stepInferenceServices(store);
      stepDeployments(store);
      stepRollouts(store);
      stepJobs(store);
      stepPods(store, pods);
    }, pauseMs);
  }

  const cluster = Object.assign(server, {
    pods,
    skip: (ms: number) => {
      offsetMs += ms;
      wake();
    },
    freeze: (is: "frozen" | "running") => {
      isFrozen = is === "frozen";
      wake();
    },
    put: (plural: string, name: string, spec: JsonObject, metadata: Partial<KubeObject["metadata"]> = {}) =>
      store.create(
        resourceOf(plural),
        { apiVersion: "", kind: "", metadata: { ...blankMetadata(name, namespace), ...metadata }, spec },
        { manager: "kubectl" },
      ),
    get: (plural: string, name: string) => store.get(resourceOf(plural), namespace, name),
    settle: async () => {
      for (let seen = -1, waited = 0; seen !== store.version || timer !== null; waited += 1) {
        if (waited > 2_000) throw new Error("the controllers come to no rest in ten seconds");
        seen = store.version;
        await new Promise((resolve) => setTimeout(resolve, pauseMs * 2));
      }
    },
  });
  const close = server.close.bind(server);
  return Object.assign(cluster, {
    close: async () => {
      stop();
      if (timer !== null) clearTimeout(timer);
      isFrozen = true;
      await close();
    },
  });
}
