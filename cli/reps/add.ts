import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { createRep } from '../../db/reps.ts';
import { lockRouting } from '../../db/routing.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { ghlId, inAgencyInput, text } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { addRepFieldOptions, findEntryPass, getNamedRep, repFields, viewRep } from './fields.ts';

const input = z.object({
  ...inAgencyInput,
  ...repFields,
  location: locationReference,
  ghlUserId: ghlId,
  name: text(200),
  email: z.email('wanted is an e-mail address').optional(),
});

export function addRepsAdd(reps: Command, session: Session): void {
  const add = reps
    .command('add')
    .description('let a GHL user take leads in a location; plain users of a connected account are added by themselves')
    .requiredOption('--location <location>', 'where they take leads: our id or GHL’s')
    .requiredOption('--ghl-user-id <id>', 'the user’s id in GHL')
    .requiredOption('--name <name>', 'what colleagues call them')
    .option('--email <address>', 'where they are reached');
  addAgencyOption(addRepFieldOptions(add));
  perform(add, session, input, (given) => addRep(session, given));
}

async function addRep(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, ghlUserId, name, email = null, weight, maxOpenLeads, dailyCap } = given;
  const id = uuidv7();
  const added = await inAgency(session, agencyId, async (tx) => {
    await lockRouting(tx, agencyId);
    const location = await getNamedLocation(tx, given.location);
    await createRep(tx, {
      id,
      agency_id: agencyId,
      location_id: location.id,
      ghl_user_id: ghlUserId,
      name,
      email,
      status: 'active',
      weight: weight ?? 1,
      max_open_leads: maxOpenLeads ?? null,
      daily_cap: dailyCap ?? null,
      rotation_pass: await findEntryPass(tx, location.id),
    });
    const view = viewRep(await getNamedRep(tx, id));
    await recordAct(tx, session, { agencyId, action: 'rep.add', subject: `rep:${id}`, after: view });
    return view;
  });
  return { data: added, text: `${id}\n\nThey take leads from now on, once their location is live.` };
}
