import type { Command } from 'commander';
import { z } from 'zod';
import { getLocation, updateLocation } from '../../db/locations.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError, InputError } from '../failure.ts';
import { inAgencyInput, text } from '../inputs.ts';
import { type Answer, formatFields } from '../output.ts';
import type { Session } from '../session.ts';
import { locationFields, readColumns } from './fields.ts';
import { addFieldOptions } from './options.ts';
import { getNamedLocation, locationReference } from './reference.ts';
import { viewLocation } from './view.ts';

const input = z.object({
  ...inAgencyInput,
  ...locationFields,
  location: locationReference,
  name: text(200).optional(),
});

export function addLocationsSet(locations: Command, session: Session): void {
  const set = locations
    .command('set')
    .description('change what routing knows of a location; what is not named stays')
    .argument('<location>', 'our id or GHL’s')
    .option('--name <name>', 'what people call it')
    .option('--ghl-location-id <id>', 'its id in GHL, while it has none');
  addAgencyOption(addFieldOptions(set));
  perform(set, session, input, (given) => setLocation(session, given));
}

async function setLocation(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { columns, problem } = readColumns(given);
  if (problem !== undefined) throw new CommandError('postcode', problem);
  const change = { ...columns, ...(given.name !== undefined && { name: given.name }) };
  if (Object.keys(change).length === 0)
    throw new InputError(['Name at least one thing to change (--help lists them).']);
  const { agency: agencyId } = given;
  const { before, after } = await inAgency(session, agencyId, async (tx) => {
    const location = await getNamedLocation(tx, given.location);
    const known = location.ghl_location_id;
    if (known !== null && change.ghl_location_id !== undefined && change.ghl_location_id !== known) {
      // Its contacts, users and leads are those of the other account.
      throw new CommandError('ghl-location', `The location is ${known} in GHL: add the other one as a new location.`);
    }
    await updateLocation(tx, location.id, change);
    const views = { before: viewLocation(location), after: viewLocation(await getLocation(tx, location.id)) };
    const subject = `location:${location.id}`;
    await recordAct(tx, session, { agencyId, action: 'location.set', subject, ...views });
    return views;
  });
  return { data: { before, after }, text: formatFields({ ...after, verticals: after.verticals.join(', ') }) };
}
