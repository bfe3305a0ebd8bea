import type { Command } from 'commander';
import { z } from 'zod';
import { createEndpoint } from '../../db/webhook-endpoint-acts.ts';
import { NOTICE_TOPICS } from '../../domain/notice.ts';
import { ENDPOINTS_PER_AGENCY } from '../../domain/webhook-endpoint.ts';
import { endpointDescription, endpointTopics } from '../../domain/webhook-endpoint-schema.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { inAgencyInput } from '../inputs.ts';
import { getNamedLocation, locationReference } from '../locations/reference.ts';
import type { Answer } from '../output.ts';
import type { Session } from '../session.ts';
import { actOf, readUrl } from './endpoint.ts';

const input = z.object({
  ...inAgencyInput,
  url: z.string().trim(),
  location: locationReference.optional(),
  topic: endpointTopics,
  description: endpointDescription,
});

export function addWebhooksCreate(webhooks: Command, session: Session): void {
  const create = webhooks
    .command('create')
    .description('add an endpoint; its secret is shown once')
    .argument('<url>', 'https, and of the Internet')
    .option('--location <location>', 'our id or GHL’s: only what happens there and below (default: the whole agency)')
    .option('--topic <topic...>', `${NOTICE_TOPICS.join(', ')} (default: all)`)
    .option('--description <text>', 'what it is for');
  addAgencyOption(create);
  perform(create, session, input, (given) => addEndpoint(session, given));
}

async function addEndpoint(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency: agencyId, description, topic: topics } = given;
  const config = await session.config();
  const url = readUrl(given.url, config);
  const made = await inAgency(session, agencyId, async (tx) => {
    const locationId = given.location === undefined ? null : (await getNamedLocation(tx, given.location)).id;
    const wish = { url, description, locationId, topics };
    return createEndpoint(tx, config.ENCRYPTION_KEYS, actOf(session, agencyId), wish);
  });
  if (!made) {
    const message = `An agency has ${ENDPOINTS_PER_AGENCY} endpoints at most: webhooks delete one that is not used.`;
    throw new CommandError('too-many-webhook-endpoints', message);
  }
  const text = `${made.secret}\n\nKeep it now: it is not shown again. Receivers verify by it (docs/webhooks-out.md).\nThe endpoint’s id: ${made.id}. Try it: webhooks test ${made.id}`;
  return { data: { ...made, url, topics }, text };
}
