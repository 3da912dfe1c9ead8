/** A progress bar for long work on the command line. */
export interface ProgressBar {
  /** @param done - pieces finished before this one. */
  show(done: number, name: string, deliveries: number): void;
  clear(): void;
}

const width = 24;

/** Draws on standard error when it is a terminal; nothing elsewhere. */
export function createBar(total: number): ProgressBar {
  const out = process.stderr;
  if (!out.isTTY) return { show: () => undefined, clear: () => undefined };
  return {
    show(done, name, deliveries) {
      const filled = Math.round((done / total) * width);
      out.write(
        `\r\x1b[K[${"#".repeat(filled)}${".".repeat(width - filled)}] ${done + 1}/${total} ${name}${deliveries > 0 ? `, ${deliveries} deliveries` : ""}`,
      );
    },
    clear: () => out.write("\r\x1b[K"),
  };
}
