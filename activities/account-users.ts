import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { audit } from '../db/audit-log.ts';
import { type LeadCause, tellLeads } from '../db/lead-follow-up.ts';
import { listOpenLeadIds } from '../db/leads.ts';
import { createRep, listRepsOfGhlUser, listRepsOfLocation, updateRep } from '../db/reps.ts';
import type { Database, Rep } from '../db/schema.ts';
import { joinRotation } from '../domain/rotation.ts';
import type { GhlEvent } from '../ghl/webhooks.ts';

type Tx = Transaction<Database>;
type UserEvent = Extract<GhlEvent, { type: 'UserCreate' | 'UserUpdate' | 'UserDelete' }>;

/**
 * Users become reps of the location they work in: plain users take leads at once, admins only when an operator says so.
 * An update never brings a removed rep back, for it may be older than the removal.
 */
export async function followUser(tx: Tx, cause: LeadCause, locationId: string | null, event: UserEvent): Promise<void> {
  const reps = await listRepsOfGhlUser(tx, event.id);
  if (event.type === 'UserDelete') {
    for (const rep of reps) if (locationId === null || rep.location_id === locationId) await removeRep(tx, cause, rep);
    return;
  }
  const name = [event.firstName, event.lastName].filter(Boolean).join(' ');
  const told = { ...(name !== '' && { name }), ...(event.email !== null && { email: event.email }) };
  if (Object.keys(told).length > 0) for (const rep of reps) await updateRep(tx, rep.id, told);
  if (locationId === null) return;

  const here = reps.find((rep) => rep.location_id === locationId);
  if (here && (here.status !== 'removed' || event.type === 'UserUpdate')) return;
  const others = (await listRepsOfLocation(tx, locationId)).filter((rep) => rep.status === 'active');
  const pass = joinRotation(
    others.map((rep) => ({ rotationPass: rep.rotation_pass })),
    here?.rotation_pass,
  );
  const standing = {
    status: event.role === 'admin' ? ('suspended' as const) : ('active' as const),
    rotation_pass: pass,
  };
  if (here) {
    await updateRep(tx, here.id, standing);
    await record(tx, cause, 'rep.return', here.id);
    return;
  }
  const id = uuidv7();
  await createRep(tx, {
    id,
    agency_id: cause.agencyId,
    location_id: locationId,
    ghl_user_id: event.id,
    name: name || 'GHL user',
    email: event.email,
    ...standing,
  });
  await record(tx, cause, 'rep.add', id);
}

async function removeRep(tx: Tx, cause: LeadCause, rep: Rep): Promise<void> {
  if (rep.status === 'removed') return;
  await updateRep(tx, rep.id, { status: 'removed' });
  const leadIds = await listOpenLeadIds(tx, { repId: rep.id });
  await tellLeads(tx, cause, rep.location_id, leadIds, { kind: 'rep-unavailable', repId: rep.id });
  await record(tx, cause, 'rep.remove', rep.id);
}

const record = (tx: Tx, { agencyId }: LeadCause, action: string, repId: string): Promise<void> =>
  audit(tx, { agencyId, actor: 'ghl', action, subject: `rep:${repId}`, origin: 'webhook' });
