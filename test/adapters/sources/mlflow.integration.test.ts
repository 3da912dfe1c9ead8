/** What a real MLflow server sends, over loopback. */
import { createServer, type Server } from "node:http";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import mlflow from "../../../src/adapters/sources/mlflow.ts";
import type { RawDelivery } from "../../../src/ports/source.ts";
import {
  askMlflow,
  type MlflowServer,
  makeVersion,
  mlflowMissing,
  mlflowStartMs,
  startMlflow,
} from "../../mlflow-server.ts";

const why = mlflowMissing();
const title = why === null ? "webhooks of a real MLflow server" : `webhooks of a real MLflow server (${why})`;

describe.skipIf(why !== null)(title, () => {
  let server: MlflowServer;
  let receiver: Server;
  const deliveries: RawDelivery[] = [];
  let onDelivery = () => {};

  beforeAll(async () => {
    // Both are refused unless they are allowed: other schemes than https, and addresses of one's own network.
    server = await startMlflow({
      MLFLOW_WEBHOOK_ALLOWED_SCHEMES: "http,https",
      MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS: "true",
      MLFLOW_WEBHOOK_CACHE_TTL: "1",
    });
    receiver = createServer((request, response) => {
      void buffer(request).then((body) => {
        const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
          name,
          String(value),
        ]);
        deliveries.push({ body, headers: Object.fromEntries(headers), receivedAt: new Date() });
        response.writeHead(202).end();
        onDelivery();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  }, mlflowStartMs);
  afterAll(async () => {
    receiver?.close();
    await server?.stop();
  });

  function nextDelivery(): Promise<RawDelivery> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no webhook within 20 s:\n${server.output().slice(-2_000)}`)),
        20_000,
      );
      onDelivery = () => {
        const delivery = deliveries.shift();
        if (delivery === undefined) return;
        clearTimeout(timer);
        // What comes before the next question waits in the list.
        onDelivery = () => {};
        resolve(delivery);
      };
      onDelivery();
    });
  }

  test("are signed as checked, and become changes", async () => {
    const address = receiver.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await askMlflow(server.url, "POST", "webhooks", {
      name: "tocsin",
      url: `http://127.0.0.1:${port}/webhooks/mlflow`,
      events: [
        { entity: "MODEL_VERSION", action: "CREATED" },
        { entity: "MODEL_VERSION_ALIAS", action: "CREATED" },
        { entity: "MODEL_VERSION_ALIAS", action: "DELETED" },
      ],
      secret: "s3cret",
    });
    const name = "fraud scorer";
    await askMlflow(server.url, "POST", "registered-models/create", { name });
    const titles: string[] = [];
    const take = async () => {
      const delivery = await nextDelivery();
      expect(mlflow.hmac?.isSigned(delivery, "s3cret")).toBe(true);
      expect(mlflow.hmac?.isSigned(delivery, "other")).toBe(false);
      const late = { ...delivery, receivedAt: new Date(delivery.receivedAt.getTime() + 600_000) };
      expect(mlflow.hmac?.isSigned(late, "s3cret")).toBe(false);
      const result = mlflow.parse(JSON.parse(Buffer.from(delivery.body).toString()), delivery, undefined);
      expect(result.kind).toBe("parsed");
      if (result.kind === "parsed") titles.push(...result.delivery.changes.map((change) => change.title));
    };
    await makeVersion(server.url, name);
    await take();
    await askMlflow(server.url, "POST", "registered-models/alias", { name, alias: "champion", version: "1" });
    await take();
    await askMlflow(server.url, "DELETE", "registered-models/alias", { name, alias: "champion" });
    await take();
    expect(titles).toEqual([
      `${name}: version 1 registered`,
      `${name}: alias champion points to version 1`,
      `${name}: alias champion removed`,
    ]);
  });
});
