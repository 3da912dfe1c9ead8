import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/**
 * The heap may outgrow what lives in it by this much before it is collected; V8 alone lets it quadruple. Measured with
 * test/bench/cards.ts: 288 instead of 413 MB after a storm, for a tenth of a second more of collecting in a minute.
 * A wish, not a limit: a large installation gets what it needs.
 */
const growthPercent = 50;

/** Bytes for young objects: half of what V8 takes, since three such halves stay behind after a storm. */
const mostYoung = 16 * 1_048_576;

/**
 * Keeps garbage from piling up in a bot that idles between storms. Takes effect from the next collection on; to be called
 * before the rest is loaded, which alone would make the room for young objects as large as V8 allows.
 */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
  boundYoung();
}

/**
 * V8 reads the limit of the room for young objects only when a process begins, and `npx tocsin` is begun by others; but
 * by how much that room grows it reads each time, and it shrinks by itself when little happens. So growing is
 * switched off while the room is as large as we want it. Where V8 should ever stop to read it, nothing is lost but this.
 */
function boundYoung(): void {
  let mayGrow = true;
  const observer = new PerformanceObserver(() => {
    const isSmall = youngSize() < mostYoung;
    if (isSmall === mayGrow) return;
    mayGrow = isSmall;
    setFlagsFromString(`--semi-space-growth-factor=${mayGrow ? 2 : 1}`);
  });
  observer.observe({ entryTypes: ["gc"] });
}

function youngSize(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0;
}
