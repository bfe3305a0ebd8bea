import { v7 as uuidv7 } from 'uuid';
import { seal } from '../../crypto/seal.ts';
import { takeEvent } from '../../db/events.ts';
import { createLead } from '../../db/lead-intake.ts';
import { withSystemRole } from '../../db/scope.ts';
import { suiteEvidence } from '../leaks/evidence.ts';
import { listValues } from '../leaks/used-values.ts';
import type { TestSystem } from './system.ts';

/** Puts a lead of our own API into the database as intake does, without starting its workflow. */
export async function enquire(
  system: Pick<TestSystem, 'database' | 'keys'>,
  agencyId: string,
  intakeLocationId: string,
  body: Record<string, unknown>,
): Promise<string> {
  suiteEvidence.use(listValues(body));
  const leadId = uuidv7();
  const eventRowId = uuidv7();
  const receivedAt = new Date();
  const owner = { agencyId, locationId: intakeLocationId, purpose: 'event-body' };
  await withSystemRole(system.database.db, 'intake', async (tx) => {
    await takeEvent(tx, {
      rowId: eventRowId,
      source: 'api',
      eventId: eventRowId,
      repeatWithinMs: null,
      receivedAt,
      agencyId,
      locationId: intakeLocationId,
      type: 'lead',
      status: 'accepted',
      ghlLocationId: null,
      ghlContactId: null,
      occurredAt: null,
      body: seal(system.keys, Buffer.from(JSON.stringify(body)), owner),
    });
    await createLead(tx, `api:${leadId}`, {
      id: leadId,
      agencyId,
      intakeLocationId,
      source: 'api',
      triggerName: null,
      eventRowId,
      eventReceivedAt: receivedAt,
      sourceContactId: null,
    });
  });
  return leadId;
}
