// A model server in miniature for the demo: remembers which version serves, in one file.
//   node recommender.mjs live|versions|deploy VERSION|retrain OPERATION
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const [, , file, verb, argument] = process.argv;
const first = {
  live: "v41",
  // Newest first, as the bot reads them.
  versions: [
    {
      version: "v42",
      description: "two new features, data of week 46",
      metrics: { ndcg: 0.431, p99_ms: 118 },
    },
    {
      version: "v41",
      description: "weekly training, data of week 45",
      metrics: { ndcg: 0.412, p99_ms: 120 },
    },
  ],
};
const state = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : first;

if (verb === "live") console.log(state.live);
else if (verb === "versions") console.log(JSON.stringify(state.versions));
else if (verb === "deploy") await deploy(argument);
else if (verb === "retrain") await retrain();
else throw new Error(`recommender: "${verb}" is not a verb; expected live, versions, deploy or retrain`);

async function deploy(version) {
  if (!state.versions.some((known) => known.version === version))
    throw new Error(`recommender: there is no version "${version}"`);
  for (const step of [`pulling ${version}`, "warming up", "shifting traffic", "verifying"]) {
    console.log(step);
    await sleep(400);
  }
  save({ ...state, live: version });
  console.log(`${version} serves`);
}

async function retrain() {
  const version = `v${Math.max(...state.versions.map((known) => Number(known.version.slice(1)))) + 1}`;
  for (const epoch of [1, 2, 3]) {
    console.log(`epoch ${epoch} of 3`);
    await sleep(400);
  }
  save({
    ...state,
    versions: [
      { version, description: "retrained from the demo", metrics: { ndcg: 0.425, p99_ms: 119 } },
      ...state.versions,
    ],
  });
  console.log(version);
}

function save(next) {
  writeFileSync(`${file}.new`, JSON.stringify(next));
  renameSync(`${file}.new`, file);
}
