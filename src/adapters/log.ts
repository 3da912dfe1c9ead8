import { type DestinationStream, type Logger, pino } from "pino";
import { redact } from "../domain/text/redaction.ts";
import { startOf } from "../domain/text/whole-words.ts";
import { truncate } from "../domain/view.ts";
import type { Log } from "../ports/observability.ts";

/** Fields whose names say that they hold a secret, at the top and one level down. */
const secretNames = [
  "authorization",
  "cookie",
  "password",
  "secret",
  "token",
  "apiKey",
  "botToken",
  "appToken",
  "signingSecret",
  "databaseUrl",
];
const maxText = 2_000;

export interface LogOptions {
  /** trace, debug, info, warn, error, fatal or silent. */
  readonly level: string;
  /** Fields of every line, for example the replica. */
  readonly base?: Readonly<Record<string, string>>;
  /** Where lines go; standard output when absent. */
  readonly destination?: DestinationStream;
}

/**
 * One JSON object per line. Fields named like secrets are blanked, and every text is searched for what looks like one:
 * messages of errors quote addresses and headers.
 */
export function createLog(options: LogOptions): Log {
  const logger = pino(
    {
      level: options.level,
      base: options.base ?? null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: cleanFields },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: "[redacted]" },
      serializers: { error: cleanError, err: cleanError },
    },
    options.destination ?? pino.destination({ fd: 1, sync: false }),
  );
  return wrap(logger);
}

function wrap(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, cleanText(message)),
    info: (fields, message) => logger.info(fields, cleanText(message)),
    warn: (fields, message) => logger.warn(fields, cleanText(message)),
    error: (fields, message) => logger.error(fields, cleanText(message)),
    child: (fields) => wrap(logger.child(cleanFields({ ...fields }))),
  };
}

function cleanFields(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, cleanValue(value)]));
}

function cleanValue(value: unknown): unknown {
  return typeof value === "string" ? cleanText(value) : value;
}

function cleanText(text: string): string {
  return truncate(redact(startOf(text, 2 * maxText)).text, maxText);
}

/** Errors by their message and causes; the stack is for debugging and stays short. */
function cleanError(error: unknown): unknown {
  if (!(error instanceof Error)) return cleanValue(error);
  return {
    type: error.name,
    message: cleanText(error.message),
    stack: cleanText(error.stack ?? ""),
    ...(error.cause === undefined ? {} : { cause: cleanText(String(error.cause)) }),
  };
}
