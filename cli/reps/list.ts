import type { Command } from 'commander';
import { z } from 'zod';
import { listLocations } from '../../db/locations.ts';
import { listReps } from '../../db/reps.ts';
import { listRoutingReps } from '../../db/routing.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { viewRep } from './fields.ts';

const input = z.object({ ...inAgencyInput, location: locationReference.optional() });

export function addRepsList(reps: Command, session: Session): void {
  const list = reps
    .command('list')
    .description('the reps with what they carry now')
    .option('--location <location>', 'of one location only: our id or GHL’s');
  addAgencyOption(list);
  perform(list, session, input, (given) => showReps(session, given));
}

async function showReps(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const now = session.terminal.now();
  const reps = await inAgency(session, given.agency, async (tx) => {
    const only = given.location === undefined ? undefined : (await getNamedLocation(tx, given.location)).id;
    const names = new Map((await listLocations(tx)).map((location) => [location.id, location.name]));
    const loads = new Map((await listRoutingReps(tx, now, null, 'all')).map((load) => [load.id, load]));
    return (await listReps(tx))
      .filter((rep) => only === undefined || rep.location_id === only)
      .map((rep) => ({
        ...viewRep(rep),
        name: rep.name,
        location: names.get(rep.location_id),
        openLeads: loads.get(rep.id)?.openLeads ?? 0,
        leadsToday: loads.get(rep.id)?.leadsToday ?? 0,
      }));
  });
  const of = (value: number, cap: number | null): string => (cap === null ? `${value}` : `${value}/${cap}`);
  const rows = reps.map((rep) => [
    rep.location,
    rep.name,
    rep.status,
    rep.weight,
    of(rep.openLeads, rep.maxOpenLeads),
    of(rep.leadsToday, rep.dailyCap),
    rep.ghlUserId,
    rep.id,
  ]);
  const headings = ['location', 'name', 'status', 'weight', 'open', 'today', 'GHL user', 'id'];
  return { data: reps, text: formatTable(headings, rows, 'There are no reps: reps add.') };
}
