/** What was pushed of models goes into their windows, and a job judges each window once it is over. */
import { addProfiles, emptyProfile } from "../domain/monitoring/add-profiles.ts";
import type { Profile } from "../domain/monitoring/judge-profile.ts";
import { type MonitoringSettings, type ProfilePush, windowStart } from "../domain/monitoring/profile-push.ts";
import type { StoredProfile, StoreSlices } from "../ports.ts";

/** Ids that are remembered of one window, so that a push that comes again counts once. */
const maxPushes = 1_000;
/** After the end of a window, for those who push a little late. */
const lateMs = 60_000;

type Slices = Pick<StoreSlices, "monitoring" | "jobs">;

/** In the transaction of the deliveries, so that a push counts exactly once. */
export async function takePushes(
  tx: Slices,
  pushes: readonly ProfilePush[],
  settings: MonitoringSettings,
  now: Date,
): Promise<void> {
  for (const push of pushes) {
    if (push.reference !== null) await replaceReference(tx, push, push.reference, now);
    if (push.current !== null) await takeCurrent(tx, push, push.current, { settings, now });
  }
}

async function replaceReference(tx: Slices, push: ProfilePush, profile: Profile, now: Date): Promise<void> {
  const { model, environment } = push;
  await tx.monitoring.save({
    model,
    environment,
    from: null,
    profile,
    pushes: [],
    isComplete: true,
    updatedAt: now,
  });
}

async function takeCurrent(
  tx: Slices,
  push: ProfilePush,
  profile: Profile,
  { settings, now }: { readonly settings: MonitoringSettings; readonly now: Date },
): Promise<void> {
  const { model, environment } = push;
  const reference = await tx.monitoring.findForUpdate(model, environment, null);
  // Nobody sent a reference: the first rows become it, and are compared with nothing.
  if (reference?.isComplete !== true) {
    const grown = grow(reference, push, profile, { from: null, now });
    if (grown !== null)
      await tx.monitoring.save({ ...grown, isComplete: grown.profile.rows >= settings.referenceRows });
    return;
  }
  // The clock of a sender may be wrong; a window that is yet to come would be judged by nobody.
  const at = push.at > now ? now : push.at;
  const from = new Date(windowStart(at, settings.windowMs));
  const window = await tx.monitoring.findForUpdate(model, environment, from);
  const grown = grow(window, push, profile, { from, now });
  if (grown === null) return;
  await tx.monitoring.save(grown);
  const overAt = from.getTime() + settings.windowMs + lateMs;
  const runAt = overAt <= now.getTime() ? null : new Date(overAt);
  await tx.jobs.add({ task: "monitor", model, environment }, { runAt });
}

/** Null when this very push is in it already. */
function grow(
  before: StoredProfile | null,
  push: ProfilePush,
  profile: Profile,
  { from, now }: { readonly from: Date | null; readonly now: Date },
): StoredProfile | null {
  const { model, environment, id } = push;
  const pushes = before?.pushes ?? [];
  if (id !== null && pushes.includes(id)) return null;
  return {
    model,
    environment,
    from,
    profile: addProfiles(before?.profile ?? emptyProfile, profile),
    pushes: id === null ? pushes : [...pushes, id].slice(-maxPushes),
    isComplete: true,
    updatedAt: now,
  };
}
