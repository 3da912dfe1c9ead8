/** Channels of incidents' own. */
import { and, desc, eq } from "drizzle-orm";
import type { IncidentChannel, IncidentChannelStore } from "../../ports.ts";
import type { Db } from "./client.ts";
import { incidentChannels } from "./schema.ts";

export function incidentChannelSlice(db: Db): IncidentChannelStore {
  return {
    find: async (incidentId) => {
      const [row] = await db
        .select()
        .from(incidentChannels)
        .where(eq(incidentChannels.incidentId, incidentId))
        .orderBy(desc(incidentChannels.serial))
        .limit(1);
      return row === undefined ? null : fromRow(row);
    },
    add: async (channel) => {
      const added = await db
        .insert(incidentChannels)
        .values(channel)
        .onConflictDoNothing()
        .returning({ serial: incidentChannels.serial });
      return added.length === 1;
    },
    save: async ({ incidentId, serial }, values) => {
      await db
        .update(incidentChannels)
        .set(values)
        .where(and(eq(incidentChannels.incidentId, incidentId), eq(incidentChannels.serial, serial)));
    },
    at: async (platform, channel) => {
      const isIt = and(eq(incidentChannels.platform, platform), eq(incidentChannels.channel, channel));
      const [row] = await db
        .select({ incidentId: incidentChannels.incidentId })
        .from(incidentChannels)
        .where(isIt);
      return row?.incidentId ?? null;
    },
    doubt: async (platform, channel, now) => {
      const isIt = and(
        eq(incidentChannels.platform, platform),
        eq(incidentChannels.channel, channel),
        eq(incidentChannels.state, "open"),
      );
      const [row] = await db
        .update(incidentChannels)
        .set({ doubtedAt: now })
        .where(isIt)
        .returning({ incidentId: incidentChannels.incidentId });
      return row?.incidentId ?? null;
    },
  };
}

function fromRow(row: typeof incidentChannels.$inferSelect): IncidentChannel {
  // Written by add and save alone, from an IncidentChannel.
  return { ...row, shown: row.shown as IncidentChannel["shown"] };
}
