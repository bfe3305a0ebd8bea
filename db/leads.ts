import type { Transaction, Updateable } from 'kysely';
import type { Database, Lead } from './schema.ts';
import type { LeadState } from './schema/leads.ts';

/** Holds the lead's row until the transaction ends. Undefined when the scope does not hold the lead. */
export async function lockLead(tx: Transaction<Database>, leadId: string): Promise<Lead | undefined> {
  return tx.selectFrom('leads').selectAll().where('id', '=', leadId).forUpdate().executeTakeFirst();
}

/** A lead; undefined when the scope does not hold it. */
export async function findLead(tx: Transaction<Database>, leadId: string): Promise<Lead | undefined> {
  return tx.selectFrom('leads').selectAll().where('id', '=', leadId).executeTakeFirst();
}

/** The person's open lead other than `exceptLeadId`. */
export async function findOpenLeadOfPerson(
  tx: Transaction<Database>,
  personId: string,
  exceptLeadId: string,
): Promise<Lead | undefined> {
  return tx
    .selectFrom('leads')
    .selectAll()
    .where('person_id', '=', personId)
    .where('state', '<>', 'closed')
    .where('id', '<>', exceptLeadId)
    .executeTakeFirst();
}

/** When the person last asked before this lead. */
export async function findEarlierEnquiry(
  tx: Transaction<Database>,
  personId: string,
  exceptLeadId: string,
): Promise<Date | undefined> {
  const found = await tx
    .selectFrom('leads')
    .select('received_at')
    .where('person_id', '=', personId)
    .where('id', '<>', exceptLeadId)
    .orderBy('received_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return found?.received_at;
}

/** Changes a lead. */
export async function updateLead(
  tx: Transaction<Database>,
  leadId: string,
  change: Updateable<Database['leads']>,
): Promise<void> {
  await tx.updateTable('leads').set(change).where('id', '=', leadId).execute();
}

export interface LeadFilter {
  state?: LeadState | undefined;
  locationId?: string | undefined;
  repId?: string | undefined;
  receivedFrom?: Date | undefined;
  receivedTo?: Date | undefined;
}

/** Where the next page starts: after the last lead of this one. */
export interface LeadCursor {
  receivedAt: Date;
  id: string;
}

/** The newest leads first, a page at a time. */
export async function listLeads(
  tx: Transaction<Database>,
  filter: LeadFilter,
  page: { after: LeadCursor | undefined; limit: number },
): Promise<Lead[]> {
  const { after, limit } = page;
  let query = tx.selectFrom('leads').selectAll();
  if (filter.state !== undefined) query = query.where('state', '=', filter.state);
  if (filter.locationId !== undefined) query = query.where('location_id', '=', filter.locationId);
  if (filter.repId !== undefined) query = query.where('rep_id', '=', filter.repId);
  if (filter.receivedFrom !== undefined) query = query.where('received_at', '>=', filter.receivedFrom);
  if (filter.receivedTo !== undefined) query = query.where('received_at', '<', filter.receivedTo);
  if (after !== undefined) {
    query = query.where((where) =>
      where(where.refTuple('received_at', 'id'), '<', where.tuple(after.receivedAt, after.id)),
    );
  }
  return query.orderBy('received_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

/** The open leads of a location or rep, for an act that ends or moves them all. */
export async function listOpenLeadIds(
  tx: Transaction<Database>,
  of: { locationId: string } | { repId: string },
): Promise<string[]> {
  const found = await tx
    .selectFrom('assignments')
    .select('lead_id')
    .distinct()
    .where('state', '<>', 'released')
    .where((where) => ('repId' in of ? where('rep_id', '=', of.repId) : where('location_id', '=', of.locationId)))
    .orderBy('lead_id')
    .execute();
  return found.map((row) => row.lead_id);
}
