/** What sources of model reports have in common: which model a report is about, whom it concerns, and what a loss is. */
import { z } from "zod";
import { isRecord, own, shown, textOfValue } from "../alert/intake.ts";
import type { Alert } from "../alert.ts";
import { oneLine } from "../view.ts";
import { alertOfReport, defaultLossLimits, type ModelReport } from "./report.ts";

const name = z.string().min(1).max(256);
const ratio = z.number().positive().max(10);

const schema = z.strictObject({
  /** For senders that cannot say which model they looked at. */
  model: name.optional(),
  environment: name.default("production"),
  /** Model to the service of the topology that it serves in; the model's own name when left out. */
  services: z.record(z.string(), name).default({}),
  /** From which loss on, as a share of the reference, the alert is a warning or critical. */
  loss: z
    .strictObject({
      warning: ratio.default(defaultLossLimits.warning),
      critical: ratio.default(defaultLossLimits.critical),
    })
    .prefault({}),
});
export type ReportSettings = z.output<typeof schema>;

/** The settings; those that are not right count as left out, which doctor says. */
export function reportSettings(settings: unknown): ReportSettings {
  const parsed = schema.safeParse(settings ?? {});
  return parsed.success ? parsed.data : schema.parse({});
}

export function reportSettingsProblem(settings: unknown): string | null {
  const parsed = schema.safeParse(settings ?? {});
  if (parsed.success) return null;
  const issue = parsed.error.issues[0];
  return `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}; expected model, environment, services (model to service) and loss (warning, critical)`;
}

export type Target =
  | { readonly kind: "target"; readonly model: string; readonly environment: string }
  | { readonly kind: "problem"; readonly problem: string };

/** What a delivery is about: its own `model` and `environment`, else those of the settings. */
export function targetOf(body: Readonly<Record<string, unknown>>, settings: ReportSettings): Target {
  const given = own(body, "model");
  const model = nameIn(given) ?? settings.model ?? null;
  if (model === null) return { kind: "problem", problem: `"model" must name the model; got ${shown(given)}` };
  return { kind: "target", model, environment: nameIn(own(body, "environment")) ?? settings.environment };
}

function nameIn(value: unknown): string | null {
  const text = isRecord(value) || Array.isArray(value) ? "" : oneLine(textOfValue(value) ?? "", 256);
  return text === "" ? null : text;
}

export function alertFor(
  report: ModelReport,
  settings: ReportSettings,
  delivery: { readonly source: string; readonly receivedAt: Date },
): Alert {
  const service = Object.hasOwn(settings.services, report.model)
    ? settings.services[report.model]
    : undefined;
  return alertOfReport(report, { ...delivery, service: service ?? null, limits: settings.loss });
}

/** A number as senders write it, also as text; null for anything else, and for whole ones that would lose digits. */
export function numberIn(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || value.trim() === "") return null;
  const number = Number(value);
  const losesDigits = /^\s*-?\d+\s*$/.test(value) && !Number.isSafeInteger(number);
  return Number.isFinite(number) && !losesDigits ? number : null;
}
