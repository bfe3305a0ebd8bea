import { v7 as uuidv7 } from 'uuid';
import type { StaleKind, TrimKind } from '../../domain/retention.ts';
import type { TestDatabase } from '../stack/database.ts';
import type { Tenant } from '../db/plant-tenant.ts';

/** Plants a row that a kind may take. @param at how old it is @param isOver false: of the same age, and not over */
type Plant = (at: Date, isOver: boolean) => Promise<{ table: string; key: Record<string, unknown> }>;

const bytes = () => Buffer.from(uuidv7());

/** How a row of each kind comes to be, for one tenant. */
export function oldRowPlants({ ownerDb }: TestDatabase, tenant: Tenant): Record<TrimKind | StaleKind, Plant> {
  const { agencyId: agency_id, nearId: location_id } = tenant;
  const near = { agency_id, location_id };
  async function link(at: Date, more: object) {
    const id = uuidv7();
    const row = { agency_id, purpose: 'locations' as const, hash: bytes(), made_by: 'x', created_at: at };
    await ownerDb
      .insertInto('connect_links')
      .values({ ...row, id, expires_at: at, ...more })
      .execute();
    return { table: 'connect_links', key: { id } };
  }
  async function rotation(at: Date, more: object) {
    const id = uuidv7();
    await ownerDb
      .insertInto('credential_rotations')
      .values({ ...near, id, made_by: 'x', created_at: at, ...more })
      .execute();
    return { table: 'credential_rotations', key: { id } };
  }
  async function letter(at: Date, more: object) {
    const id = uuidv7();
    const of = { capability: 'x', cause: 'x', advice: 'x', subject_kind: 'lead', subject_id: uuidv7() };
    await ownerDb
      .insertInto('dead_letters')
      .values({ ...near, ...of, id, created_at: at, ...more })
      .execute();
    return { table: 'dead_letters', key: { id } };
  }
  async function contact() {
    const id = uuidv7();
    const seen = { fields: '{}', observed_at: new Date(), found_by: 'event' as const };
    await ownerDb
      .insertInto('contacts')
      .values({ ...near, ...seen, id, ghl_id: id })
      .execute();
    return id;
  }
  const act = (at: Date) => ({ actor: 'x', origin: 'api' as const, made_at: at, tried_at: at });
  return {
    async 'event-bodies'(at, isOver) {
      const id = uuidv7();
      const event = { ...near, id, source: 'ghl' as const, event_id: id, type: 'x', status: 'accepted' as const };
      await ownerDb
        .insertInto('events')
        .values({ ...event, received_at: at, body: bytes() })
        .execute();
      if (!isOver) await letter(at, { subject_kind: 'event', subject_id: id });
      return { table: 'events', key: { id } };
    },
    async inbox(at, isOver) {
      const cause_id = uuidv7();
      const work = { capability: 'account-sync' as const, ordering_key: cause_id, workflow_id: cause_id, input: '{}' };
      await ownerDb
        .insertInto('event_capabilities')
        .values({
          ...near,
          ...work,
          cause_id,
          fairness_key: location_id,
          due_at: at,
          created_at: at,
          state: isOver ? 'started' : 'pending',
        })
        .execute();
      return { table: 'event_capabilities', key: { cause_id } };
    },
    async 'refused-deliveries'(at, isOver) {
      const id = uuidv7();
      const received_at = isOver ? at : new Date();
      await ownerDb.insertInto('refused_deliveries').values({ id, received_at, reason: 'x', body: bytes() }).execute();
      return { table: 'refused_deliveries', key: { id } };
    },
    async 'refused-counts'(at, isOver) {
      const reason = uuidv7();
      await ownerDb
        .insertInto('refused_delivery_counts')
        .values({ hour: isOver ? at : new Date(), reason, count: 1 })
        .execute();
      return { table: 'refused_delivery_counts', key: { reason } };
    },
    // One that is on its way has a code; nothing but the end of its age makes that stale.
    'connect-links': (at, isOver) =>
      link(at, isOver ? { outcome: 'connected', ended_at: at, code_at: at } : { expires_at: new Date() }),
    'credential-rotations': (at, isOver) =>
      rotation(at, isOver ? { outcome: 'failed', ended_at: at } : { outcome: 'failed', ended_at: new Date() }),
    async 'operator-credentials'(at, isOver) {
      const id = uuidv7();
      await ownerDb
        .insertInto('operator_credentials')
        .values({
          id,
          operator: 'x',
          kind: 'token',
          hash: bytes(),
          created_at: at,
          expires_at: isOver ? at : new Date(),
        })
        .execute();
      return { table: 'operator_credentials', key: { id } };
    },
    async 'contact-edits'(at, isOver) {
      const id = uuidv7();
      const edit = { ...near, ...act(at), id, contact_id: await contact(), field: 'city', content: '{}' };
      await ownerDb
        .insertInto('contact_edits')
        .values({ ...edit, state: isOver ? 'synced' : 'failed', settled_at: at })
        .execute();
      return { table: 'contact_edits', key: { id } };
    },
    async 'contact-merges'(at, isOver) {
      const id = uuidv7();
      const merge = { ...near, ...act(at), id, survivor_id: await contact(), loser_id: await contact() };
      await ownerDb
        .insertInto('contact_merges')
        .values({ ...merge, ...(isOver && { outcome: 'merged' as const, ended_at: at }) })
        .execute();
      return { table: 'contact_merges', key: { id } };
    },
    async 'webhook-gaps'(at, isOver) {
      const ghl_id = uuidv7();
      const found = { resource: 'contact', ghl_contact_id: ghl_id, kind: 'created' as const, changed_at: at };
      await ownerDb
        .insertInto('webhook_gaps')
        .values({ ...near, ...found, ghl_id, found_at: isOver ? at : new Date() })
        .execute();
      return { table: 'webhook_gaps', key: { ghl_id } };
    },
    async 'drift-reports'(at, isOver) {
      const id = uuidv7();
      const counts = { here: 1, there: 1, missing_here: 0, missing_there: 0, different: 0, remaining: 0 };
      await ownerDb
        .insertInto('drift_reports')
        .values({
          ...near,
          ...counts,
          id,
          resource: 'contact',
          started_at: at,
          finished_at: isOver ? at : new Date(),
          repairs: true,
        })
        .execute();
      return { table: 'drift_reports', key: { id } };
    },
    async budgets(at, isOver) {
      const resource = `location/${uuidv7()}`;
      await ownerDb
        .insertInto('ghl_budgets')
        .values({ agency_id, resource, state: '{}', updated_at: isOver ? at : new Date() })
        .execute();
      return { table: 'ghl_budgets', key: { resource } };
    },
    'dead-letters': (at, isOver) => letter(at, isOver ? { resolved_at: at, resolution: 'redriven' } : {}),
    'discard-reasons': (at, isOver) =>
      letter(at, isOver ? { resolved_at: at, resolution: 'discarded', discard_reason: 'x' } : {}),
    async 'token-leases'(at, isOver) {
      const id = uuidv7();
      const location = uuidv7();
      await ownerDb
        .insertInto('locations')
        .values({ id: location, agency_id, parent_id: tenant.masterId, kind: 'location', name: 'x', is_intake: false })
        .execute();
      const install = { kind: 'oauth' as const, user_type: 'Location' as const, status: 'active' as const };
      await ownerDb
        .insertInto('installs')
        .values({
          ...install,
          agency_id,
          location_id: location,
          id,
          access_token: bytes(),
          lease_owner: 'gone',
          lease_until: isOver ? at : new Date(),
        })
        .execute();
      return { table: 'installs', key: { id } };
    },
    'connect-exchanges': (at, isOver) =>
      link(at, { expires_at: new Date(), code: bytes(), code_at: isOver ? at : new Date() }),
    async 'notice-deliveries'(at, isOver) {
      const [id, noticeId] = [uuidv7(), uuidv7()];
      const topic = 'lead.assigned' as const;
      await ownerDb
        .insertInto('notices')
        .values({ ...near, id: noticeId, topic, occurrence_key: id, occurred_at: at, data: '{}' })
        .execute();
      const told = {
        ...near,
        id,
        notice_id: noticeId,
        topic,
        channel: 'email' as const,
        recipient: 'x',
        created_at: at,
      };
      await ownerDb
        .insertInto('notice_deliveries')
        .values({ ...told, ...(isOver ? { state: 'sent' as const, ended_at: at } : { state: 'pending' as const }) })
        .execute();
      return { table: 'notice_deliveries', key: { id } };
    },
    async 'webhook-secrets'(at, isOver) {
      const id = uuidv7();
      const endpoint = {
        agency_id,
        id,
        url: `https://${id}.example/`,
        description: 'x',
        secret: bytes(),
        made_by: 'x',
      };
      await ownerDb
        .insertInto('webhook_endpoints')
        .values({
          ...endpoint,
          created_at: at,
          previous_secret: bytes(),
          previous_secret_until: isOver ? at : new Date(Date.now() + 60_000),
        })
        .execute();
      return { table: 'webhook_endpoints', key: { id } };
    },
    'credential-trials': (at, isOver) => rotation(isOver ? at : new Date(), { candidate: bytes() }),
  };
}
