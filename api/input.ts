import type { Request, RequestHandler } from 'express';
import type { z } from 'zod';
import { readJsonBody } from './json-body.ts';
import { ProblemError, problemOfIssues } from './problem.ts';
import { rawBodyOf } from './raw-body.ts';

/**
 * Reads the JSON body of a request. An empty body is an empty object.
 * @throws ProblemError 400 when it is not JSON, 422 when it is not what `schema` takes
 */
export function readBody<T>(req: Request, schema: z.ZodType<T>): T {
  const raw = rawBodyOf(req);
  const body = raw.length === 0 ? { outcome: 'json' as const, json: {} } : readJsonBody(raw);
  if (body.outcome === 'not-json') throw new ProblemError(400, 'not-json');
  if (body.outcome === 'nul-character')
    throw new ProblemError(422, 'nul-character', { detail: 'The character U+0000 cannot be stored.' });
  const parsed = schema.safeParse(body.json);
  if (!parsed.success) throw problemOfIssues(422, 'invalid-body', parsed.error);
  return parsed.data;
}

/** Lets no address pass that holds U+0000, which is spelt in one way only: Postgres takes it in no text. @throws ProblemError 400 */
export const requireStorableAddress: RequestHandler = (req, _res, next) => {
  if (req.url.includes('%00'))
    throw new ProblemError(400, 'nul-character', { detail: 'The address holds the character U+0000.' });
  next();
};

/** Reads the query of a request. @throws ProblemError 400 */
export function readQuery<T>(req: Request, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(req.query);
  if (!parsed.success) throw problemOfIssues(400, 'invalid-query', parsed.error);
  return parsed.data;
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,200}$/;

/** The `Idempotency-Key` header: 1 to 200 visible ASCII characters. @throws ProblemError 400 when it is none of that */
export function findIdempotencyKey(req: Request): string | undefined {
  const key = req.get('idempotency-key')?.trim();
  if (key === undefined || IDEMPOTENCY_KEY.test(key)) return key;
  throw new ProblemError(400, 'invalid-idempotency-key');
}
