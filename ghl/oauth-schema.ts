import { z } from 'zod';
import { looseFlag, looseText, looseTexts } from './loose-fields.ts';

const grantFields = z.object({
  access_token: z.string().min(1),
  refresh_token: looseText,
  expires_in: z.number().positive(),
  scope: looseText,
  companyId: looseText,
  locationId: looseText,
  userId: looseText,
});

/** The date-versioned shape (snake case) of a token answer. */
export const tokenResponseSchema = grantFields.extend({
  userType: z.enum(['Company', 'Location']),
  isBulkInstallation: looseFlag,
  approvedLocations: looseTexts,
});
export type TokenResponse = z.output<typeof tokenResponseSchema>;

/** A minted location token: no `userType`, and a refresh token only since the newer API. */
export const locationTokenResponseSchema = grantFields;
export type LocationTokenResponse = z.output<typeof locationTokenResponseSchema>;

const clientFields = { client_id: z.string().min(1), client_secret: z.string().min(1) };
const userType = z.enum(['Company', 'Location']).optional();

export const tokenBodySchema = z.discriminatedUnion('grant_type', [
  z.object({
    ...clientFields,
    grant_type: z.literal('authorization_code'),
    code: z.string().min(1),
    redirect_uri: z.string().optional(),
    user_type: userType,
  }),
  z.object({
    ...clientFields,
    grant_type: z.literal('refresh_token'),
    refresh_token: z.string().min(1),
    user_type: userType,
  }),
]);

export const locationTokenBodySchema = z.object({ companyId: z.string().min(1), locationId: z.string().min(1) });
