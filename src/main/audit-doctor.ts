/** What doctor says of the audit log: who could change it, whether it is signed, and whether checkpoints get out. */
import { type Finding, noMetrics, systemClock } from "../ports.ts";
import { createCheckpoints } from "./checkpoints.ts";
import type { Offline } from "./offline.ts";

const subject = "audit log";

export async function examineAudit(offline: Offline): Promise<readonly Finding[]> {
  const { config, store, log } = offline;
  const checkpoints = createCheckpoints({ config, store, log, metrics: noMetrics, clock: systemClock });
  const problem = await checkpoints.problem();
  const refused: Finding[] =
    problem === null
      ? []
      : [
          {
            status: "failure",
            subject,
            text: `no checkpoint is signed: ${problem.problem}`,
            remedy: problem.remedy,
          },
        ];
  const { destinations } = checkpoints.publish;
  const behind = (await store.checkpoints.behind()).filter(({ destination }) =>
    destinations.includes(destination),
  );
  const lagging = behind.map(
    ({ destination, waiting, since, problem: said }): Finding => ({
      status: "warning",
      subject: `audit to ${destination}`,
      text: `${waiting} ${waiting === 1 ? "checkpoint waits" : "checkpoints wait"} since ${since.toISOString()}: ${said ?? "not tried yet"}`,
      remedy: "it is tried again until it works",
    }),
  );
  return [await examineRights(offline, destinations.length), ...refused, ...lagging];
}

async function examineRights({ store, databaseKind }: Offline, destinations: number): Promise<Finding> {
  if (databaseKind === "embedded") {
    const text = "whoever has the bot's account can change the embedded database";
    if (destinations > 0) return { status: "ok", subject, text: `${text}; published checkpoints show it` };
    const remedy = "publish checkpoints where others hold them: audit.publish, docs/audit.md";
    return { status: "warning", subject, text: `${text}, and no checkpoint is published`, remedy };
  }
  const excess = await store.excessRights();
  if (excess.length === 0)
    return { status: "ok", subject, text: "the role of DATABASE_URL can only read and add" };
  return {
    status: "failure",
    subject,
    text: `the role of DATABASE_URL can change the log: it ${excess.join(", ")}`,
    remedy: "let another role own the tables: MIGRATION_DATABASE_URL, docs/audit.md",
  };
}
