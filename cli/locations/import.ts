import type { Command } from 'commander';
import type { Transaction } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { createLocation, getLocation, listLocations, updateLocation } from '../../db/locations.ts';
import type { Database } from '../../db/schema.ts';
import { addAgencyOption, inAgency, perform, recordAct } from '../command.ts';
import { CommandError, explainFailure } from '../failure.ts';
import { inAgencyInput } from '../inputs.ts';
import { type Answer, formatTable } from '../output.ts';
import { readWhole } from '../files.ts';
import type { Session } from '../session.ts';
import { type PlannedLocation, planImport } from './import-plan.ts';
import { IMPORT_COLUMNS, readImportRows, type RowProblem } from './import-rows.ts';
import { viewLocation } from './view.ts';

const input = z.object({ ...inAgencyInput, file: z.string().min(1), dryRun: z.boolean().default(false) });

const HELP = `
The first row names the columns: ${IMPORT_COLUMNS.join(', ')}.
kind and name are needed. kind is master, region or location. parent is the name or GHL id of the location above, in
the file or known already, in any order; without it the master. intake is yes or no. An empty cell leaves what is
stored; none takes it away. A row whose ghl_location_id is known changes that location; so does one without a GHL id
whose kind and name are known. A file goes in as a whole or not at all.

  kind,name,parent,ghl_location_id,postcode,radius_km
  region,East,,,,
  location,Back Bay,East,Ab12Cd34Ef56,02116,25
`;

export function addLocationsImport(locations: Command, session: Session): void {
  const command = locations
    .command('import')
    .description('add and change locations from a CSV file, all or nothing')
    .argument('<file>', 'the CSV file; - for standard input')
    .option('--dry-run', 'say what it would do, and do nothing')
    .addHelpText('after', HELP);
  addAgencyOption(command);
  perform(command, session, input, (given) => importLocations(session, given));
}

async function importLocations(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, dryRun } = given;
  const read = readImportRows(await readWhole(session.terminal, given.file));
  return inAgency(session, agencyId, async (tx) => {
    const known = (await listLocations(tx)).map(viewLocation);
    const plan = planImport(known, read.rows, uuidv7);
    const problems = [...read.problems, ...plan.problems].sort((a, b) => a.line - b.line);
    if (problems.length > 0) throw new CommandError('rows', describeProblems(problems));
    if (!dryRun) for (const planned of plan.locations) await apply(tx, session, agencyId, planned);
    const locations = plan.locations.map(({ action, id, row }) => ({ action, id, line: row.line, name: row.name }));
    const added = locations.filter(({ action }) => action === 'add').length;
    const summary = `${dryRun ? 'Would add' : 'Added'} ${added} and ${dryRun ? 'change' : 'changed'} ${locations.length - added}.`;
    const rows = locations.map(({ action, name, id, line }) => [
      line,
      action,
      name,
      dryRun && action === 'add' ? null : id,
    ]);
    const table = formatTable(['line', 'does', 'name', 'id'], rows, 'The file has no rows.');
    return { data: { dryRun, locations }, text: `${table}\n\n${summary}` };
  });
}

function describeProblems(problems: RowProblem[]): string {
  const lines = problems.map(({ line, problem }) => `  line ${line}: ${problem}`);
  return `Nothing was imported.\n${lines.join('\n')}`;
}

async function apply(
  tx: Transaction<Database>,
  session: Session,
  agencyId: string,
  planned: PlannedLocation,
): Promise<void> {
  const { id, row, parentId, action } = planned;
  const { kind, name, columns } = row;
  const before = action === 'update' ? viewLocation(await getLocation(tx, id)) : undefined;
  try {
    if (before) await updateLocation(tx, id, { ...columns, name, parent_id: parentId });
    else {
      const own = { id, agency_id: agencyId, parent_id: parentId, kind, name };
      await createLocation(tx, { is_intake: kind !== 'location', ...columns, ...own });
    }
  } catch (error) {
    throw new CommandError('rows', describeProblems([{ line: row.line, problem: explainFailure(error).message }]));
  }
  const acts = { ...(before && { before }), after: viewLocation(await getLocation(tx, id)) };
  await recordAct(tx, session, {
    agencyId,
    action: `location.${action === 'add' ? 'add' : 'set'}`,
    subject: `location:${id}`,
    ...acts,
  });
}
