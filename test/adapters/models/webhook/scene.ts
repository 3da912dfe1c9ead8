/** A receiver that checks signatures, and serves version 1. */
import { createHttpClient } from "../../../../src/adapters/http-client.ts";
import { createWebhook } from "../../../../src/adapters/models/webhook.ts";
import type { Store } from "../../../../src/ports.ts";
import { createTestClock } from "../../../app/rollout-world.ts";
import type { FaultScene } from "../../../contracts/model-faults.ts";
import { startFakeReceiver } from "../../../fakes/receiver.ts";
import { startProxy } from "../proxy.ts";
import { contextOf } from "../scene.ts";

export const secret = "whsec-of-the-receiver";
export const callbackSecret = "whsec-of-the-callbacks";
export const environment = { HOOK: secret, BACK: callbackSecret };

let scenes = 0;

export async function openWebhook(
  store: Store,
  settings: Readonly<Record<string, unknown>> = {},
  name?: string,
) {
  scenes += 1;
  const clock = createTestClock();
  const receiver = await startFakeReceiver({ secret, clock });
  const proxy = await startProxy(receiver.url);
  const model = name ?? `scorer-${scenes}`;
  const own = {
    ...{ url: `${proxy.url}/start`, status: `${proxy.url}/status`, cancel: `${proxy.url}/cancel` },
    ...{ live: `${proxy.url}/live`, versions: `${proxy.url}/versions`, timeoutSeconds: 1 },
    ...{ secret: "env:HOOK", callbackSecret: "env:BACK", callbackUrl: "http://127.0.0.1:9" },
    ...settings,
  };
  const backendIn = (bot: Store) =>
    createWebhook(
      new Map([[model, own]]),
      contextOf(bot, { environment, clock, http: createHttpClient({ clock }) }),
    );
  const scene: FaultScene = {
    ...{ backend: backendIn(store), model, environment: "production", from: "1", to: "2", proxy },
    comparesFences: true,
    remember: () => Promise.resolve(),
    restart: () => Promise.resolve(backendIn(store)),
    isStart: ({ method, path }) => method === "POST" && path === "start",
    begun: () => receiver.received.size,
    pass: (ms) => clock.pass(ms),
    close: async () => {
      await proxy.close();
      await receiver.close();
    },
  };
  return { ...scene, receiver, clock, backendIn };
}
