/** A bot that dies at any moment of a rollout, with a real MLflow server, on both databases. */
import { afterAll, beforeAll, describe } from "vitest";
import { createHttpClient } from "../../../src/adapters/http-client.ts";
import { createMlflow } from "../../../src/adapters/models/mlflow.ts";
import { dieBehind, type MortalRow, newName } from "../../adapters/models/mortal/scene.ts";
import { type FaultProxy, startProxy } from "../../adapters/models/proxy.ts";
import {
  askMlflow,
  type MlflowServer,
  makeVersion,
  mlflowMissing,
  mlflowStartMs,
  startMlflow,
} from "../../mlflow-server.ts";
import { deathsOf, onEmbedded, onServer } from "../deaths.ts";
import { createTestClock } from "../rollout-world.ts";

const why = mlflowMissing();
const title = why === null ? "with a real MLflow server" : `with a real MLflow server (${why})`;

describe.skipIf(why !== null)(title, () => {
  let server: MlflowServer;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await startMlflow();
    proxy = await startProxy(server.url, "/api/2.0/mlflow/");
  }, mlflowStartMs);
  afterAll(async () => {
    await proxy?.close();
    await server?.stop();
  });

  const row: MortalRow = {
    ...{ name: "mlflow", kinds: ["deploy", "rollback"], mayAsk: false },
    open: async () => {
      const name = newName();
      const clock = createTestClock();
      await askMlflow(server.url, "POST", "registered-models/create", { name });
      for (const _version of [1, 2]) await makeVersion(server.url, name);
      await askMlflow(server.url, "POST", "registered-models/alias", {
        ...{ name, alias: "champion", version: "1" },
      });
      const isMove = ({ method, path, body }: FaultProxy["reached"][number]) =>
        method === "POST" &&
        path === "registered-models/alias" &&
        body.includes(`"${name}"`) &&
        body.includes('"champion"');
      return {
        ...{ model: name, to: "2", manifest: "", clock },
        backendIn: (_bot, death) => {
          dieBehind(proxy, death, ({ method, path }) => method === "GET" || path.endsWith("/search"));
          const settings = new Map([[name, { url: proxy.url }]]);
          return createMlflow(settings, { environment: {}, clock, http: createHttpClient({ clock }) });
        },
        begun: () => Promise.resolve([proxy.reached.filter(isMove).length]),
        settle: () => Promise.resolve(),
        close: () => Promise.resolve(),
      };
    },
  };

  // A rollback is told after a deploy, and each asks the server some forty times: one database has to do for it.
  describe("on the embedded database", () => deathsOf(onEmbedded(), row, ["deploy", "rollback"]));
  describe("on a server, where the log belongs to another role than the bot's", () =>
    deathsOf(onServer(), row, ["deploy"]));
});
