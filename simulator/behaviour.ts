import { z } from 'zod';

const millis = z.number().int().min(0);

/**
 * How the pretended GHL's doors behave where its own documents are silent, or say one thing here and another there.
 */
export const doorBehaviourSchema = z.strictObject({
  /** How long an authorization code can be exchanged; null is for ever (GHL publishes no lifetime). */
  codeLifetimeMs: millis.nullable(),
  /** Whether `state` comes back with the code (not documented). */
  echoState: z.boolean(),
  /** Refuse an authorize link without `version_id`, as was measured and is documented nowhere. */
  authorizeNeedsVersionId: z.boolean(),
  /** The answer to a used up refresh token under a date version; v3 documents its own. */
  refusedRefresh: z.enum(['invalid_grant', 'message']),
  /** Whether `Version: v3` still reaches the OAuth paths that v3 renamed: refused in June 2026, served again in August. */
  renamedPathsUnderV3: z.enum(['served', 'refused']),
  /** The answer to a `Version` that does not exist: 400 in one measurement, 401 in another. */
  unknownVersion: z.enum(['400', '401']),
  /** Whether INSTALL of a location that came after the agency's install names the agency and the user. */
  autoInstallNamesCompany: z.boolean(),
  /** Fixed windows start with their first request; in sliding ones every request counts for a whole interval. */
  rateWindow: z.enum(['fixed', 'sliding']),
  /** One bucket for each app and one for all private tokens of a resource, or a single one for all that call it. */
  rateBucket: z.enum(['app', 'resource']),
  /** The body of a 429 (not documented); null sends none. */
  rateLimitBody: z.record(z.string(), z.unknown()).nullable(),
  /** Whether a 429 says by `Retry-After` when to come again (not documented). */
  rateLimitRetryAfter: z.boolean(),
});

export type DoorBehaviour = z.output<typeof doorBehaviourSchema>;

/** What was measured last, or else what is documented. */
export function defaultDoorBehaviour(): DoorBehaviour {
  return {
    codeLifetimeMs: null,
    echoState: true,
    authorizeNeedsVersionId: false,
    refusedRefresh: 'invalid_grant',
    renamedPathsUnderV3: 'served',
    unknownVersion: '400',
    autoInstallNamesCompany: true,
    rateWindow: 'fixed',
    rateBucket: 'app',
    rateLimitBody: { statusCode: 429, message: 'Too Many Requests' },
    rateLimitRetryAfter: false,
  };
}
