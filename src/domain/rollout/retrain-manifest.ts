/** What a retrain is made from: kept with it, so that the same can be asked for again. */
import { oneLine } from "../view.ts";

/** Each null where nobody said and the training does not know. */
export interface RetrainManifest {
  /** Commit of the training's code. */
  readonly commit: string | null;
  /** Version of the data that it reads: "transactions@2026-11-01", a digest, a table's snapshot. */
  readonly data: string | null;
  /** Name to value, as the training takes them. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly seed: number | null;
  /** Digest of the image that it runs in: "sha256:…". */
  readonly image: string | null;
  /** The rollout whose manifest this repeats; null for one of its own. */
  readonly rerunOf: number | null;
}

export const manifestFields = ["commit", "data", "seed", "image"] as const;
/** What a model may insist on; parameters may always be none. */
export type ManifestField = (typeof manifestFields)[number];

/** What tocsin.yaml says of the retrains of one model. */
export interface ManifestRule {
  /** A retrain without one of these is refused. */
  readonly required: readonly ManifestField[];
  /** Taken where the person says nothing. */
  readonly defaults: RetrainManifest;
}

export const emptyManifest: RetrainManifest = {
  commit: null,
  data: null,
  parameters: {},
  seed: null,
  image: null,
  rerunOf: null,
};

/** An image only where training runs in one: asked of a script, people would make one up. */
export const shippedManifestRule: ManifestRule = {
  required: ["commit", "data", "seed"],
  defaults: emptyManifest,
};

/** What was given, and the defaults where nothing was; parameters one by one. */
export function fillManifest(given: RetrainManifest, defaults: RetrainManifest): RetrainManifest {
  return {
    commit: given.commit ?? defaults.commit,
    data: given.data ?? defaults.data,
    parameters: { ...defaults.parameters, ...given.parameters },
    seed: given.seed ?? defaults.seed,
    image: given.image ?? defaults.image,
    rerunOf: given.rerunOf,
  };
}

/** Fields that must be there and are not. */
export function missingFields(
  manifest: RetrainManifest,
  required: readonly ManifestField[],
): readonly ManifestField[] {
  return required.filter((field) => manifest[field] === null);
}

/** A field of a manifest that is not what was asked for. */
export interface ManifestChange {
  /** "commit", or "the parameter epochs". */
  readonly field: string;
  readonly asked: string;
  readonly instead: string;
}

/** What was said in `asked` and is something else in `instead`; what nobody said may become anything. */
export function manifestChanges(asked: RetrainManifest, instead: RetrainManifest): readonly ManifestChange[] {
  const fields = manifestFields.flatMap((field): ManifestChange[] => {
    const said = asked[field];
    if (said === null || said === instead[field]) return [];
    return [{ field, asked: String(said), instead: String(instead[field] ?? "none") }];
  });
  return [...fields, ...parameterChanges(asked.parameters, instead.parameters)];
}

function parameterChanges(
  asked: Readonly<Record<string, string>>,
  instead: Readonly<Record<string, string>>,
): readonly ManifestChange[] {
  const found = new Map(Object.entries(instead));
  return Object.entries(asked)
    .filter(([name, value]) => found.get(name) !== value)
    .map(([name, value]) => ({
      field: `the parameter ${name}`,
      asked: value,
      instead: found.get(name) ?? "none",
    }));
}

/**
 * Where a version was made from something else than was asked for, in words; empty when all that is known agrees.
 * A commit may be told by its beginning; parameters that the run has beside those asked for are its own business.
 * @param origin - what the registry tells of the version.
 */
export function originDifferences(
  manifest: RetrainManifest,
  origin: Pick<RetrainManifest, "commit" | "data" | "parameters">,
): readonly string[] {
  const known = new Map(Object.entries(origin.parameters));
  const parameters = Object.entries(manifest.parameters)
    .filter(([name, value]) => known.has(name) && known.get(name) !== value)
    .map(([name, value]) => `parameter ${name} ${known.get(name)} instead of ${value}`);
  const { commit, data } = origin;
  return [
    ...(manifest.commit === null || commit === null || areSameCommit(manifest.commit, commit)
      ? []
      : [`commit ${commit} instead of ${manifest.commit}`]),
    ...(manifest.data === null || data === null || areSameData(manifest.data, data)
      ? []
      : [`data ${data} instead of ${manifest.data}`]),
    ...parameters,
  ].map((difference) => oneLine(difference, 200));
}

function areSameCommit(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

/** "transactions@3f2a" and "transactions 3f2a" are one: a registry keeps the name and the digest apart. */
function areSameData(a: string, b: string): boolean {
  const bare = (text: string) => text.replace(/[@:\s]+/g, " ").trim();
  return bare(a) === bare(b);
}

/** "commit 3f2a91c, data transactions@2026-11-01, seed 7, epochs=20": what is known of it, on one line. */
export function manifestLine(manifest: RetrainManifest): string {
  const { rerunOf, parameters } = manifest;
  const fields = manifestFields.flatMap((field) =>
    manifest[field] === null ? [] : [`${field} ${manifest[field]}`],
  );
  // Sorted: a database keeps members in an order of its own.
  const given = Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .sort();
  const again = rerunOf === null ? [] : [`the same as rollout ${rerunOf}`];
  return oneLine([...again, ...fields, ...given].join(", "), 500);
}

export type ParametersResult =
  | { readonly kind: "parameters"; readonly parameters: Readonly<Record<string, string>> }
  | { readonly kind: "problem"; readonly problem: string };

const maxParameters = 50;
const parameter = /^([A-Za-z_][\w.-]{0,99})=(\S{0,200})$/;

/** Reads "epochs=20 lr=0.1": names and values without spaces, parted by spaces. */
export function parseParameters(text: string): ParametersResult {
  const words = text.split(/\s+/).filter((word) => word !== "");
  if (words.length > maxParameters)
    return {
      kind: "problem",
      problem: `${words.length} parameters are given; at most ${maxParameters} are taken`,
    };
  const parameters = new Map<string, string>();
  for (const word of words) {
    const [, name, value] = parameter.exec(word) ?? [];
    if (name === undefined || value === undefined)
      return { kind: "problem", problem: `"${oneLine(word, 80)}" is not name=value` };
    if (parameters.has(name)) return { kind: "problem", problem: `the parameter ${name} is given twice` };
    parameters.set(name, value);
  }
  return { kind: "parameters", parameters: Object.fromEntries(parameters) };
}
