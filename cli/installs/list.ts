import type { Command } from 'commander';
import { z } from 'zod';
import { type ConnectLink, listConnectLinks } from '../../db/connect-links.ts';
import { listInstalls } from '../../db/installs.ts';
import { listLocations } from '../../db/locations.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { inAgencyInput } from '../inputs.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object(inAgencyInput);

const OF_AGENCY = { locations: 'the agency', provisioning: 'the agency, for new locations' };
/** How many of the latest connect links are shown. */
const LINKS = 5;

export function addInstallsList(installs: Command, session: Session): void {
  const list = installs.command('list').description('which accounts may be called, and which must be connected again');
  addAgencyOption(list);
  perform(list, session, input, (given) => showInstalls(session, given.agency));
}

async function showInstalls(session: Session, agencyId: string): Promise<Answer> {
  const { installs, links } = await inAgency(session, agencyId, async (tx) => {
    const names = new Map((await listLocations(tx)).map((location) => [location.id, location.name]));
    const shown = (await listInstalls(tx)).map((install) => ({
      id: install.id,
      of: install.location_id === null ? OF_AGENCY[install.purpose] : names.get(install.location_id),
      purpose: install.purpose,
      locationId: install.location_id,
      kind: install.kind,
      status: install.status,
      reason: install.status_reason,
      pausedUntil: install.paused_until,
      expiresAt: install.expires_at,
      installedAt: install.installed_at,
      updatedAt: install.updated_at,
    }));
    return { installs: shown, links: await listConnectLinks(tx, LINKS) };
  });
  const rows = installs.map((each) => [
    each.of,
    each.kind,
    each.status,
    each.reason,
    each.pausedUntil,
    each.expiresAt,
    each.installedAt,
    each.updatedAt,
  ]);
  const headings = ['of', 'kind', 'status', 'reason', 'paused until', 'expires', 'since', 'changed'];
  const text = formatTable(headings, rows, 'Nothing is connected: agency connect makes a link that does it.');
  return { data: installs, text: links.length === 0 ? text : `${text}\n\n${describeLinks(links)}` };
}

/** How the latest links went, step by step. */
function describeLinks(links: ConnectLink[]): string {
  const rows = links.map((link) => [
    link.id,
    link.purpose,
    link.created_at,
    link.opened_at,
    link.code_at,
    link.exchanged_at,
    link.ended_at,
    link.outcome,
    link.locations,
  ]);
  const headings = ['link', 'for', 'made', 'opened', 'came back', 'exchanged', 'ended', 'outcome', 'locations'];
  return formatTable(headings, rows, '');
}
