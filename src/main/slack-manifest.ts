import { slackManifest } from "../adapters/chat/slack.ts";
import { prefixedShape } from "../app/name-commands.ts";
import { prepareCommand, shapeOf } from "../app/parse.ts";
import { readConfig } from "../config.ts";
import { ownChannelsIn } from "./own-channels.ts";
import { loadPlugins } from "./plugins.ts";

/** `tocsin slack-manifest`: what to paste into "Create an app from a manifest". */
export async function printManifest(options: { readonly http?: string }): Promise<void> {
  const config = readConfig();
  const { commands } = await loadPlugins(config);
  const shapes = commands.map((command) =>
    prefixedShape(shapeOf(prepareCommand(command)), config.commandPrefix),
  );
  const ownChannels = ownChannelsIn(config);
  if (options.http === undefined) return console.log(slackManifest(shapes, { ownChannels }));
  const base = URL.canParse(options.http) ? new URL(options.http) : null;
  if (base?.protocol !== "https:")
    throw new Error(
      `--http is "${options.http}"; expected an address starting https://, under which Slack reaches the bot`,
    );
  console.log(slackManifest(shapes, { ownChannels, requestUrl: new URL("/slack/events", base).href }));
}
