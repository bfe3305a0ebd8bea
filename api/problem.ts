import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { z } from 'zod';
import { TemporalUnavailableError } from '../client.ts';
import { UnknownKeyVersionError } from '../crypto/key-ring.ts';
import { describeError } from './error-description.ts';
import { isStorageAway } from '../db/storage-away.ts';

interface ProblemOptions {
  detail?: string;
  retryAfterSeconds?: number;
  /** Where in the request something is wrong, and what; never the value. */
  issues?: { path: string; message: string }[];
}

/** An answer that says what went wrong, as RFC 9457 problem details with a stable `code`. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly options: ProblemOptions;
  constructor(status: number, code: string, options: ProblemOptions = {}) {
    super(code);
    this.name = 'ProblemError';
    this.status = status;
    this.code = code;
    this.options = options;
  }
}

/** Turns a failed parse into problem details that name paths, never values. */
export const problemOfIssues = (status: 400 | 422, code: string, error: z.ZodError): ProblemError =>
  new ProblemError(status, code, {
    issues: error.issues.map((issue) => ({ path: issue.path.map(String).join('.'), message: issue.message })),
  });

const TITLES: Partial<Record<number, string>> = {
  400: 'The request cannot be read',
  401: 'The credential is missing or not valid',
  403: 'Not allowed with this credential',
  404: 'Not found',
  409: 'This is not possible now',
  413: 'The body is too large',
  415: 'The body is encoded in a way that is not supported',
  422: 'The request is not valid',
  429: 'Try again later',
  500: 'Something went wrong here',
  503: 'A part of the system is away for the moment',
};

function send(res: Response, { status, code, options }: ProblemError): void {
  const { detail, issues, retryAfterSeconds } = options;
  if (retryAfterSeconds !== undefined) res.set('Retry-After', String(retryAfterSeconds));
  if (status === 401) res.set('WWW-Authenticate', 'Bearer');
  const title = TITLES[status] ?? 'The request was refused';
  const body = { type: 'about:blank', title, status, code, ...(detail && { detail }), ...(issues && { issues }) };
  res.status(status).type('application/problem+json').send(JSON.stringify(body));
}

/** What an error means to the caller; 500 for those nobody foresaw. */
function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof TemporalUnavailableError)
    return new ProblemError(503, 'temporal-unavailable', { retryAfterSeconds: 5 });
  // Another process has the key, or this one soon will: keys are given to one after the other.
  if (error instanceof UnknownKeyVersionError)
    return new ProblemError(503, 'unknown-key-version', { retryAfterSeconds: 30 });
  if (isStorageAway(error)) return new ProblemError(503, 'storage-unavailable', { retryAfterSeconds: 10 });
  // What Express and its body parser refuse carries a 4xx status; `type` is a code such as `entity.too.large`.
  const { status, type } = error as { status?: unknown; type?: unknown };
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new ProblemError(status, typeof type === 'string' ? type.replaceAll('.', '-') : 'bad-request');
  return new ProblemError(500, 'internal');
}

/** The last handler: every error becomes problem details, and those nobody foresaw are logged. */
export const handleErrors =
  (logger: Logger): ErrorRequestHandler =>
  (error: unknown, _req, res, next) => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const problem = toProblem(error);
    if (problem.status === 500) logger.error({ error: describeError(error) }, 'a request failed unexpectedly');
    send(res, problem);
  };

/** Answers 404 where there is no route. */
export const handleUnknownRoute: RequestHandler = () => {
  throw new ProblemError(404, 'no-such-route');
};
