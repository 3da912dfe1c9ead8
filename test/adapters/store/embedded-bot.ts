/**
 * A bot with an embedded server, for tests that kill it. Argument: options of startEmbedded as JSON. Says "up" with the
 * server as JSON, or "refused" with the message.
 */
import { startEmbedded } from "../../../src/adapters/store/embedded.ts";
import { silentLog } from "../../../src/ports/observability.ts";

process.on("SIGINT", () => undefined);
try {
  const server = await startEmbedded({ ...JSON.parse(process.argv[2] ?? "{}"), log: silentLog });
  const { url, folder } = server;
  process.stdout.write(`up ${JSON.stringify({ url, folder, pid: server.pid() })}\n`);
  setInterval(() => undefined, 60_000);
} catch (error) {
  process.stdout.write(`refused ${JSON.stringify(String(error))}\n`);
}
