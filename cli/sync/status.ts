import type { Command } from 'commander';
import { z } from 'zod';
import { getSyncStanding } from '../../db/sync-standing.ts';
import { POLL_POLICY } from '../../domain/poll-rules.ts';
import { inAgency, perform } from '../command.ts';
import { getNamedLocation } from '../locations/reference.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { formatDrift } from './figures.ts';
import { addLocationOption, ofLocationInput } from './location-option.ts';

const input = z.object(ofLocationInput);

export function addSyncStatus(sync: Command, session: Session): void {
  const status = sync.command('status').description('when a location was last looked at, and how far apart it was');
  addLocationOption(status);
  perform(status, session, input, (given) => showStatus(session, given));
}

async function showStatus(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const data = await inAgency(session, given.agency, async (tx) => {
    const { id: locationId } = await getNamedLocation(tx, given.location);
    const options = { graceMs: POLL_POLICY.gapGraceMs, gaps: 0, now: session.terminal.now() };
    return { locationId, ...(await getSyncStanding(tx, locationId, options)) };
  });
  const rows = data.passes.map((pass) => [
    pass.resource,
    pass.kind,
    pass.finishedAt,
    pass.dueAt,
    pass.isUnderWay,
    pass.failures,
    pass.lastError,
  ]);
  const headings = ['of', 'pass', 'last done', 'due', 'under way', 'failures', 'last error'];
  const passes = formatTable(headings, rows, 'It has not been polled yet.');
  const gaps = `Changes of the last day that no event told: ${data.openGaps}`;
  return { data, text: [passes, formatDrift(data.drift), gaps].join('\n\n') };
}
