import type { Command } from 'commander';
import { z } from 'zod';
import { listLocations } from '../../db/locations.ts';
import { listReps } from '../../db/reps.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { flattenTree } from './tree.ts';
import { viewLocation } from './view.ts';

const input = z.object(inAgencyInput);

export function addLocationsList(locations: Command, session: Session): void {
  const list = locations.command('list').description('the agency’s locations as a tree');
  addAgencyOption(list);
  perform(list, session, input, (given) => showLocations(session, given.agency));
}

async function showLocations(session: Session, agencyId: string): Promise<Answer> {
  const { locations, reps } = await inAgency(session, agencyId, async (tx) => ({
    locations: (await listLocations(tx)).map(viewLocation),
    reps: await listReps(tx),
  }));
  const active = (locationId: string): number =>
    reps.filter((rep) => rep.location_id === locationId && rep.status === 'active').length;
  const rows = flattenTree(locations).map(({ node, depth }) => [
    `${'  '.repeat(depth)}${node.name}`,
    node.kind,
    node.liveAt ? 'live' : node.installedAt ? 'not live' : 'not installed',
    node.intake,
    active(node.id),
    node.postcode,
    node.ghlLocationId,
    node.id,
  ]);
  const headings = ['name', 'kind', 'state', 'intake', 'reps', 'postcode', 'GHL id', 'id'];
  const data = locations.map((location) => ({ ...location, activeReps: active(location.id) }));
  return {
    data,
    text: formatTable(headings, rows, 'The agency has no locations: locations add, or locations import.'),
  };
}
