import type { MaintenanceWindow } from "../domain/suppression/maintenance.ts";
import type { Silence } from "../domain/suppression/silence.ts";

/** A window as tocsin.yaml names it. */
export type ConfiguredWindow = Omit<MaintenanceWindow, "id" | "name" | "createdBy" | "createdAt"> & {
  readonly name: string;
};

/** A window that was made by command, and may have been ended before its time. */
export type MadeWindow = MaintenanceWindow & { readonly endedAt: Date | null };

/** What people have set so that alerts do not notify. */
export interface MuteStore {
  saveSilence(silence: Omit<Silence, "id" | "matchedAt">): Promise<number>;
  endSilence(id: number, at: Date): Promise<boolean>;
  /** Not yet ended at `at`, those that began later among them. */
  silences(at: Date): Promise<readonly Silence[]>;
  /** Also one that has ended. */
  findSilence(id: number): Promise<Silence | null>;
  /** These matched an alert at `at`. */
  markMatched(silences: readonly number[], at: Date): Promise<void>;
  /** Names of the firing alerts that this silence mutes, and how many they are. */
  mutedBySilence(
    id: number,
    limit: number,
  ): Promise<{ readonly count: number; readonly names: readonly string[] }>;
  saveMaintenance(window: Omit<MaintenanceWindow, "id">): Promise<number>;
  /** False when there is no such window of a command that is not over. */
  endMaintenance(id: number, at: Date): Promise<boolean>;
  /** Windows that were not ended and may come again after `at`, in order of number. */
  maintenance(at: Date): Promise<readonly MaintenanceWindow[]>;
  /** Windows made by command that were in force at `since` or later, in order of number. */
  madeMaintenance(since: Date): Promise<readonly MadeWindow[]>;
  /** Windows of tocsin.yaml become these; by name they keep their number. */
  setConfiguredMaintenance(windows: readonly ConfiguredWindow[], at: Date): Promise<void>;
}
