import { type Selectable, type Transaction, sql } from 'kysely';
import type { ConnectOutcome } from '../domain/agency-connect.ts';
import type { InstallPurpose } from '../domain/ghl-scopes.ts';
import { audit } from './audit-log.ts';
import type { Database } from './schema.ts';
import type { ConnectLinkTable } from './schema/connecting.ts';

export type ConnectLink = Selectable<ConnectLinkTable>;

/** What the redirect of GHL's page brought, as JSON under its seal. */
export interface KeptCode {
  code: string;
  /** GHL compares it with the one of the page. */
  redirectUri: string;
}

/** What the secrets in a link's row are sealed for. */
export const connectSecretOf = (agencyId: string, secret: 'code' | 'answer') => ({
  agencyId,
  locationId: null,
  purpose: `connect-${secret}`,
});

export interface NewConnectLink {
  id: string;
  agencyId: string;
  purpose: InstallPurpose;
  /** SHA-256 of the secret; the secret itself is shown once and never stored. */
  hash: Buffer;
  expiresAt: Date;
}

/** Stores a link, and who made it. */
export async function addConnectLink(
  tx: Transaction<Database>,
  link: NewConnectLink,
  act: { actor: string; origin: string },
): Promise<void> {
  const { id, agencyId, purpose, hash, expiresAt } = link;
  await tx
    .insertInto('connect_links')
    .values({ id, agency_id: agencyId, purpose, hash, made_by: act.actor, expires_at: expiresAt })
    .execute();
  const after = { purpose, expiresAt };
  await audit(tx, { ...act, agencyId, action: 'connect-link.create', subject: `connect-link:${id}`, after });
}

export interface ConnectLinkRef {
  linkId: string;
  agencyId: string;
}

/**
 * Whose link a secret names, used or not: the scope of what follows. Needs the intake role.
 * @param by the hash of the link itself, or of the state that opening it made
 */
export async function findConnectLinkRef(
  tx: Transaction<Database>,
  by: { hash: Buffer } | { stateHash: Buffer },
): Promise<ConnectLinkRef | undefined> {
  return tx
    .selectFrom('connect_links')
    .select(['id as linkId', 'agency_id as agencyId'])
    .where((where) => ('hash' in by ? where('hash', '=', by.hash) : where('state_hash', '=', by.stateHash)))
    .executeTakeFirst();
}

/** What a link of the scope is for; undefined when it was opened before, or is over. */
export async function findOpenConnectLink(
  tx: Transaction<Database>,
  linkId: string,
): Promise<InstallPurpose | undefined> {
  const open = await tx
    .selectFrom('connect_links')
    .select('purpose')
    .where('id', '=', linkId)
    .where('opened_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirst();
  return open?.purpose;
}

/**
 * Opens a link, once: of many who open it at the same moment, the row's lock lets one through.
 * @returns what it is for; undefined when it was opened before, or is over
 */
export async function openConnectLink(
  tx: Transaction<Database>,
  linkId: string,
  stateHash: Buffer,
): Promise<InstallPurpose | undefined> {
  const opened = await tx
    .updateTable('connect_links')
    .set({ opened_at: sql<Date>`now()`, state_hash: stateHash })
    .where('id', '=', linkId)
    .where('opened_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .returning('purpose')
    .executeTakeFirst();
  return opened?.purpose;
}

/** A link of the scope. @throws NoResultError */
export async function getConnectLink(tx: Transaction<Database>, linkId: string): Promise<ConnectLink> {
  return tx.selectFrom('connect_links').selectAll().where('id', '=', linkId).executeTakeFirstOrThrow();
}

/** The agency's links, newest first. */
export async function listConnectLinks(tx: Transaction<Database>, limit: number): Promise<ConnectLink[]> {
  return tx.selectFrom('connect_links').selectAll().orderBy('created_at', 'desc').limit(limit).execute();
}

/**
 * Keeps the code that GHL's redirect brought; the first one counts.
 * @param withinMs how long after its opening a link takes a code
 * @returns whether it was kept
 */
export async function keepCode(
  tx: Transaction<Database>,
  linkId: string,
  sealedCode: Buffer,
  withinMs: number,
): Promise<boolean> {
  const result = await tx
    .updateTable('connect_links')
    .set({ code: sealedCode, code_at: sql<Date>`now()` })
    .where('id', '=', linkId)
    .where('code_at', 'is', null)
    .where('outcome', 'is', null)
    .where('opened_at', '>', sql<Date>`now() - make_interval(secs => ${withinMs / 1000})`)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/**
 * Takes the one right to send the code. It is noted before the code leaves, so that a process that dies in between
 * leaves no doubt: the code may be used up.
 * @returns the sealed code; undefined when it was sent before
 */
export async function beginExchange(tx: Transaction<Database>, linkId: string, now: Date): Promise<Buffer | undefined> {
  const begun = await tx
    .updateTable('connect_links')
    .set({ exchanged_at: now })
    .where('id', '=', linkId)
    .where('exchanged_at', 'is', null)
    .where('code', 'is not', null)
    .returning('code')
    .executeTakeFirst();
  return begun?.code ?? undefined;
}

/** The code certainly did not reach GHL: it may be sent again. */
export async function giveExchangeBack(tx: Transaction<Database>, linkId: string): Promise<void> {
  await tx
    .updateTable('connect_links')
    .set({ exchanged_at: null })
    .where('id', '=', linkId)
    .where('code', 'is not', null)
    .execute();
}

/** Keeps what GHL gave for the code, before anything is done with it; the code itself is of no use any more. */
export async function keepAnswer(tx: Transaction<Database>, linkId: string, sealedAnswer: Buffer): Promise<void> {
  await tx
    .updateTable('connect_links')
    .set({ answer: sealedAnswer, code: null })
    .where('id', '=', linkId)
    .where('outcome', 'is', null)
    .execute();
}

/** What GHL gave is an install now: the link keeps whose it is, and no copy of the tokens. */
export async function noteStored(tx: Transaction<Database>, linkId: string, ghlCompanyId: string): Promise<void> {
  await tx
    .updateTable('connect_links')
    .set({ answer: null, ghl_company_id: ghlCompanyId })
    .where('id', '=', linkId)
    .execute();
}

/** Ends an attempt; the first outcome stands, and no secret of it remains. Repeating it changes nothing. */
export async function endConnect(
  tx: Transaction<Database>,
  link: ConnectLinkRef,
  end: { outcome: ConnectOutcome; ghlCompanyId: string | null; locations: number | null; now: Date },
): Promise<void> {
  const { outcome, ghlCompanyId, locations, now } = end;
  const result = await tx
    .updateTable('connect_links')
    .set({ outcome, ghl_company_id: ghlCompanyId, locations, ended_at: now, code: null, answer: null })
    .where('id', '=', link.linkId)
    .where('outcome', 'is', null)
    .executeTakeFirst();
  if (result.numUpdatedRows === 0n) return;
  await audit(tx, {
    agencyId: link.agencyId,
    actor: `connect-link:${link.linkId}`,
    action: outcome === 'connected' ? 'agency.connect' : 'agency.connect-failed',
    subject: `connect-link:${link.linkId}`,
    after: { outcome, ghlCompanyId, locations },
    origin: 'workflow',
  });
}
