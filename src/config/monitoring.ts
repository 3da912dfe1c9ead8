/** `monitoring:` in tocsin.yaml: how the counts that are pushed of models are judged. */
import { z } from "zod";
import { type MonitoringSettings, shippedMonitoring as shipped } from "../domain/monitoring/profile-push.ts";

const hour = 3_600_000;
const ratio = z.number().positive().max(10);

export const monitoringSchema = z
  .strictObject({
    falseAlarmRate: z.number().min(1e-6).max(0.2).default(shipped.falseAlarmRate),
    windowHours: z
      .number()
      .min(0.25)
      .max(168)
      .default(shipped.windowMs / hour),
    referenceRows: z.int().min(100).max(100_000_000).default(shipped.referenceRows),
    loss: z
      .strictObject({
        warning: ratio.default(shipped.loss.warning),
        critical: ratio.default(shipped.loss.critical),
      })
      .prefault({}),
    retrainsPerDay: z.int().min(0).max(100).default(shipped.retrainsPerDay),
  })
  .prefault({});

/** The settings with their times in ms. */
export function monitoringOf(given: z.output<typeof monitoringSchema>): MonitoringSettings {
  const { windowHours, ...rest } = given;
  return { ...rest, windowMs: windowHours * hour };
}
