/** What a command's runner wrote, in the words of the bot. */
import { z } from "zod";
import { redact } from "../../../domain/text/redaction.ts";
import { oneLine } from "../../../domain/view.ts";
import type { Observed } from "../../../ports/model.ts";
import type { RunStatus } from "./state.ts";

export function observedOf(status: RunStatus): Observed {
  const logTail = redact(status.tail).text;
  const last = oneLine(logTail.trim().split("\n").at(-1) ?? "", 200);
  switch (status.state) {
    case "running":
      return { kind: "running", steps: [{ label: "run the command", state: "running" }], logTail };
    case "not_started":
      return { kind: "failed", problem: `the command cannot be run: ${status.problem ?? ""}`, logTail };
    case "timed_out":
      return { kind: "failed", problem: "it took too long and was stopped", logTail };
    case "cancelled":
      return { kind: "cancelled", logTail };
    case "exited":
      break;
  }
  if (status.exitCode !== 0) {
    const how =
      status.exitCode === null
        ? `was ended by ${status.signal ?? "a signal"}`
        : `exited with ${status.exitCode}`;
    return { kind: "failed", problem: `the command ${how}${last === "" ? "" : `: ${last}`}`, logTail };
  }
  const { version, metrics, result } = parseResult(status.tail);
  const text = result ?? (version === null ? "the command exited with 0" : `version ${version} is ready`);
  return {
    kind: "succeeded",
    result: oneLine(redact(text).text, 300),
    newVersion: version,
    metrics,
    logTail,
  };
}

const resultSchema = z.object({
  version: z.union([z.string(), z.number()]).transform(String).nullable().default(null),
  metrics: z.record(z.string(), z.number()).default({}),
  result: z.string().nullable().default(null),
});

/** The last line of the output when it is a JSON object that says what came of it. */
function parseResult(output: string): z.infer<typeof resultSchema> {
  const none = { version: null, metrics: {}, result: null };
  const last = output.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) return none;
  try {
    const parsed = resultSchema.safeParse(JSON.parse(last));
    return parsed.success ? parsed.data : none;
  } catch {
    // A line that only looks like JSON is ordinary output.
    return none;
  }
}
