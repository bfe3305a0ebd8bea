import type { Command } from 'commander';
import type { Transaction } from 'kysely';
import { findRep, listRepsOfLocation } from '../../db/reps.ts';
import type { Database, Rep } from '../../db/schema.ts';
import { joinRotation } from '../../domain/rotation.ts';
import { CommandError } from '../failure.ts';
import { count, orNone } from '../inputs.ts';

/** What routing knows of a rep, as text. */
export const repFields = {
  weight: count(0, 20).optional(),
  maxOpenLeads: orNone(count(0, 100_000)).optional(),
  dailyCap: orNone(count(0, 100_000)).optional(),
};

export const addRepFieldOptions = (command: Command): Command =>
  command
    .option('--weight <n>', 'share of the location’s leads relative to the others, 0 to 20; 0: none by itself')
    .option('--max-open-leads <n>', 'open leads they may have; none: any number')
    .option('--daily-cap <n>', 'leads they take on one day of the location; none: any number');

/** A rep of the agency. @throws CommandError when there is none such */
export async function getNamedRep(tx: Transaction<Database>, id: string): Promise<Rep> {
  const rep = await findRep(tx, id);
  if (!rep) throw new CommandError('unknown-rep', `The agency has no rep ${id}. reps list shows them.`);
  return rep;
}

/** Where a rep who joins or returns enters the location's rotation. */
export async function findEntryPass(tx: Transaction<Database>, locationId: string, ownPass = 0): Promise<number> {
  const active = (await listRepsOfLocation(tx, locationId)).filter((rep) => rep.status === 'active');
  return joinRotation(
    active.map((rep) => ({ rotationPass: rep.rotation_pass })),
    ownPass,
  );
}

/** A rep as commands answer it and the audit log keeps it: no name, no address. */
export const viewRep = (rep: Rep) => ({
  id: rep.id,
  locationId: rep.location_id,
  ghlUserId: rep.ghl_user_id,
  status: rep.status,
  weight: rep.weight,
  maxOpenLeads: rep.max_open_leads,
  dailyCap: rep.daily_cap,
});
