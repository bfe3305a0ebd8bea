import { v7 as uuidv7 } from 'uuid';
import { seal } from '../../crypto/seal.ts';
import { takeEvent } from '../../db/events.ts';
import { createLead } from '../../db/lead-intake.ts';
import { findLead } from '../../db/leads.ts';
import type { Assignment, Lead } from '../../db/schema.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import type { AccountEvent } from '../../domain/account-event.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { ghlIds } from '../../scripts/demo/agency-plan.ts';
import { type ActivityBench, run } from '../stack/activity-bench.ts';
import { enquire } from '../stack/enquire.ts';

/** A lead with the slot it holds. */
export interface HeldLead {
  agencyId: string;
  leadId: string;
  assignmentId: string;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** One planted agency, and leads of it brought as far as a test needs them. */
export function createBenchAgency(bench: ActivityBench, key: string, planted: PlantedAgency) {
  const { agencyId } = planted;
  const { db, ownerDb } = bench.database;
  const must = <T>(found: T | undefined, what: string): T => {
    if (found === undefined) throw new Error(`no ${what} in this agency`);
    return found;
  };
  const agency = {
    agencyId,
    location: (name: string): string => must(planted.locations.get(name), name),
    rep: (name: string): string => must(planted.reps.get(name), name),
    ghlLocation: (name: string): string => ghlIds.location(key, name),
    ghlUser: (name: string): string => ghlIds.user(key, name),

    /** A lead that came in and waits to be routed. */
    async received(body: Record<string, unknown>, from = 'master') {
      return { agencyId, leadId: await enquire(bench, agencyId, agency.location(from), body) };
    },
    async reserved(body: Record<string, unknown>, from?: string): Promise<HeldLead> {
      const lead = await agency.received(body, from);
      const route = await run(bench.leads.routeLead, { ...lead, reroute: false });
      if (route.outcome !== 'reserved') throw new Error(`routed to ${route.outcome}`);
      return { ...lead, assignmentId: route.assignmentId };
    },
    async placed(body: Record<string, unknown>): Promise<HeldLead> {
      const held = await agency.reserved(body);
      await run(bench.ghl.placeLead, held);
      await run(bench.leads.confirmAssignment, held);
      return held;
    },
    /** All that an ordinary lead goes through until its rep has been told. */
    async told(body: Record<string, unknown>): Promise<HeldLead> {
      const held = await agency.placed(body);
      await run(bench.ghl.explainLead, held);
      await run(bench.ghl.notifyRep, held);
      return held;
    },
    async get(leadId: string): Promise<Lead> {
      return must(await withScope(db, { agencyId }, (tx) => findLead(tx, leadId)), 'lead');
    },
    /** The slots a lead has held, oldest first. */
    async assignments(leadId: string): Promise<Assignment[]> {
      return ownerDb.selectFrom('assignments').selectAll().where('lead_id', '=', leadId).orderBy('id').execute();
    },
    async timeline(leadId: string): Promise<string[]> {
      const rows = await ownerDb
        .selectFrom('lead_timeline')
        .select('kind')
        .where('lead_id', '=', leadId)
        .orderBy('at')
        .orderBy('id')
        .execute();
      return rows.map((row) => row.kind);
    },
    async letters() {
      return ownerDb.selectFrom('dead_letters').selectAll().where('agency_id', '=', agencyId).execute();
    },
    /** A lead that came in as a contact of GHL whose payload GHL left out. */
    async cut(ghlContactId: string) {
      return agency.cameAs({ id: ghlContactId, payloadTooLarge: true }, 'master');
    },
    /** A lead that came in as a contact of GHL made in an intake account. */
    async cameAs(contact: Record<string, unknown> & { id: string }, from: string) {
      const body = { ...contact, type: 'ContactCreate', locationId: agency.ghlLocation(from) };
      const event = await agency.event(body, from);
      const leadId = uuidv7();
      await withSystemRole(db, 'intake', (tx) =>
        createLead(tx, `contact:${leadId}`, {
          id: leadId,
          agencyId,
          intakeLocationId: agency.location(from),
          source: 'ghl',
          triggerName: null,
          eventRowId: event.eventRowId,
          eventReceivedAt: new Date(event.eventReceivedAt),
          sourceContactId: contact.id,
        }),
      );
      return { agencyId, leadId };
    },
    /** Puts another text in the place of the body a lead came with. */
    async replaceBody(leadId: string, text: string): Promise<void> {
      const lead = await agency.get(leadId);
      const owner = { agencyId, locationId: lead.intake_location_id, purpose: 'event-body' };
      const body = seal(bench.keys, Buffer.from(text), owner);
      await ownerDb.updateTable('events').set({ body }).where('id', '=', lead.event_row_id).execute();
    },
    /** Stores an event of GHL as intake does and names it as its workflow is told. */
    async event(body: Record<string, unknown>, from: string | null, receivedAt = new Date()): Promise<AccountEvent> {
      const locationId = from === null ? null : agency.location(from);
      const rowId = uuidv7();
      await withSystemRole(db, 'intake', (tx) =>
        takeEvent(tx, {
          rowId,
          source: 'ghl',
          eventId: rowId,
          repeatWithinMs: null,
          receivedAt,
          agencyId,
          locationId,
          type: String(body['type']),
          status: 'accepted',
          ghlLocationId: null,
          ghlContactId: text(String(body['type']).startsWith('Contact') ? body['id'] : body['contactId']),
          ghlRecordId: text(body['id']),
          occurredAt: null,
          body: seal(bench.keys, Buffer.from(JSON.stringify(body)), { agencyId, locationId, purpose: 'event-body' }),
        }),
      );
      return { eventRowId: rowId, eventReceivedAt: receivedAt.toISOString() };
    },
  };
  return agency;
}

export type BenchAgency = ReturnType<typeof createBenchAgency>;
