import type { Command } from 'commander';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { orderBackfill } from '../../db/backfill-start.ts';
import { BACKFILL_RESOURCES } from '../../domain/backfill.ts';
import { backfillRange, backfillResource, isOrdered, NOT_ORDERED } from '../../domain/backfill-input.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { inAgencyInput } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { describeRun } from './view.ts';
import { watchRun } from './watch.ts';

const resources = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(z.array(backfillResource).min(1));

const input = z
  .object({
    ...inAgencyInput,
    location: locationReference.optional(),
    resources,
    ...backfillRange,
    watch: z.boolean().default(false),
  })
  .refine(isOrdered, NOT_ORDERED);

export function addBackfillStart(backfill: Command, session: Session): void {
  const start = backfill
    .command('start')
    .description('bring records of a location and all below it, or of the whole agency, into the mirror')
    .option('--location <location>', 'a location, a region or the master: our id or GHL’s (default: the whole agency)')
    .option('--resources <list>', 'which, with commas between', BACKFILL_RESOURCES.join(','))
    .option('--from <time>', 'made from then on: 2025-01-31, or a time with its offset')
    .option('--to <time>', 'made before then')
    .option('--names <how>', 'exact: each contact is read once more for its names; listed: as lists show them', 'exact')
    .option('--watch', 'show how far it is until it ends');
  addAgencyOption(start);
  perform(start, session, input, (given) => startRun(session, given));
}

async function startRun(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, from = null, to = null, names } = given;
  // Asked for first: somebody who sits here is told that Temporal is away, and nothing is stored.
  const client = await session.client();
  const runId = uuidv7();
  const by = { actor: session.actor, origin: 'cli' };
  const ordered = await inAgency(session, agencyId, async (tx) => {
    const rootId = given.location === undefined ? null : (await getNamedLocation(tx, given.location)).id;
    const order = { runId, agencyId, rootId, resources: [...new Set(given.resources)], from, to, names };
    return (await orderBackfill(tx, order, by, session.terminal.now()))!;
  });
  if (ordered.covered === 0) {
    throw new CommandError('no-location-connected', 'None of these locations is connected to GHL (installs list).');
  }
  // The inbox has it as well, should Temporal go away just now.
  await client.startBackfillRun({ agencyId, runId });
  if (given.watch) return describeRun(await watchRun(session, agencyId, runId));
  const data = { id: runId, locations: ordered.covered, notConnected: ordered.notConnected };
  const left = ordered.notConnected.length === 0 ? '' : ` ${ordered.notConnected.length} are not connected to GHL.`;
  const text = `Started for ${ordered.covered} locations.${left}\nbackfill show ${runId} --watch shows how far it is.`;
  return { data, text };
}
