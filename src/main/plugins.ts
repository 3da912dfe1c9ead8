/** Sources, commands and model backends, found by their folders: the package's own and those named in tocsin.yaml. */
import path from "node:path";
import type { ConfiguredSource } from "../app/parse-delivery.ts";
import type { Config } from "../config.ts";
import { impossibleChecks } from "../http.ts";
import { checkCommand, checkModelBackend, checkSource, type Loaded, loadFolders } from "../load.ts";
import type { Command, Finding, ModelBackendPlugin, Source } from "../ports.ts";

export interface Plugins {
  /** By the name in the address: every source under its own name, and those that tocsin.yaml names. */
  readonly sources: ReadonlyMap<string, ConfiguredSource>;
  readonly commands: readonly Command[];
  readonly backends: ReadonlyMap<string, ModelBackendPlugin>;
  /** Files that did not load, checks that no sender of a source can pass, and settings that a source cannot use. */
  readonly findings: readonly Finding[];
}

/** The root of the sources or, when compiled, of dist/. */
const codeRoot = path.resolve(import.meta.dirname, "../..");

/** @throws Error when tocsin.yaml names a source that is not there. */
export async function loadPlugins(config: Config): Promise<Plugins> {
  const folders = (own: string, theirs: string | null) => [
    path.join(codeRoot, own),
    ...(theirs === null ? [] : [theirs]),
  ];
  const sources = await loadFolders(folders("src/adapters/sources", config.sourcesFolder), checkSource);
  const commands = await loadFolders(folders("commands", config.commandsFolder), checkCommand);
  const backends = await loadFolders(folders("src/adapters/models", config.modelsFolder), checkModelBackend);
  const configured = configureSources(sources.plugins, config);
  return {
    sources: configured,
    commands: commands.plugins,
    backends: new Map(backends.plugins.map((plugin) => [plugin.name, plugin])),
    findings: [
      ...fileFindings("source", sources),
      ...fileFindings("command", commands),
      ...fileFindings("model backend", backends),
      ...checkFindings(configured),
      ...settingsFindings(configured),
    ],
  };
}

function configureSources(sources: readonly Source[], config: Config): ReadonlyMap<string, ConfiguredSource> {
  const plain = sources.map((source): [string, ConfiguredSource] => [
    source.name,
    { name: source.name, source, secrets: [], settings: undefined },
  ]);
  const named = Object.entries(config.sources).map(([name, given]): [string, ConfiguredSource] => {
    const source = sources.find((candidate) => candidate.name === given.use);
    if (source === undefined) {
      const known = sources.map((candidate) => candidate.name).join(", ");
      throw new Error(
        `tocsin.yaml sources.${name}: there is no source "${given.use}"; add "use:" with one of: ${known}`,
      );
    }
    return [name, { name, source, secrets: given.secrets, settings: given.settings }];
  });
  return new Map([...plain, ...named]);
}

function fileFindings(kind: string, loaded: Loaded<unknown>): Finding[] {
  return loaded.problems.map(({ file, problem }) => ({
    status: "failure",
    subject: `${kind} ${path.basename(file)}`,
    text: `not loaded: ${problem}`,
    remedy: `correct ${file} and start again; everything else runs`,
  }));
}

function checkFindings(sources: ReadonlyMap<string, ConfiguredSource>): Finding[] {
  return [...sources.values()].flatMap((configured) =>
    impossibleChecks(configured).map(
      (kind): Finding => ({
        status: "warning",
        subject: `source ${configured.name}`,
        text: `"${kind}" is configured, but its senders cannot do that`,
        remedy: `use one of: ${configured.source.checks.join(", ")}`,
      }),
    ),
  );
}

function settingsFindings(sources: ReadonlyMap<string, ConfiguredSource>): Finding[] {
  return [...sources.values()].flatMap(({ name, source, settings }): Finding[] => {
    const problem = source.settingsProblem?.(settings) ?? null;
    if (problem === null) return [];
    return [
      {
        status: "failure",
        subject: `source ${name}`,
        text: `its settings in tocsin.yaml are not right: ${problem}`,
        remedy: `correct sources.${name}.settings; until then its deliveries are answered 400 and kept`,
      },
    ];
  });
}
