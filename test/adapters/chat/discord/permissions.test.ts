import { describe, expect, test } from "vitest";
import {
  missingPermissions,
  neededBits,
  permissionsIn,
} from "../../../../src/adapters/chat/discord/permissions.ts";
import type { ApiChannel } from "../../../../src/adapters/chat/discord/shapes.ts";

const everyone = "100";
const team = "200";
const self = "300";
const view = 1n << 10n;
const send = 1n << 11n;

function rights(
  roles: Readonly<Record<string, bigint>>,
  overwrites: ApiChannel["permission_overwrites"] = [],
  ownerId = "1",
): bigint {
  const channel: ApiChannel = {
    id: "9",
    type: 0,
    guild_id: everyone,
    permission_overwrites: overwrites,
    available_tags: [],
    applied_tags: [],
  };
  const guild = {
    id: everyone,
    name: "g",
    owner_id: ownerId,
    roles: Object.entries(roles).map(([id, bits]) => ({ id, permissions: `${bits}` })),
  };
  return permissionsIn(channel, { guild, roles: [team] }, self);
}

function overwrite(id: string, type: 0 | 1, allow: bigint, deny: bigint) {
  return { id, type, allow: `${allow}`, deny: `${deny}` };
}

describe("rights in a channel", () => {
  test("are those of everyone and of the bot's roles, not of other roles", () => {
    expect(rights({ [everyone]: view, [team]: send, "999": 1n << 15n })).toBe(view | send);
  });

  test("a role's overwrite beats everyone's, the bot's own beats both", () => {
    const forEveryone = overwrite(everyone, 0, 0n, view | send);
    expect(rights({ [everyone]: view | send }, [forEveryone])).toBe(0n);
    expect(rights({ [everyone]: view | send }, [overwrite(team, 0, view, 0n), forEveryone])).toBe(view);
    expect(rights({ [everyone]: view }, [overwrite(self, 1, 0n, view), overwrite(team, 0, view, 0n)])).toBe(
      0n,
    );
  });

  test("another member's overwrite says nothing", () => {
    expect(rights({ [everyone]: view }, [overwrite("301", 1, 0n, view)])).toBe(view);
  });

  test("administrators and owners may everything", () => {
    const denied = [overwrite(everyone, 0, 0n, neededBits)];
    expect(missingPermissions(rights({ [everyone]: 0n, [team]: 8n }, denied))).toEqual([]);
    expect(missingPermissions(rights({ [everyone]: 0n }, denied, self))).toEqual([]);
  });
});

test("what is missing is named as in Discord's settings", () => {
  expect(missingPermissions(view | send)).toEqual([
    "Embed Links",
    "Attach Files",
    "Read Message History",
    "Create Public Threads",
    "Send Messages in Threads",
  ]);
  expect(missingPermissions(neededBits)).toEqual([]);
});
