/** The pages of the console, composed: what they read, and the settings that they show. */
import { readFileSync } from "node:fs";
import path from "node:path";
import type { OpenStore } from "../adapters/store/store.ts";
import type { Settings } from "../app/pages/context.ts";
import { createPages } from "../app/pages.ts";
import type { Config } from "../config.ts";
import { formatMatcher } from "../domain/suppression/matcher.ts";
import type { Clock, Pages } from "../ports.ts";
import type { CommandDesk } from "./commands.ts";
import { packageRoot } from "./package.ts";

export function composePages(parts: {
  readonly config: Config;
  readonly store: OpenStore;
  readonly desk: Pick<CommandDesk, "policy" | "models" | "execute">;
  readonly clock: Clock;
}): Pages {
  const { config, store, desk, clock } = parts;
  const { policy, models, execute } = desk;
  const settings = settingsOf(config, policy.hash);
  return createPages({ store, policy, models, settings, clock, people: config.people, look: execute.look });
}

function settingsOf(config: Config, hash: string): Settings {
  const shipped = () => readFileSync(path.join(packageRoot, "assets", "policy.cedar"), "utf8");
  return {
    file: config.configFile,
    effective: config.effective,
    sources: Object.entries(config.sources).map(([name, { secrets }]) => ({
      name,
      proof: secrets.length === 0 ? "without a secret" : secrets.map(({ kind }) => kind).join(", "),
    })),
    channels: config.routes.map(({ to, match }) => ({
      to,
      match: match.length === 0 ? "everything" : match.map(formatMatcher).join(", "),
    })),
    policy: {
      origin: config.policy === null ? "The shipped policy" : "The policy named in tocsin.yaml",
      text: config.policy ?? shipped(),
      hash,
    },
  };
}
