/** An incident that a person declares: an alert of its own source, so that it is grouped, muted and explained as any other. */
import { createHash } from "node:crypto";
import type { Severity } from "../alert.ts";
import { oneLine, truncate } from "../view.ts";

/** The source of what people declare; no sender can reach it. */
export const declaredSource = "declared";

export interface Declaration {
  /** Makes it one: declared twice under the same key it is the same alert. */
  readonly key: string;
  /** What is wrong, in their words. Untrusted text. */
  readonly text: string;
  readonly severity: Severity;
  readonly service: string | null;
  /** Who says so: the author of the message, else whoever declared it. */
  readonly author: string;
  /** Where it was said, or null; http(s), checked. */
  readonly link: string | null;
  readonly startsAt: Date;
}

const maxName = 100;
const maxText = 2_000;

/** Its delivery, in the form of Alertmanager's webhook. It fires until somebody resolves the incident, or times out. */
export function declarationBody(declaration: Declaration): Uint8Array {
  const { key, text, severity, service, author, link, startsAt } = declaration;
  const id = createHash("sha256").update(key).digest("hex").slice(0, 16);
  const alert = {
    status: "firing",
    labels: {
      ...{ alertname: oneLine(text, maxName), severity, declaration: id },
      ...(service === null ? {} : { service }),
    },
    annotations: { summary: oneLine(text, 300), description: truncate(`${author}: ${text}`, maxText) },
    startsAt: startsAt.toISOString(),
    ...(link === null ? {} : { generatorURL: link }),
  };
  return new TextEncoder().encode(JSON.stringify({ version: "4", alerts: [alert] }));
}
