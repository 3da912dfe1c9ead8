/** Something took longer than it may. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
}

/**
 * The result of `work`, or a {@link DeadlineError} after `limitMs`. The work itself goes on; its late result is dropped.
 * @param what - names it in the error: "backend exec, plan".
 */
export async function withDeadline<Result>(
  work: Promise<Result>,
  limitMs: number,
  what: string,
): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineError(`${what} did not answer within ${Math.round(limitMs / 1000)} s`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
