/** The console's messages in memory, for tests; several consoles may share one, as replicas share a database. */
import type { View } from "../../../src/domain/view.ts";
import type { ConsoleMessage, ConsoleMessages, NewConsoleMessage } from "../../../src/ports/console.ts";

export interface MemoryMessages extends ConsoleMessages {
  /** Makes every call fail until it is called with null. */
  fail(error: Error | null): void;
}

export function memoryMessages(): MemoryMessages {
  const rows: ConsoleMessage[] = [];
  const watchers = new Set<() => void>();
  let revision = 0;
  let failure: Error | null = null;

  function guard(): void {
    if (failure !== null) throw failure;
  }

  function withReplies(row: ConsoleMessage): ConsoleMessage {
    const replies = rows.filter((other) => other.threadOf === row.id && other.audience === null).length;
    return { ...row, replies };
  }

  function newest(found: readonly ConsoleMessage[], limit: number): readonly ConsoleMessage[] {
    return found.slice(-limit).map(withReplies);
  }

  async function add(message: NewConsoleMessage): Promise<number> {
    guard();
    const known = rows.find((row) => row.key === message.key);
    if (known !== undefined) return known.id;
    revision += 1;
    const { at, ...rest } = message;
    rows.push({ ...rest, id: rows.length + 1, postedAt: at, editedAt: null, revision, replies: 0 });
    for (const watcher of watchers) watcher();
    return rows.length;
  }

  async function edit(id: number, view: View, at: Date): Promise<boolean> {
    guard();
    const row = rows[id - 1];
    if (row === undefined) return false;
    revision += 1;
    rows[id - 1] = { ...row, view, editedAt: at, revision };
    for (const watcher of watchers) watcher();
    return true;
  }

  return {
    add,
    edit,
    fail: (error) => {
      failure = error;
    },
    find: async (id) => {
      guard();
      const row = rows[id - 1];
      return row === undefined ? null : withReplies(row);
    },
    findByKey: async (key) => {
      guard();
      return rows.find((row) => row.key === key) ?? null;
    },
    list: async (channel, before, limit) => {
      guard();
      const cards = rows.filter(
        (row) => row.channel === channel && row.threadOf === null && row.audience === null,
      );
      return newest(before === null ? cards : cards.filter((row) => row.id < before), limit);
    },
    thread: async (id, limit) => {
      guard();
      return newest(
        rows.filter((row) => row.threadOf === id && row.audience === null),
        limit,
      );
    },
    privateTo: async (audience, limit) =>
      newest(
        rows.filter((row) => row.audience === audience),
        limit,
      ),
    channels: async () => {
      guard();
      const newestIds = new Map<string, number>();
      for (const row of rows) {
        if (row.threadOf === null && row.audience === null) newestIds.set(row.channel, row.id);
      }
      return [...newestIds].sort().map(([id, newestId]) => ({ id, newestId }));
    },
    changedSince: async (since, limit) => {
      guard();
      return rows
        .filter((row) => row.revision > since)
        .sort((a, b) => a.revision - b.revision)
        .slice(0, limit)
        .map(withReplies);
    },
    newestRevision: async () => {
      guard();
      return revision;
    },
    watch: async (onChange) => {
      watchers.add(onChange);
      return { stop: async () => void watchers.delete(onChange) };
    },
    prunePrivate: async () => 0,
  };
}
