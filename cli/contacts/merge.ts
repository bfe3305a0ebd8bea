import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { findMerge, type MergeRequestRefusal, requestMerge } from '../../db/contact-merges.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import type { Session } from '../session.ts';

const input = z.object({
  ...inAgencyInput,
  survivor: id,
  loser: id,
  acceptLoss: z.boolean().default(false),
});

const WAIT_MS = 30_000;
const LOOK_MS = 250;

const REFUSALS: Record<MergeRequestRefusal, string> = {
  unknown: 'The agency has no such contacts.',
  'same-contact': 'They are one contact already.',
  'other-location': 'They are in two locations: GHL merges nothing across locations.',
  'not-in-ghl': 'One of them is not in GHL yet.',
  'contact-deleted': 'One of them is deleted.',
  'changes-unsettled': 'Changes of one of them are not settled: contacts show.',
  'contact-being-merged': 'One of them is being merged.',
};

const OUTCOMES: Record<string, string> = {
  'would-lose-records':
    'GHL would delete opportunities, appointments or the conversation of the second contact with it. --accept-loss merges all the same.',
  'would-lose-fields':
    'The second contact has another e-mail or phone than the first, which the API cannot keep beside it. --accept-loss merges all the same.',
  'opt-out-cannot-follow':
    'The second contact has opted out on a channel that the API cannot switch off for the first.',
  'loser-gone': 'The second contact is gone in GHL.',
  'survivor-gone': 'The first contact is gone in GHL.',
};

export function addContactsMerge(contacts: Command, session: Session): void {
  const merge = contacts
    .command('merge')
    .description('make two contacts of a location one: the first gets what it lacks, the second is deleted in GHL')
    .argument('<survivor>', 'the contact that stays')
    .argument('<loser>', 'the contact that goes')
    .option(
      '--accept-loss',
      'although opportunities, appointments, the conversation, or another e-mail or phone of the second are lost',
    );
  addAgencyOption(merge);
  perform(merge, session, input, async ({ agency, survivor: survivorId, loser: loserId, acceptLoss: acceptsLoss }) => {
    const act = { actor: session.actor, origin: 'cli' as const, now: session.terminal.now() };
    const pair = { survivorId, loserId, acceptsLoss };
    const asked = await inAgency(session, agency, (tx) => requestMerge(tx, pair, act));
    if ('refused' in asked) throw new CommandError(asked.refused, REFUSALS[asked.refused]);
    const look = () => inAgency(session, agency, (tx) => findMerge(tx, asked.mergeId));
    let found = await look();
    for (let waitedMs = 0; found?.outcome === null && waitedMs < WAIT_MS; waitedMs += LOOK_MS) {
      await sleep(LOOK_MS);
      found = await look();
    }
    const data = { id: asked.mergeId, outcome: found?.outcome ?? null, reason: found?.reason ?? null };
    if (data.outcome === 'merged') return { data, text: 'They are one contact now.' };
    if (data.outcome === null) return { data, text: 'It is under way; contacts show tells when it is done.' };
    throw new CommandError(
      data.reason ?? 'failed',
      OUTCOMES[data.reason ?? ''] ?? `It stopped: ${data.reason ?? ''} (dead-letters list).`,
    );
  });
}
