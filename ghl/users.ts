import type { CallContext, CompanyCall, GhlCalls } from './calls.ts';
import type { GhlUser, UserCreateFields, UserUpdateFields } from './user-schema.ts';

/** One page of the users of a location, or of the whole agency; `hasMore` says whether to ask again further on. */
export async function searchUsers(
  ghl: GhlCalls,
  context: CallContext,
  page: { skip: number; limit: number },
): Promise<{ users: GhlUser[]; hasMore: boolean }> {
  const { resource } = context;
  const query = {
    companyId: resource.ghlCompanyId,
    locationId: resource.kind === 'location' ? resource.ghlLocationId : undefined,
    skip: String(page.skip),
    limit: String(page.limit),
  };
  const answer = await ghl.call('searchUsers', { ...context, query });
  return { users: answer.users, hasMore: answer.users.length === page.limit };
}

/** The agency's users with one of these e-mails, at most 100: to look before one is created. */
export async function findUsersByEmail(ghl: GhlCalls, context: CompanyCall, emails: string[]): Promise<GhlUser[]> {
  const body = { companyId: context.resource.ghlCompanyId, emails, projection: 'all', limit: 100 };
  const answer = await ghl.call('findUsersByEmail', { ...context, body });
  return answer.users;
}

/** Raises GhlNotFoundError for a user that has been removed. */
export async function getUser(ghl: GhlCalls, context: CallContext, userId: string): Promise<GhlUser> {
  return ghl.call('getUser', { ...context, path: { userId } });
}

/**
 * Makes a user, who gets an e-mail from GHL. Not repeatable: after an ambiguous failure look with `findUsersByEmail`.
 * @throws GhlInvalidError `user-exists` where the agency has a user with this e-mail
 */
export async function createUser(ghl: GhlCalls, context: CallContext, fields: UserCreateFields): Promise<GhlUser> {
  return ghl.call('createUser', { ...context, body: { ...fields, companyId: context.resource.ghlCompanyId } });
}

/** Changes the named fields. `locationIds` are all the locations of the user from then on, so read them first. */
export async function updateUser(
  ghl: GhlCalls,
  context: CallContext,
  userId: string,
  fields: UserUpdateFields,
): Promise<GhlUser> {
  const body = { ...fields, companyId: context.resource.ghlCompanyId };
  return ghl.call('updateUser', { ...context, path: { userId }, body });
}
