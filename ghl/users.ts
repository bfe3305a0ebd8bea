import type { GhlCalls, LocationCall } from './calls.ts';
import type { GhlUser } from './user-schema.ts';

/** One page of the users of a location; `hasMore` says whether to ask again further on. */
export async function searchUsers(
  ghl: GhlCalls,
  context: LocationCall,
  page: { skip: number; limit: number },
): Promise<{ users: GhlUser[]; hasMore: boolean }> {
  const query = {
    companyId: context.resource.ghlCompanyId,
    locationId: context.resource.ghlLocationId,
    skip: String(page.skip),
    limit: String(page.limit),
  };
  const answer = await ghl.call('searchUsers', { ...context, query });
  return { users: answer.users, hasMore: answer.users.length === page.limit };
}

/** Raises GhlNotFoundError for a user that has been removed. */
export async function getUser(ghl: GhlCalls, context: LocationCall, userId: string): Promise<GhlUser> {
  return ghl.call('getUser', { ...context, path: { userId } });
}
