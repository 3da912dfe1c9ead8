#!/usr/bin/env node
/** The command line. Each command loads only what it needs. */
import { Command, Option } from "commander";
import { ConfigError } from "./config.ts";
import { packageVersion } from "./main/package.ts";
import type { ReplayArguments } from "./main/replay.ts";

const program = new Command("tocsin")
  .description(
    "Alerts become explained incidents in chat; models are deployed and rolled back under approvals and an audit log.",
  )
  .version(packageVersion)
  .showHelpAfterError()
  .enablePositionalOptions()
  .addHelpText(
    "after",
    "\nThe environment and tocsin.yaml configure it: docs/configuration.md. Without either it runs on loopback, on its own database.",
  );

program
  .command("start")
  .description("run the bot until it is told to stop")
  .action(async () => (await import("./main/start.ts")).start());

program
  .command("demo")
  .description("run the bot in the browser and play a storm of alerts, with a model rollout to blame")
  .option("--no-storm", "only start, and let you send alerts yourself")
  .action(async (options: { storm: boolean }) => (await import("./main/demo.ts")).demo(options));

program
  .command("replay")
  .description(
    "run recorded deliveries through parsing, grouping and ranking, in memory, and print the incidents",
  )
  .argument("[files...]", "recordings (.jsonl, .jsonl.gz), or one directory with --out")
  .option("--json", "print the incidents, or the comparison, as JSON")
  .option("--out <dir>", "for a directory: write one prediction per recording, sub-folders kept")
  .option("--days <n>", "instead of files: what the bot received in the last days")
  .option("--version <version>", "judge with this version of the correlator: a number, champion or shipped")
  .option(
    "--against <version|file>",
    "say what another version of the correlator, or another tocsin.yaml, would change",
  )
  .option("--watch <rule>", "run a rule of watch: through the past, before it is switched on")
  .option("--alert <name>", "with --watch: the alert that the rule should come before")
  .action(async (files: string[], options: ReplayArguments) =>
    (await import("./main/replay.ts")).replayCommand(files, options),
  );

const audit = program.command("audit").description("check or export the audit log");
audit
  .command("verify")
  .description("check every entry's hash; names the first that is wrong and exits with 1")
  .option("--export <file>", "check an export instead of the database")
  .action(async (options: { export?: string }) => (await import("./main/audit.ts")).verify(options));
audit
  .command("export")
  .description("write every entry as JSON, one per line")
  .option("--out <file>", "a file instead of standard output")
  .action(async (options: { out?: string }) => (await import("./main/audit.ts")).exportEntries(options));

program
  .command("doctor")
  .description("say what is wrong and what to do about it")
  .option("--json", "print the findings as JSON")
  .addOption(new Option("--replay <id>", "parse a dead delivery again after a fix: its number, or all"))
  .action(async (options: { json?: boolean; replay?: string }) =>
    (await import("./main/doctor.ts")).doctor(options),
  );

program
  .command("init")
  .description("write a first tocsin.yaml with a fresh webhook token")
  .option("--force", "replace the file that is there")
  .action(async (options: { force?: boolean }) => (await import("./main/init.ts")).init(options));

program
  .command("run")
  .description('run a chat command from here, for example: tocsin run --as oncall "ack 12"')
  .argument("<command...>", "the command line, without the slash")
  .addOption(new Option("--as <person>", "who you are: an id under people in tocsin.yaml").default("oncall"))
  .passThroughOptions()
  .action(async (words: string[], options: { as: string }) =>
    (await import("./main/run.ts")).runCommand(words, options),
  );

program
  .command("slack-manifest")
  .description("print the manifest to create the Slack app from")
  .option("--http <url>", "for HTTP mode instead of Socket Mode: where Slack reaches the bot, https://…")
  .action(async (options: { http?: string }) =>
    (await import("./main/slack-manifest.ts")).printManifest(options),
  );

try {
  await program.parseAsync();
} catch (error) {
  report(error);
}

/** Expected faults are one plain text; anything else keeps its stack. */
function report(error: unknown): void {
  const isPlain =
    error instanceof ConfigError ||
    (error instanceof Error && error.name !== "TypeError" && error.name !== "ReferenceError");
  console.error(isPlain ? `tocsin: ${error.message}` : error);
  process.exitCode = 1;
}
