import { type Transaction, sql } from 'kysely';
import { runKeepingPlan } from './kept-plans.ts';
import {
  type AgencyContact,
  type ConcernedLead,
  findsOpenLead,
  findsOwnContact,
  listConcernedLeads,
  unnestContacts,
} from './lead-intake.ts';
import type { LeadTrigger } from './lead-triggers.ts';
import type { Database } from './schema.ts';

/** What events of contacts make us look at. */
export interface ContactLook {
  /** Contacts whose open leads may be concerned. */
  changed: readonly AgencyContact[];
  /** Contacts that were made, perhaps by us. */
  created: readonly AgencyContact[];
  /** Accounts whose triggers see the events. */
  locationIds: readonly string[];
}

export interface ContactSight {
  /** The open leads that are concerned, in the order of `changed`. */
  concerned: ConcernedLead[][];
  /** Whether we put the contact into GHL ourselves, in the order of `created`. */
  own: boolean[];
  /** By location; one without triggers is missing. */
  triggers: Map<string, (LeadTrigger & { createdAt: Date })[]>;
}

interface SightRow {
  what: 'concerned' | 'own' | 'trigger';
  turn: string;
  location_id: string;
  id: string;
  name: string;
  kind: LeadTrigger['kind'];
  subject: string;
  value: string | null;
  created_at: Date;
}

/**
 * Looks up what must be known of contacts to tell what their events ask for: in one statement, and in a second when open
 * leads are concerned, which is rare. Needs the intake role or an agency's scope.
 */
export async function lookAtContacts(tx: Transaction<Database>, look: ContactLook): Promise<ContactSight> {
  const { changed, created, locationIds } = look;
  const concerned: ConcernedLead[][] = changed.map(() => []);
  const own = created.map(() => false);
  const triggers: ContactSight['triggers'] = new Map();
  if (changed.length + created.length + locationIds.length === 0) return { concerned, own, triggers };

  const nothing = sql`null::uuid, null::uuid, null, null, null, null, null::timestamptz`;
  const query = sql<SightRow>`
    select 'concerned' as what, c.turn, null::uuid as location_id, null::uuid as id, null as name, null as kind,
      null as subject, null as value, null::timestamptz as created_at
    from ${unnestContacts(changed)} cross join lateral (select from (${findsOpenLead}) concerned limit 1) found
    union all
    select 'own', c.turn, ${nothing}
    from ${unnestContacts(created)} cross join lateral (select from (${findsOwnContact}) own limit 1) found
    union all
    select 'trigger', 0, location_id, id, name, kind, subject, value, created_at
    from lead_triggers where location_id = any(${[...locationIds]}::uuid[])
    order by name
  `;
  const found = await runKeepingPlan(tx, query);
  const turns: number[] = [];
  for (const row of found.rows) {
    const turn = Number(row.turn) - 1;
    if (row.what === 'concerned') turns.push(turn);
    else if (row.what === 'own') own[turn] = true;
    else triggers.set(row.location_id, [...(triggers.get(row.location_id) ?? []), triggerOf(row)]);
  }
  const leads = await listConcernedLeads(
    tx,
    turns.map((turn) => changed[turn]!),
  );
  for (const [index, turn] of turns.entries()) concerned[turn] = leads[index]!;
  return { concerned, own, triggers };
}

const triggerOf = ({ id, name, kind, subject, value, created_at: createdAt }: SightRow) => ({
  ...{ id, name, kind, subject, value, createdAt },
});
