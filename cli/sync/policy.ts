import type { Command } from 'commander';
import { z } from 'zod';
import { getRepairPolicy, setRepairPolicy } from '../../db/poll-passes.ts';
import { inAgency, perform, recordAct } from '../command.ts';
import { getNamedLocation } from '../locations/reference.ts';
import { type Answer, formatFields } from '../output.ts';
import type { Session } from '../session.ts';
import { addLocationOption, ofLocationInput } from './location-option.ts';

const input = z.object({ ...ofLocationInput, what: z.enum(['repair', 'report']) });

export function addSyncPolicy(sync: Command, session: Session): void {
  const policy = sync
    .command('policy')
    .description('whether a location is brought into step by itself, or its drift is only reported')
    .argument('<what>', 'repair (as it is without a word) or report');
  addLocationOption(policy);
  perform(policy, session, input, (given) => setPolicy(session, given));
}

async function setPolicy(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId } = given;
  const data = await inAgency(session, agencyId, async (tx) => {
    const { id: locationId } = await getNamedLocation(tx, given.location);
    const before = { repairs: await getRepairPolicy(tx, locationId) };
    const after = { repairs: given.what === 'repair' };
    await setRepairPolicy(tx, { agencyId, locationId }, after.repairs);
    const subject = `location:${locationId}`;
    await recordAct(tx, session, { agencyId, action: 'location.sync-policy', subject, before, after });
    return { locationId, ...after };
  });
  return { data, text: formatFields(data) };
}
