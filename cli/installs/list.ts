import type { Command } from 'commander';
import { z } from 'zod';
import { listInstalls } from '../../db/installs.ts';
import { listLocations } from '../../db/locations.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object(inAgencyInput);

export function addInstallsList(installs: Command, session: Session): void {
  const list = installs.command('list').description('which accounts may be called, and which must be connected again');
  addAgencyOption(list);
  perform(list, session, input, (given) => showInstalls(session, given.agency));
}

async function showInstalls(session: Session, agencyId: string): Promise<Answer> {
  const installs = await inAgency(session, agencyId, async (tx) => {
    const names = new Map((await listLocations(tx)).map((location) => [location.id, location.name]));
    return (await listInstalls(tx)).map((install) => ({
      id: install.id,
      of: install.location_id === null ? 'the agency' : names.get(install.location_id),
      locationId: install.location_id,
      kind: install.kind,
      status: install.status,
      reason: install.status_reason,
      pausedUntil: install.paused_until,
      expiresAt: install.expires_at,
    }));
  });
  const rows = installs.map((each) => [each.of, each.kind, each.status, each.reason, each.pausedUntil, each.expiresAt]);
  const headings = ['of', 'kind', 'status', 'reason', 'paused until', 'expires'];
  return { data: installs, text: formatTable(headings, rows, 'Nothing is connected: installs set-token.') };
}
