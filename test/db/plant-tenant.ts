import { type Kysely, sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../../db/schema.ts';

export interface Tenant {
  agencyId: string;
  /** Master and two locations. */
  masterId: string;
  nearId: string;
  farId: string;
  repId: string;
  personId: string;
  leadId: string;
  triggerId: string;
  installId: string;
}

/** One agency with at least one row in every table a tenant has; what belongs to a location is in `nearId`. */
export async function plantTenant(db: Kysely<Database>, name: string): Promise<Tenant> {
  const ids = Array.from({ length: 9 }, () => uuidv7()) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const [agencyId, masterId, nearId, farId, repId, personId, leadId, triggerId, installId] = ids;
  const agency_id = agencyId;
  const near = { agency_id, location_id: nearId };
  const now = new Date();
  await db
    .insertInto('agencies')
    .values({ id: agencyId, name, ghl_company_id: `${name}-company` })
    .execute();
  const location = (id: string, kind: 'master' | 'location') => ({
    id,
    agency_id,
    parent_id: kind === 'master' ? null : masterId,
    kind,
    name: `${name} ${kind}`,
    ghl_location_id: `${name}-${id}`,
    is_intake: kind === 'master',
  });
  await db
    .insertInto('locations')
    .values([location(masterId, 'master'), location(nearId, 'location'), location(farId, 'location')])
    .execute();
  await db
    .insertInto('reps')
    .values({ ...near, id: repId, ghl_user_id: `${name}-user`, name, status: 'active' })
    .execute();
  await db
    .insertInto('api_keys')
    .values({ ...near, id: uuidv7(), role: 'location', name, hash: Buffer.from(name) })
    .execute();
  await db
    .insertInto('installs')
    .values({
      ...near,
      id: installId,
      kind: 'pit',
      user_type: 'Location',
      status: 'active',
      access_token: Buffer.from('x'),
    })
    .execute();
  await db
    .insertInto('connect_links')
    .values({
      agency_id,
      id: uuidv7(),
      purpose: 'locations',
      hash: Buffer.from(`${name}-link`),
      made_by: 'x',
      expires_at: now,
    })
    .execute();
  await db
    .insertInto('credential_rotations')
    .values({ ...near, id: uuidv7(), candidate: Buffer.from('x'), made_by: 'x' })
    .execute();
  const seen = { ...near, ghl_id: `${name}-record`, fields: JSON.stringify({ name }), observed_at: now };
  const [contactId, otherId] = [uuidv7(), uuidv7()];
  await db
    .insertInto('contacts')
    .values([
      { ...seen, id: contactId, found_by: 'event' },
      { ...seen, id: otherId, ghl_id: `${name}-other`, found_by: 'event' },
    ])
    .execute();
  const byApi = { actor: 'x', origin: 'api' as const, made_at: now, tried_at: now };
  await db
    .insertInto('contact_edits')
    .values({ ...near, ...byApi, id: uuidv7(), contact_id: contactId, field: 'city', content: '{}', state: 'pending' })
    .execute();
  await db
    .insertInto('contact_keys')
    .values({ agency_id, key: name, body_hash: Buffer.from('x'), contact_id: contactId })
    .execute();
  await db
    .insertInto('conflict_policies')
    .values({ ...near, field: '*', policy: 'ask' })
    .execute();
  await db
    .insertInto('contact_merges')
    .values({ ...near, ...byApi, id: uuidv7(), survivor_id: contactId, loser_id: otherId })
    .execute();
  await db
    .insertInto('field_mappings')
    .values({ ...near, name: 'colour', type: 'text', ghl_field_id: 'f', ghl_data_type: 'TEXT', checked_at: now })
    .execute();
  await db
    .insertInto('messages')
    .values({ ...seen, found_by: 'event', ghl_created_at: now })
    .execute();
  await db
    .insertInto('mirror_records')
    .values({ ...seen, found_by: 'event', resource: 'note' })
    .execute();
  await db
    .insertInto('lead_triggers')
    .values({ ...near, id: triggerId, name: 'again', kind: 'tag', subject: 'again' })
    .execute();
  await db
    .insertInto('lead_trigger_states')
    .values({ agency_id, trigger_id: triggerId, ghl_contact_id: 'c', matched: true, observed_at: now })
    .execute();
  const eventId = uuidv7();
  await db
    .insertInto('events')
    .values({ ...near, id: eventId, source: 'ghl', event_id: name, type: 'ContactCreate', status: 'accepted' })
    .execute();
  await db
    .insertInto('event_keys')
    .values({ agency_id, source: 'ghl', event_id: name, event_row_id: eventId })
    .execute();
  await db
    .insertInto('event_capabilities')
    .values({
      ...near,
      cause_id: eventId,
      fairness_key: nearId,
      capability: 'lead-intake',
      ordering_key: name,
      workflow_id: name,
      input: '{}',
      state: 'pending',
      due_at: now,
    })
    .execute();
  await db
    .insertInto('persons')
    .values({ agency_id, id: personId, email: `${name}@x.test` })
    .execute();
  await db
    .insertInto('leads')
    .values({
      ...near,
      id: leadId,
      intake_location_id: masterId,
      rep_id: repId,
      person_id: personId,
      state: 'assigned',
      source: 'ghl',
      event_row_id: eventId,
      event_received_at: now,
    })
    .execute();
  await db.insertInto('lead_keys').values({ agency_id, key: name, lead_id: leadId }).execute();
  const decisionId = uuidv7();
  await db
    .insertInto('decisions')
    .values({
      ...near,
      id: decisionId,
      lead_id: leadId,
      rep_id: repId,
      kind: 'route',
      outcome: 'assigned',
      step: 'nearest',
      reason: 'ok',
      rule_version: '1',
      inputs: '{}',
      candidates: '[]',
    })
    .execute();
  await db
    .insertInto('assignments')
    .values({ ...near, id: uuidv7(), lead_id: leadId, rep_id: repId, decision_id: decisionId, state: 'active' })
    .execute();
  await db
    .insertInto('lead_timeline')
    .values({ agency_id, id: uuidv7(), lead_id: leadId, kind: 'received', detail: '{}' })
    .execute();
  await db
    .insertInto('dead_letters')
    .values({
      ...near,
      id: uuidv7(),
      capability: 'x',
      cause: 'x',
      advice: 'x',
      subject_kind: 'lead',
      subject_id: leadId,
    })
    .execute();
  await db
    .insertInto('audit_log')
    .values({ agency_id, id: uuidv7(), actor: 'x', action: 'x', subject: 'x', origin: 'x' })
    .execute();
  await db.insertInto('ghl_budgets').values({ agency_id, resource: 'company/x', state: '{}' }).execute();
  const run = { id: uuidv7(), resources: ['contact'], names: 'exact' as const, workflow_id: name, made_by: 'x' };
  await db
    .insertInto('backfill_runs')
    .values({ ...near, ...run })
    .execute();
  await db
    .insertInto('backfill_parts')
    .values({ ...near, run_id: run.id, resource: 'contact' })
    .execute();
  await db
    .insertInto('poll_passes')
    .values({ ...near, resource: 'contact', kind: 'delta', due_at: now })
    .execute();
  await db
    .insertInto('sweep_pages')
    .values({ ...near, resource: 'contact', page: 0, ghl_ids: ['c'] })
    .execute();
  const found = { ...near, resource: 'contact' };
  await db
    .insertInto('webhook_gaps')
    .values({ ...found, ghl_id: 'c', ghl_contact_id: 'c', kind: 'created', changed_at: now, found_at: now })
    .execute();
  const figures = { here: 1, there: 1, missing_here: 0, missing_there: 0, different: 0, remaining: 0 };
  await db
    .insertInto('drift_reports')
    .values({ ...found, ...figures, id: uuidv7(), started_at: now, finished_at: now, repairs: true })
    .execute();
  await db
    .insertInto('poll_settings')
    .values({ ...near, repairs: true })
    .execute();
  await db
    .insertInto('notice_subscriptions')
    .values({
      ...near,
      id: uuidv7(),
      topics: ['lead.assigned'],
      channel: 'email',
      recipient: 'rep',
      made_by: 'x',
    })
    .execute();
  await db.insertInto('heard_topics').values({ agency_id, topic: 'lead.assigned' }).execute();
  const noticeId = uuidv7();
  await db
    .insertInto('notices')
    .values({ ...near, id: noticeId, topic: 'lead.assigned', occurrence_key: name, occurred_at: now, data: '{}' })
    .execute();
  await db
    .insertInto('notice_deliveries')
    .values({
      ...near,
      id: uuidv7(),
      notice_id: noticeId,
      topic: 'lead.assigned',
      channel: 'email',
      recipient: `rep:${repId}`,
      state: 'pending',
    })
    .execute();
  await db
    .insertInto('webhook_endpoints')
    .values({
      agency_id,
      id: uuidv7(),
      url: `https://${name}.example/`,
      description: name,
      secret: Buffer.from('x'),
      made_by: 'x',
      created_at: now,
    })
    .execute();
  await sql`update locations set live_at = now() where agency_id = ${agencyId}`.execute(db);
  return { agencyId, masterId, nearId, farId, repId, personId, leadId, triggerId, installId };
}
