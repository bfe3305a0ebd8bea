import type { Command } from 'commander';
import { z } from 'zod';
import { listAuditEntries } from '../../db/audit-log.ts';
import { findEndpoint } from '../../db/webhook-endpoints.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { formatFields, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { ENDPOINT_ARGUMENT, ofEndpointInput, unknownEndpoint } from './endpoint.ts';
import { describeState, describeTopics } from './list.ts';

const input = z.object(ofEndpointInput);
const ACTS = 20;

export function addWebhooksShow(webhooks: Command, session: Session): void {
  const show = webhooks
    .command('show')
    .description('one endpoint, and what was done with it')
    .argument('<endpoint>', ENDPOINT_ARGUMENT);
  addAgencyOption(show);
  perform(show, session, input, async ({ agency: agencyId, endpoint: endpointId }) => {
    const { endpoint, acts } = await inAgency(session, agencyId, async (tx) => {
      const found = await findEndpoint(tx, endpointId);
      if (!found) throw unknownEndpoint(endpointId);
      const subject = `webhook-endpoint:${endpointId}`;
      return { endpoint: found, acts: await listAuditEntries(tx, { agencyId, subject, limit: ACTS }) };
    });
    const { subscriptions: _, state: __, ...plain } = endpoint;
    const fields = { ...plain, state: describeState(endpoint), hearsOf: describeTopics(endpoint) };
    const done = acts.map(({ at, actor, action }) => ({ at, actor, action }));
    const rows = done.map(({ at, actor, action }) => [at, actor, action]);
    const table = formatTable(['at', 'by', 'did'], rows, 'Nobody has done anything yet.');
    return { data: { ...endpoint, acts: done }, text: `${formatFields(fields)}\n\n${table}` };
  });
}
