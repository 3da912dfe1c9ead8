// Runs the integration tests against a PostgreSQL server of yours: npm run test:database -- postgres://user:pass@host/db
// The role must be allowed to create databases; those made for the run are dropped at its end.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const [url, ...rest] = process.argv.slice(2);
if (url === undefined || !/^postgres(ql)?:\/\//.test(url)) {
  console.error(
    "usage: npm run test:database -- postgres://user:password@host:port/database [vitest options]",
  );
  process.exit(2);
}
const root = fileURLToPath(new URL("..", import.meta.url));
const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
const { status } = spawnSync(process.execPath, [vitest, "run", "--project", "integration", ...rest], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, TEST_DATABASE_URL: url },
});
process.exit(status ?? 1);
