/** Structured JSON logs by pino, each line carrying the trace it belongs to. */
import { trace } from "@opentelemetry/api";
import pino from "pino";
import type { LogFields, Logger } from "../../engine/ports/logger.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/**
 * A logger writing one JSON object per line to standard error.
 *
 * @param options - `level`: the least severe level written; `fields`: on every line, such as the role of the process
 */
export function createLogger(options: { readonly level: LogLevel; readonly fields: LogFields }): Logger {
  const root = pino(
    {
      level: options.level,
      base: options.fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describeError },
      mixin: activeTrace,
    },
    pino.destination({ dest: 2, sync: false }),
  );
  return wrap(root);
}

function wrap(log: pino.Logger): Logger {
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
    with: (fields) => wrap(log.child(fields)),
  };
}

function activeTrace(): Record<string, string> {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId };
}

function describeError(error: unknown): unknown {
  return error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : error;
}
