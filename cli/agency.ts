import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { createAgency } from '../db/agencies.ts';
import { createLocation } from '../db/locations.ts';
import { withScope } from '../db/scope.ts';
import { addAgencyConnect } from './agency/connect.ts';
import { addAgencyList } from './agency/list.ts';
import { perform, recordAct } from './command.ts';
import { ghlId, text } from './inputs.ts';
import type { Answer } from './output.ts';
import type { Session } from './session.ts';

const input = z.object({
  name: text(200),
  ghlCompanyId: ghlId.optional(),
  masterName: text(200).optional(),
  masterGhlLocationId: ghlId.optional(),
});

export function addAgencyCommands(program: Command, session: Session): void {
  const agency = program.command('agency').description('the tenants: GHL companies');
  const create = agency
    .command('create')
    .description('add an agency with its master location, where leads wait that no location takes')
    .requiredOption('--name <name>', 'what people call it')
    .option('--ghl-company-id <id>', 'its company id in GHL')
    .option('--master-name <name>', 'name of the master location (default: the agency’s)')
    .option('--master-ghl-location-id <id>', 'the sub-account that takes enquiries for the whole agency');
  perform(create, session, input, (given) => createWithMaster(session, given));
  addAgencyList(agency, session);
  addAgencyConnect(agency, session);
}

async function createWithMaster(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const agencyId = uuidv7();
  const masterLocationId = uuidv7();
  const ghlCompanyId = given.ghlCompanyId ?? null;
  const masterGhlLocationId = given.masterGhlLocationId ?? null;
  await withScope(await session.db(), { agencyId }, async (tx) => {
    await createAgency(tx, { id: agencyId, name: given.name, ghlCompanyId });
    await createLocation(tx, {
      id: masterLocationId,
      agency_id: agencyId,
      parent_id: null,
      kind: 'master',
      name: given.masterName ?? given.name,
      ghl_location_id: masterGhlLocationId,
      is_intake: true,
    });
    const after = { name: given.name, ghlCompanyId, masterLocationId, masterGhlLocationId };
    await recordAct(tx, session, { agencyId, action: 'agency.create', subject: `agency:${agencyId}`, after });
  });
  return {
    data: { agencyId, masterLocationId, ghlCompanyId, masterGhlLocationId },
    text: [
      agencyId,
      '',
      `The agency is there, with the master location ${masterLocationId}. Next:`,
      `  export SWITCHYARD_AGENCY=${agencyId}      so that no command needs --agency`,
      `  cli agency connect ${agencyId}   a link by which its administrator installs the app in GHL`,
      '  cli locations import locations.csv         regions and locations (--help lists the columns)',
      '  cli credentials rotate --location … -f -   where there is no app: a private integration token for a location',
      '  cli reps add --location … …                who takes leads',
      '  cli api-keys create --role agency …        a key for POST /v1/leads',
      '  cli locations go-live …                    from then on its enquiries become leads',
    ].join('\n'),
  };
}
