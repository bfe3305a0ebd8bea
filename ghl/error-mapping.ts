import { z } from 'zod';
import type { GhlError } from './errors.ts';
import {
  GhlAuthExpiredError,
  GhlDuplicateContactError,
  GhlForbiddenError,
  GhlInvalidError,
  GhlNotFoundError,
  GhlRateLimitedError,
  GhlUnavailableError,
} from './errors.ts';
import { looseText } from './loose-fields.ts';
import { type OperationName, operations } from './operations.ts';
import type { GhlAnswer } from './transport.ts';

const errorBodySchema = z
  .object({
    message: z.union([z.string(), z.array(z.string())]).catch(''),
    error: looseText,
    error_description: looseText,
    traceId: looseText,
    meta: z.object({ contactId: looseText }).catch({ contactId: null }),
  })
  .catch({ message: '', error: null, error_description: null, traceId: null, meta: { contactId: null } });

type ErrorBody = z.output<typeof errorBodySchema>;

/**
 * Turns a refusal (a 4xx, or a redirect, which is not followed) into a typed error. GHL has no error codes: its texts
 * are recognised here and nowhere else, and none of them is passed on, for they quote what was sent.
 */
export function toGhlError(operation: OperationName, answer: GhlAnswer, pauseMs: number | null): GhlError {
  const body = errorBodySchema.parse(answer.body ?? {});
  const facts = { operation, status: answer.status, traceId: body.traceId };
  const text = Array.isArray(body.message) ? body.message.join('\n') : body.message;
  if (/not active|is inactive/i.test(text)) return new GhlForbiddenError({ ...facts, reason: 'location-inactive' });
  const known = Array.isArray(body.message) ? undefined : refusalInWords(facts, text);
  if (known) return known;
  switch (answer.status) {
    case 400:
      return badRequest(facts, text, body);
    case 401:
      return unauthorised(facts, text, body);
    case 403:
      return forbidden(facts, text);
    case 404:
      return missing(facts, text, answer.body);
    case 422:
      return new GhlInvalidError({ ...facts, reason: 'validation', fields: fieldNames(body) });
    case 429:
      return new GhlRateLimitedError({ ...facts, reason: 'limit', retryAfterMs: pauseMs ?? 0 });
    default:
      return new GhlInvalidError({ ...facts, reason: `status-${answer.status}` });
  }
}

interface Facts {
  operation: OperationName;
  status: number;
  traceId: string | null;
}

/** What GHL says in so many words whatever the endpoint: why nothing was sent or made, and nothing was. */
const forbiddenWords: [pattern: RegExp, reason: string][] = [
  [/\bDND is active/i, 'dnd'],
  [/has unsubscribed/i, 'unsubscribed'],
  [/exceeded your SMS sending limit/i, 'sms-limit'],
  [/sandbox agency/i, 'location-limit'],
];
const invalidWords: [pattern: RegExp, reason: string][] = [
  [/missing phone/i, 'missing-phone'],
  [/missing email/i, 'missing-email'],
  [/conversation already exists/i, 'conversation-exists'],
  [/user with this email already exists/i, 'user-exists'],
];
/** GHL knows a new message's provider only after 5 to 10 seconds. */
const PROVIDER_RETRY_MS = 10_000;

function refusalInWords(facts: Facts, text: string): GhlError | undefined {
  if (facts.status === 429) return undefined;
  const reasonIn = (words: [RegExp, string][]) => words.find(([pattern]) => pattern.test(text))?.[1];
  const [forbidding, invalid] = [reasonIn(forbiddenWords), reasonIn(invalidWords)];
  if (forbidding) return new GhlForbiddenError({ ...facts, reason: forbidding });
  if (invalid) return new GhlInvalidError({ ...facts, reason: invalid });
  // A 403, formerly a 401, that time heals.
  if (!/no conversation provider found/i.test(text)) return undefined;
  const wait = { reason: 'provider-not-ready', retryAfterMs: PROVIDER_RETRY_MS, ambiguous: false };
  return new GhlUnavailableError({ ...facts, ...wait });
}

/** The plan first: such a text may well speak of locations. */
function forbidden(facts: Facts, text: string): GhlError {
  if (/\bplan\b/i.test(text)) return new GhlForbiddenError({ ...facts, reason: 'plan' });
  const isOther = /location|does not have access to this (company|app)/i.test(text);
  return new GhlForbiddenError({ ...facts, reason: isOther ? 'wrong-tenant' : 'refused' });
}

const envelopeSchema = z.object({ error: z.object({ message: z.string().min(1) }) });

/**
 * GHL says in JSON what it misses; its newer endpoints do so in an envelope. A page of HTML or nothing comes from something
 * before GHL, which knows of no record whether it is there.
 */
function missing(facts: Facts, text: string, body: unknown): GhlError {
  if (text === '' && !envelopeSchema.safeParse(body).success) {
    const ambiguous = operations[facts.operation].effect === 'write';
    return new GhlUnavailableError({ ...facts, reason: 'not-json', ambiguous });
  }
  return new GhlNotFoundError({ ...facts, reason: /^Cannot [A-Z]+ \//.test(text) ? 'unknown-route' : 'not-found' });
}

function badRequest(facts: Facts, text: string, body: ErrorBody): GhlError {
  if (body.meta.contactId) {
    return new GhlDuplicateContactError({ ...facts, reason: 'duplicate', contactId: body.meta.contactId });
  }
  // A wrong contact id is a 400 and not a 404.
  if (/^Contact\b.*\bnot found/i.test(text)) return new GhlNotFoundError({ ...facts, reason: 'not-found' });
  if (/app is not installed/i.test(text)) return new GhlForbiddenError({ ...facts, reason: 'not-installed' });
  if (facts.operation === 'requestToken' && !Array.isArray(body.message)) return tokenRefused(facts, body);
  return new GhlInvalidError({ ...facts, reason: 'bad-request', fields: fieldNames(body) });
}

/** Only an expired or unknown token is worth a refresh; a refused scope, class or tenant stays refused. */
function unauthorised(facts: Facts, text: string, body: ErrorBody): GhlError {
  if (facts.operation === 'requestToken') return tokenRefused(facts, body);
  if (/version header/i.test(text)) return new GhlInvalidError({ ...facts, reason: 'version-header' });
  if (/invalid jwt|invalid token|token (has |is )?expired|jwt expired/i.test(text)) {
    return new GhlAuthExpiredError({ ...facts, reason: 'token-refused' });
  }
  if (/not authorized for this scope/i.test(text)) return new GhlForbiddenError({ ...facts, reason: 'token-scope' });
  if (/authClass|user type mismatch/i.test(text)) return new GhlForbiddenError({ ...facts, reason: 'token-class' });
  return new GhlForbiddenError({ ...facts, reason: 'refused' });
}

function tokenRefused(facts: Facts, body: ErrorBody): GhlError {
  // Our own credentials are wrong: no install is to blame, and none may be marked for it.
  if (/invalid_client|unauthorized_client/i.test(body.error ?? '')) {
    return new GhlForbiddenError({ ...facts, reason: 'app-credentials' });
  }
  return new GhlAuthExpiredError({ ...facts, reason: 'grant-refused' });
}

/** Validation messages read `property x should not exist` or `x must be …`: the names are safe, the rest is not. */
function fieldNames(body: ErrorBody): string[] {
  const messages = Array.isArray(body.message) ? body.message : [];
  const names = messages.map((message) => /^(?:property )?([A-Za-z_][\w.[\]]{0,60})\s/.exec(message)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))];
}
