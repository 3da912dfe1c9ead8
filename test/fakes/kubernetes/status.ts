/** A refusal of the API server: HTTP status and the object `Status` that says why. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }

  body() {
    const { code, reason, message } = this;
    return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code };
  }
}

export const notFound = (what: string) => new StatusError(404, "NotFound", `${what} not found`);
export const conflict = (what: string) =>
  new StatusError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${what}: the object has been modified; please apply your changes to the latest version and try again`,
  );
export const gone = (version: string) =>
  new StatusError(410, "Expired", `too old resource version: ${version}`);
