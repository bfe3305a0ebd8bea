import { z } from 'zod';

const id = z.string().min(1);

const authority = {
  class: z.enum(['Company', 'Location']),
  clientId: id,
  companyId: id,
  locationId: id.optional(),
  userId: id.optional(),
};

/** A bearer token: OAuth access tokens expire, private integration tokens do not. */
export const tokenSchema = z.object({
  token: id,
  kind: z.enum(['oauth', 'pit']),
  ...authority,
  /** Absent: every scope. */
  scopes: z.array(z.string()).optional(),
  expiresAtMs: z.number().nullable(),
});

/** A single-use refresh token; `successor` is the answer its first use gave, repeated within the grace window. */
export const refreshGrantSchema = z.object({
  refreshToken: id,
  ...authority,
  scopes: z.array(z.string()).optional(),
  usedAtMs: z.number().nullable(),
  successor: z.record(z.string(), z.unknown()).nullable(),
});

/** An authorization code, single use. */
export const codeSchema = z.object({ code: id, ...authority, expiresAtMs: z.number().nullable().default(null) });

/** One app installed on one location. */
export const installSchema = z.object({
  clientId: id,
  companyId: id,
  locationId: id,
  installedAt: z.string(),
  planId: id.optional(),
});

/** One app that an agency's user has installed: on all or some of its locations, and perhaps on future ones. */
export const agencyInstallSchema = z.object({
  clientId: id,
  companyId: id,
  userId: id.optional(),
  installedAt: z.string(),
  approveAllLocations: z.boolean(),
  installToFutureLocations: z.boolean(),
});

export type Token = z.infer<typeof tokenSchema>;
export type RefreshGrant = z.infer<typeof refreshGrantSchema>;
export type Code = z.infer<typeof codeSchema>;
export type AgencyInstall = z.infer<typeof agencyInstallSchema>;
export type Install = z.infer<typeof installSchema>;
