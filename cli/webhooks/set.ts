import type { Command } from 'commander';
import { z } from 'zod';
import { changeEndpoint } from '../../db/webhook-endpoint-acts.ts';
import { findEndpoint } from '../../db/webhook-endpoints.ts';
import { NOTICE_TOPICS } from '../../domain/notice.ts';
import { endpointChange } from '../../domain/webhook-endpoint-schema.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { InputError } from '../failure.ts';
import { type Answer, formatFields } from '../output.ts';
import type { Session } from '../session.ts';
import { actOf, ENDPOINT_ARGUMENT, hearsOfNothing, ofEndpointInput, readUrl, unknownEndpoint } from './endpoint.ts';
import { describeTopics } from './list.ts';

const { url, description, topics: topic } = endpointChange;
const input = z.object({ ...ofEndpointInput, url, description, topic });

export function addWebhooksSet(webhooks: Command, session: Session): void {
  const set = webhooks
    .command('set')
    .description('change an endpoint; what is not named stays, its secret and its state too')
    .argument('<endpoint>', ENDPOINT_ARGUMENT)
    .option('--url <url>', 'https, and of the Internet; what waits goes there')
    .option('--topic <topic...>', `what it hears of from now on: ${NOTICE_TOPICS.join(', ')}`)
    .option('--description <text>', 'what it is for');
  addAgencyOption(set);
  perform(set, session, input, (given) => setEndpoint(session, given));
}

async function setEndpoint(session: Session, given: z.infer<typeof input>): Promise<Answer> {
  const { agency, endpoint: id, description, topic: topics } = given;
  if (given.url === undefined && description === undefined && topics === undefined)
    throw new InputError(['Name at least one thing to change (--help lists them).']);
  const url = given.url === undefined ? undefined : readUrl(given.url, await session.config());
  const endpoint = await inAgency(session, agency, async (tx) => {
    const outcome = await changeEndpoint(tx, actOf(session, agency), { id, url, description, topics });
    if (outcome === 'hears-of-nothing') throw hearsOfNothing();
    const found = await findEndpoint(tx, id);
    if (!found) throw unknownEndpoint(id);
    return found;
  });
  const { host } = new URL(endpoint.url);
  const fields = { id, host, description: endpoint.description, hearsOf: describeTopics(endpoint) };
  return { data: endpoint, text: formatFields(fields) };
}
