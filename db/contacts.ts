import { type RawBuilder, type Selectable, sql, type SqlBool, type Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { SyncStatus } from '../domain/contact-edit.ts';
import type { ContactIdentity } from '../domain/contact-match.ts';
import type { Fields, FieldValue } from '../domain/mirror.ts';
import type { Database } from './schema.ts';
import type { ContactTable } from './schema/mirror.ts';

export type Contact = Omit<Selectable<ContactTable>, 'fields'> & { fields: Fields };

const readAll = (tx: Transaction<Database>) => tx.selectFrom('contacts').selectAll().$castTo<Contact>();

/** A contact has become another, which may have become a third. */
const MAX_MERGES = 20;

/** A contact by our id; of one that has become another, that one. Undefined when the scope holds none such. */
export async function findContact(tx: Transaction<Database>, id: string): Promise<Contact | undefined> {
  return follow(id, (each) => readAll(tx).where('id', '=', each).executeTakeFirst());
}

/** The same, held until the transaction ends: edits of one contact are made and settled one after the other. */
export async function lockContact(tx: Transaction<Database>, id: string): Promise<Contact | undefined> {
  return follow(id, (each) => readAll(tx).where('id', '=', each).forUpdate().executeTakeFirst());
}

async function follow(id: string, read: (id: string) => Promise<Contact | undefined>): Promise<Contact | undefined> {
  let found = await read(id);
  for (let hops = 0; found?.merged_into && hops < MAX_MERGES; hops += 1) found = await read(found.merged_into);
  return found;
}

/** A contact by its id in GHL, those that are gone as well. */
export async function findContactByGhlId(
  tx: Transaction<Database>,
  locationId: string,
  ghlId: string,
): Promise<Contact | undefined> {
  return readAll(tx).where('location_id', '=', locationId).where('ghl_id', '=', ghlId).executeTakeFirst();
}

/** Who of a location has an e-mail or a phone, as far as we know; the e-mail in lower case, the phone in E.164. */
export async function listContactsWith(
  tx: Transaction<Database>,
  locationId: string,
  { email, phone }: Pick<ContactIdentity, 'email' | 'phone'>,
): Promise<Contact[]> {
  if (email === null && phone === null) return [];
  return readAll(tx)
    .where('location_id', '=', locationId)
    .where('deleted_at', 'is', null)
    .where('merged_into', 'is', null)
    .where((where) =>
      where.or([
        ...(email === null ? [] : [where('email', '=', email)]),
        ...(phone === null ? [] : [where('phone', '=', phone)]),
      ]),
    )
    .orderBy('id')
    .limit(20)
    .execute();
}

export interface ContactFilter {
  locationId?: string | undefined;
  email?: string | undefined;
  phone?: string | undefined;
  ghlId?: string | undefined;
  syncStatus?: SyncStatus | undefined;
}

/** The contacts of the scope that are there, by id, a page at a time. */
export async function listContacts(
  tx: Transaction<Database>,
  { locationId, email, phone, ghlId, syncStatus }: ContactFilter,
  page: { after: string | undefined; limit: number },
): Promise<Contact[]> {
  let query = readAll(tx).where('deleted_at', 'is', null).where('merged_into', 'is', null);
  if (locationId !== undefined) query = query.where('location_id', '=', locationId);
  if (email !== undefined) query = query.where('email', '=', email);
  if (phone !== undefined) query = query.where('phone', '=', phone);
  if (ghlId !== undefined) query = query.where('ghl_id', '=', ghlId);
  if (syncStatus !== undefined) query = query.where(isInStatus(syncStatus));
  if (page.after !== undefined) query = query.where('id', '>', page.after);
  return query.orderBy('id').limit(page.limit).execute();
}

/** As `judgeSync` tells it, the worst first. What is not in step is few, and found by its edits. */
function isInStatus(status: SyncStatus): RawBuilder<SqlBool> {
  const unsettled = sql`from contact_edits e where e.state in ('pending', 'held', 'failed')`;
  if (status === 'synced') return sql`not exists (select ${unsettled} and e.contact_id = contacts.id)`;
  return sql`contacts.id in (
    select e.contact_id ${unsettled} group by e.contact_id
    having ${status} = case when bool_or(e.state = 'failed') then 'failed' when bool_or(e.state = 'held') then 'held'
      when bool_or(e.last_error is not null) then 'deferred' else 'pending' end)`;
}

/** One contact of a location is made here after the other, so that two requests for one person do not pass each other. */
export async function lockContactCreation(tx: Transaction<Database>, locationId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`contact-creation/${locationId}`}, 0))`.execute(tx);
}

/** Makes a contact that GHL has not got yet; what is known of it are its edits. */
export async function createLocalContact(
  tx: Transaction<Database>,
  of: { agencyId: string; locationId: string; now: Date },
): Promise<Contact> {
  const seen = { fields: '{}', observed_at: of.now, found_by: 'edit' as const, is_exact: false };
  return tx
    .insertInto('contacts')
    .values({ id: uuidv7(), agency_id: of.agencyId, location_id: of.locationId, ...seen })
    .returningAll()
    .$castTo<Contact>()
    .executeTakeFirstOrThrow();
}

/** Lets a contact that GHL has not got be found by the e-mail and phone that it is to have. */
export async function noteLocalIdentity(
  tx: Transaction<Database>,
  id: string,
  { email, phone }: { email: FieldValue; phone: FieldValue },
): Promise<void> {
  const fields = JSON.stringify({ ...(email !== null && { email }), ...(phone !== null && { phone }) });
  await tx.updateTable('contacts').set({ fields }).where('id', '=', id).where('ghl_id', 'is', null).execute();
}

/** Notes that GHL is asked to make a contact and may have done so whatever is heard of it; null: that it certainly has not. */
export async function noteCreationTried(tx: Transaction<Database>, id: string, at: Date | null): Promise<void> {
  await tx.updateTable('contacts').set({ creation_tried_at: at }).where('id', '=', id).execute();
}

/**
 * Notes which contact of GHL a contact of ours is. Where the mirror has that one already, ours becomes it.
 * @returns the contact that it is from now on
 */
export async function linkContact(tx: Transaction<Database>, local: Contact, ghlId: string): Promise<Contact> {
  const known = await readAll(tx)
    .where('location_id', '=', local.location_id)
    .where('ghl_id', '=', ghlId)
    .forUpdate()
    .executeTakeFirst();
  if (known) {
    await markMerged(tx, local.id, known.id, local.observed_at);
    return known;
  }
  await tx.updateTable('contacts').set({ ghl_id: ghlId }).where('id', '=', local.id).execute();
  return { ...local, ghl_id: ghlId };
}

/** A contact has become another: its id leads there from now on. */
export async function markMerged(tx: Transaction<Database>, id: string, into: string, at: Date): Promise<void> {
  await tx
    .updateTable('contacts')
    .set({ merged_into: into, deleted_at: sql<Date>`coalesce(deleted_at, ${at})` })
    .where('id', '=', id)
    .execute();
}

/** A contact that GHL has not got will never be there. */
export async function discardLocalContact(tx: Transaction<Database>, id: string, now: Date): Promise<void> {
  await tx.updateTable('contacts').set({ deleted_at: now }).where('id', '=', id).where('ghl_id', 'is', null).execute();
}

/** Who set a field last. */
export interface LineageEntry {
  origin: 'ghl' | 'api' | 'cli';
  actor: string;
  /** ISO 8601. */
  at: string;
}

/** Says who set fields that GHL shows, where it was not somebody in GHL. */
export async function noteLineage(
  tx: Transaction<Database>,
  contactId: string,
  entries: Record<string, LineageEntry>,
): Promise<void> {
  if (Object.keys(entries).length === 0) return;
  await sql`update contacts set lineage = lineage || ${JSON.stringify(entries)}::jsonb where id = ${contactId}`.execute(
    tx,
  );
}

/** Notes the key by which a request made a contact. @returns false when it made one before */
export async function addContactKey(
  tx: Transaction<Database>,
  of: { agencyId: string; key: string; bodyHash: Buffer; contactId: string },
): Promise<boolean> {
  const added = await tx
    .insertInto('contact_keys')
    .values({ agency_id: of.agencyId, key: of.key, body_hash: of.bodyHash, contact_id: of.contactId })
    .onConflict((conflict) => conflict.doNothing())
    .returning('key')
    .executeTakeFirst();
  return added !== undefined;
}

export async function findContactKey(
  tx: Transaction<Database>,
  agencyId: string,
  key: string,
): Promise<{ contactId: string; bodyHash: Buffer } | undefined> {
  const found = tx
    .selectFrom('contact_keys')
    .select(['contact_id as contactId', 'body_hash as bodyHash'])
    .where('agency_id', '=', agencyId)
    .where('key', '=', key);
  return found.executeTakeFirst();
}
