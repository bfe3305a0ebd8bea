import { z } from 'zod';
import { checkCompany } from '../http/access.ts';
import { ok, ReplyError } from '../http/reply.ts';
import type { Reply } from '../http/reply.ts';
import type { Call, Route } from '../http/route.ts';
import { validate } from '../http/validate.ts';
import { appIdOf, installKey } from '../world/world.ts';

const text = z.string().optional();
const filterFields = {
  companyId: z.string().min(1),
  appId: z.string().min(1),
  query: text,
  isInstalled: z.enum(['true', 'false']).optional(),
  versionId: text,
  onTrial: text,
  planId: text,
  locationId: text,
};

const datedSchema = z.strictObject({
  ...filterFields,
  skip: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

const v3Schema = z.strictObject({
  ...filterFields,
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
  pageToken: text,
  restrictToUserLocations: text,
});
type Filter = Pick<z.output<typeof datedSchema>, keyof typeof filterFields>;

const reading = { access: 'agency-oauth', scope: 'oauth.readonly', method: 'get' } as const;

/** Where an app is installed: the list of the date versions, and that of v3 with its page tokens and error envelope. */
export const installedLocationRoutes: Route[] = [
  {
    ...reading,
    path: '/oauth/installedLocations',
    inV3: 'renamed',
    handle(call) {
      const { skip, limit, ...filter } = validate(datedSchema, call.query);
      const found = list(call, filter);
      const page = found.slice(skip, skip + limit);
      return ok({ locations: page, count: found.length, installToFutureLocations: isForFuture(call) });
    },
  },
  { ...reading, path: '/oauth/installed-locations', inV3: 'new', handle: listPage },
];

function listPage(call: Call): Reply {
  const { pageSize, pageToken, restrictToUserLocations: _user, ...filter } = validate(v3Schema, call.query);
  if (appIdOf(call.token.clientId) !== filter.appId) throw appNotFound(filter.appId);
  const skip = pageToken === undefined ? 0 : readPageToken(pageToken);
  const found = list(call, filter);
  const items = found.slice(skip, skip + pageSize);
  const hasNextPage = skip + pageSize < found.length;
  return ok({
    items,
    pagination: {
      totalRecords: found.length,
      hasNextPage,
      hasPrevPage: skip > 0,
      ...(hasNextPage ? { nextPageToken: writePageToken(skip + pageSize) } : {}),
      ...(skip > 0 ? { prevPageToken: writePageToken(Math.max(0, skip - pageSize)) } : {}),
      currentPageSize: items.length,
    },
    metadata: { filterApplied: filter },
    installToFutureLocations: isForFuture(call),
  });
}

function list(call: Call, filter: Filter): Record<string, unknown>[] {
  checkCompany(call, filter.companyId);
  const { installs, locations } = call.sim.world;
  const appId = appIdOf(call.token.clientId);
  return [...locations.values()]
    .filter((location) => location.companyId === filter.companyId && appId === filter.appId)
    .map((location) => ({ location, install: installs.get(installKey(call.token.clientId, location.id)) }))
    .filter(
      ({ location, install }) =>
        (!filter.locationId || location.id === filter.locationId) &&
        (!filter.query || location.name.toLowerCase().includes(filter.query.toLowerCase())) &&
        (!filter.planId || install?.planId === filter.planId) &&
        (filter.isInstalled === undefined || (filter.isInstalled === 'true') === (install !== undefined)),
    )
    .map(({ location, install }) => ({
      _id: location.id,
      name: location.name,
      address: location.address ?? '',
      isInstalled: install !== undefined,
      ...(install ? { installedAt: install.installedAt, versionId: appId } : {}),
    }));
}

function isForFuture({ sim, token }: Call): boolean {
  const installed = sim.world.agencyInstalls.get(installKey(token.clientId, token.companyId));
  return installed?.installToFutureLocations ?? false;
}

function writePageToken(skip: number): string {
  return Buffer.from(JSON.stringify({ skip })).toString('base64url');
}

function readPageToken(token: string): number {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return z.object({ skip: z.number().int().min(0) }).parse(parsed).skip;
  } catch {
    const details = { field: 'pageToken' };
    const resolution = 'Use the nextPageToken of the answer before.';
    throw envelope(400, { code: 'INVALID_ARGUMENT', message: 'The page token is invalid.', details, resolution });
  }
}

function appNotFound(appId: string): ReplyError {
  return envelope(404, {
    code: 'RESOURCE_NOT_FOUND',
    message: `The requested App '${appId}' was not found.`,
    details: { resource: 'App', identifier: appId },
    resolution: 'Verify the App exists and you have permission to access it.',
  });
}

function envelope(status: number, error: Record<string, unknown>): ReplyError {
  return new ReplyError({ status, body: { error } });
}
