import { STATUS_CODES } from 'node:http';

/** An answer of the pretended GHL; the dispatcher adds the `traceId`. */
export interface Reply {
  status: number;
  body: Record<string, unknown>;
}

/** Thrown by a handler to answer with a refusal. */
export class ReplyError extends Error {
  readonly code = 'Reply';
  readonly reply: Reply;

  constructor(reply: Reply) {
    super(`simulated answer ${reply.status}`);
    this.name = 'ReplyError';
    this.reply = reply;
  }
}

/** A refusal as Nest words it: status, message, and the status text in `error`. */
export function refusal(status: number, message: string | string[], extra: Record<string, unknown> = {}): ReplyError {
  return new ReplyError({ status, body: { statusCode: status, message, error: STATUS_CODES[status], ...extra } });
}

/** What Nest says of a path it does not know. */
export function notFound(method: string, path: string): ReplyError {
  return refusal(404, `Cannot ${method} ${path}`);
}

/** A refusal without the `error` field, as GHL's own checks (tokens, duplicates) answer. */
export function plainRefusal(status: number, message: string, extra: Record<string, unknown> = {}): ReplyError {
  return new ReplyError({ status, body: { statusCode: status, message, ...extra } });
}

/** A successful answer. */
export function ok(body: Record<string, unknown>, status = 200): Reply {
  return { status, body };
}
