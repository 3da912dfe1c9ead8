/** Views as JSON. Two of their members are no JSON: moments and the bytes of images. */
import type { View } from "../../domain/view.ts";

const dateTag = "$date";
const bytesTag = "$bytes";

/** The view as plain JSON; {@link unpackView} gives it back whole. */
export function packView(view: View): unknown {
  return pack(view);
}

/** @param stored - what {@link packView} made. */
export function unpackView(stored: unknown): View {
  // Nothing else writes the column, and unpack is the inverse of pack.
  return unpack(stored) as View;
}

function pack(value: unknown): unknown {
  if (value instanceof Date) return { [dateTag]: value.toISOString() };
  if (value instanceof Uint8Array) return { [bytesTag]: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== "object" || value === null) return value;
  return mapMembers(value, pack);
}

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== "object" || value === null) return value;
  const [[key, member] = ["", null], ...others] = Object.entries(value);
  if (others.length === 0 && typeof member === "string") {
    if (key === dateTag) return new Date(member);
    if (key === bytesTag) return new Uint8Array(Buffer.from(member, "base64"));
  }
  return mapMembers(value, unpack);
}

function mapMembers(value: object, map: (member: unknown) => unknown): unknown {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, map(member)]),
  );
}
