import type { TrackedAlert } from "../alert/tracked.ts";
import type { Explanation } from "../explanation.ts";
import type { Incident } from "../incident.ts";
import type { Verdict } from "../learning/feedback.ts";
import type { RetrainableModel } from "../monitoring/report-view.ts";

/** All that an incident card shows. */
export interface IncidentCard {
  readonly incident: Incident;
  /** Some of its alerts, earliest first; the card shows the worst few. */
  readonly alerts: readonly TrackedAlert[];
  readonly explanation: Explanation | null;
  /** Where its alerts stand beside the card already, it does not list them again; it does by default. */
  readonly alertList?: "worst" | "elsewhere";
  /** What people say of its cause, as far as it stands; none by default. */
  readonly verdicts?: readonly Verdict[];
  /** Incidents that were split from it and are not back in it; none by default. */
  readonly children?: readonly number[];
  /** Models that a button may ask to have retrained; none by default. */
  readonly models?: readonly RetrainableModel[];
  /** Person id to name. */
  readonly nameOf: (person: string) => string;
}
