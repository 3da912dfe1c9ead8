#!/usr/bin/env node
/** The command line. Each command loads only what it needs. */
import { Command, Option } from "commander";
import { ConfigError } from "./config.ts";
import type { ExportOptions } from "./main/audit-export.ts";
import type { EraseOptions, PruneOptions } from "./main/audit-retain.ts";
import type { ProveOptions } from "./main/audit-sign.ts";
import type { VerifyOptions } from "./main/audit-verify.ts";
import { keepHeapSmall } from "./main/memory.ts";
import type { ExportArguments } from "./main/models-export.ts";
import { watchOutput } from "./main/output.ts";
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
  .action(async () => {
    keepHeapSmall();
    await (await import("./main/start.ts")).start();
  });

program
  .command("demo")
  .description("run the bot in the browser and play a storm of alerts, with a model rollout to blame")
  .option("--no-storm", "only start, and let you send alerts yourself")
  .action(async (options: { storm: boolean }) => {
    keepHeapSmall();
    await (await import("./main/demo.ts")).demo(options);
  });

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

const audit = program.command("audit").description("check, prove, sign or export the audit log");
audit
  .command("verify")
  .description(
    "check every entry, erasure and checkpoint; exits with 0 intact, 1 broken, 2 could not be checked",
  )
  .option("--export <file>", "check an export instead of the database; needs neither database nor network")
  .option("--checkpoint <file>", "hold the log against checkpoints that were kept elsewhere")
  .option("--proof <file>", "check a proof that tocsin audit prove wrote")
  .option("--key <line|file>", "the key of the log, as tocsin audit key prints it")
  .action(async (options: VerifyOptions) => (await import("./main/audit-verify.ts")).verify(options));
audit
  .command("export")
  .description("write every entry as JSON, one per line, with checkpoints behind them")
  .option("--out <file>", "a file instead of standard output")
  .addOption(
    new Option("--format <format>", "jsonl can be verified; the others are for other systems")
      .choices(["jsonl", "ocsf", "cloudevents"])
      .default("jsonl"),
  )
  .option("--subject <subject>", "only entries about this, each with its proof: rollout:7")
  .option("--from <moment>", "only entries from this moment on, each with its proof")
  .option("--to <moment>", "only entries before this moment, each with its proof")
  .option("--proofs", "the whole log, each entry with its proof")
  .action(async (options: ExportOptions) => (await import("./main/audit-export.ts")).exportEntries(options));
audit
  .command("prove")
  .description("write a proof that an entry is in the log, or that the log only grew")
  .argument("[entry]", "number of the entry")
  .option("--since <size>", "instead: that the log only grew since the checkpoint of this size")
  .option("--out <file>", "a file instead of standard output; *.tlog-proof by custom")
  .action(async (entry: string | undefined, options: ProveOptions) =>
    (await import("./main/audit-sign.ts")).prove(entry, options),
  );
audit
  .command("key")
  .description("print the line by which others check the log's signatures")
  .action(async () => (await import("./main/audit-sign.ts")).printKey());
audit
  .command("checkpoint")
  .description("sign a checkpoint of the log as it is now, and print it")
  .option("--new-key", "accept that the key is not the one of the checkpoint before; recorded in the log")
  .action(async (options: { newKey?: boolean }) =>
    (await import("./main/audit-sign.ts")).checkpoint(options),
  );

audit
  .command("erase")
  .description("delete what entries say of a person; the log still verifies, and says how much was erased")
  .option("--person <id>", "an id under people in tocsin.yaml, or as the log shows it")
  .option("--entries <numbers>", "what these entries hold, by commas: 12,13")
  .requiredOption("--reason <text>", "why; kept in the log")
  .addOption(new Option("--as <person>", "who you are: an id under people in tocsin.yaml").default("oncall"))
  .action(async (options: EraseOptions) => (await import("./main/audit-retain.ts")).erase(options));
audit
  .command("prune")
  .description("remove entries up to the newest checkpoint from before a moment; proofs stay valid")
  .requiredOption("--before <moment>", "for example 2026-05-01T00:00Z")
  .requiredOption("--reason <text>", "why; kept in the log")
  .addOption(new Option("--as <person>", "who you are: an id under people in tocsin.yaml").default("oncall"))
  .action(async (options: PruneOptions) => (await import("./main/audit-retain.ts")).prune(options));

const models = program.command("models").description("what served when, for auditors");
models
  .command("export")
  .description("write which version served from when to when, with who asked and who agreed")
  .option("--model <name>", "one model instead of all")
  .option("--from <time>", "only what served after it: 2026-11-01, 2026-11-01T12:00Z")
  .option("--to <time>", "only what served before it")
  .option("--format <format>", "jsonl or csv", "jsonl")
  .option("--out <file>", "a file instead of standard output")
  .action(async (options: ExportArguments) =>
    (await import("./main/models-export.ts")).exportModels(options),
  );

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

const isReaderGone = watchOutput();
try {
  await program.parseAsync();
} catch (error) {
  if (!isReaderGone(error)) report(error);
}

/** Expected faults are one plain text; anything else keeps its stack. */
function report(error: unknown): void {
  const isPlain =
    error instanceof ConfigError ||
    (error instanceof Error && error.name !== "TypeError" && error.name !== "ReferenceError");
  console.error(isPlain ? `tocsin: ${error.message}` : error);
  process.exitCode = 1;
}
