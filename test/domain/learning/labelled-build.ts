import type { Change } from "../../../src/domain/change.ts";
import type { CauseQuestion } from "../../../src/domain/clustering/correlation.ts";
import type { LabelledCause } from "../../../src/domain/learning/labels.ts";
import { noon, sketchAlert, sketchChange, twoShops } from "./judgement-build.ts";

export function question(given: Partial<CauseQuestion> = {}): CauseQuestion {
  return { alerts: [sketchAlert({ at: 0 })], changes: [], topology: twoShops, feedback: new Map(), ...given };
}

export function changeBefore(minutes: number, given: Partial<Change> = {}): Change {
  return sketchChange({ at: new Date(noon - minutes * 60_000), ...given });
}

const names = ["HighCPU", "HighLatency", "ErrorLogBurst", "TrafficDrop", "NetworkUnreachable"];
const kinds = ["deploy", "flag", "config"] as const;

/**
 * Incidents of all sorts: one to four alerts, none to three changes near and far, votes, causes confirmed before; any
 * service or change right.
 */
export function motley(count: number): LabelledCause[] {
  return Array.from({ length: count }, (_, i) => {
    const service = (step: number) =>
      twoShops.services[(i * step + step) % twoShops.services.length] ?? "lone";
    const alerts = Array.from({ length: 1 + (i % 4) }, (_item, j) =>
      sketchAlert({
        name: names[(i + 2 * j) % names.length] ?? "HighCPU",
        // Every seventh incident is of alerts that name no service.
        service: i % 7 === 6 ? null : service(j + 2),
        at: j * (i % 5),
      }),
    );
    const changes = Array.from({ length: (i * 5) % 4 }, (_item, j) =>
      changeBefore(1 + ((i * 11 + j * 17) % 50), {
        id: `c${i}-${j}`,
        service: j === 2 ? null : service(j + 3),
        kind: kinds[(i + j) % kinds.length] ?? "deploy",
      }),
    );
    const feedback = new Map(i % 3 === 0 ? [[`service:${service(2)}`, { right: 2, wrong: 1 }]] : []);
    const before = { service: service(3), similarity: 0.8, incidentId: i };
    const confirmed = i % 4 === 1 ? [before, { ...before, similarity: 0.5 }] : [];
    const right = [changes[0]?.id ?? "none", "none", null][i % 3] ?? null;
    return {
      question: question({ alerts, changes, feedback, confirmed }),
      service: right === null || i % 2 === 0 ? service(2 + (i % 3)) : null,
      changeId: right,
      at: new Date(noon + i * 60_000),
    };
  });
}
