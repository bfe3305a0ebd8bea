import type { Command } from 'commander';
import { z } from 'zod';
import { listAgencies } from '../../db/agencies.ts';
import { withSystemRole } from '../../db/scope.ts';
import { perform } from '../command.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';

export function addAgencyList(agency: Command, session: Session): void {
  const list = agency.command('list').description('all of them, and whether GHL lets them in');
  perform(list, session, z.object({}), async () => {
    const agencies = await withSystemRole(await session.db(), 'operators', listAgencies);
    const rows = agencies.map((each) => [
      each.id,
      each.name,
      each.ghlCompanyId,
      each.connected > 0,
      each.connected,
      each.disconnected,
      each.createdAt,
    ]);
    const headings = ['agency', 'name', 'GHL company', 'connected', 'accounts', 'to connect again', 'since'];
    return { data: { agencies }, text: formatTable(headings, rows, 'There are none: agency create.') };
  });
}
