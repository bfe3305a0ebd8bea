import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { createLocation, getLocation, listLocations } from '../../db/locations.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError } from '../failure.ts';
import { inAgencyInput, text } from '../inputs.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { locationFields, readColumns } from './fields.ts';
import { addFieldOptions } from './options.ts';
import { getNamedLocation, locationReference } from './reference.ts';
import { refuseParent } from './tree.ts';
import { viewLocation } from './view.ts';

const input = z.object({
  ...inAgencyInput,
  ...locationFields,
  kind: z.enum(['master', 'region', 'location'], 'wanted is master, region or location'),
  name: text(200),
  parent: locationReference.optional(),
});

export function addLocationsAdd(locations: Command, session: Session): void {
  const add = locations
    .command('add')
    .description('add a location to the tree')
    .requiredOption('--name <name>', 'what people call it')
    .option('--kind <kind>', 'master, region or location', 'location')
    .option('--parent <location>', 'the location above, by our id or GHL’s (default: the master)')
    .option('--ghl-location-id <id>', 'its id in GHL');
  addAgencyOption(addFieldOptions(add));
  perform(add, session, input, (given) => addLocation(session, given));
}

async function addLocation(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { columns, problem } = readColumns(given);
  if (problem !== undefined) throw new CommandError('postcode', problem);
  const { agency: agencyId, kind, name } = given;
  const id = uuidv7();
  const added = await inAgency(session, agencyId, async (tx) => {
    const master = (await listLocations(tx)).find((location) => location.kind === 'master');
    const parent =
      given.parent === undefined ? (kind === 'master' ? undefined : master) : await getNamedLocation(tx, given.parent);
    const refusal = refuseParent(kind, parent);
    if (refusal !== undefined) throw new CommandError('parent', `${refusal}.`);
    await createLocation(tx, {
      is_intake: kind !== 'location',
      ...columns,
      id,
      agency_id: agencyId,
      parent_id: parent?.id ?? null,
      kind,
      name,
    });
    const view = viewLocation(await getLocation(tx, id));
    await recordAct(tx, session, { agencyId, action: 'location.add', subject: `location:${id}`, after: view });
    return view;
  });
  return { data: added, text: `${id}\n\nAdded, not live yet: locations go-live ${id}` };
}
