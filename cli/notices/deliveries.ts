import type { Command } from 'commander';
import { z } from 'zod';
import { listDeliveries } from '../../db/notice-deliveries.ts';
import { DELIVERY_STATES } from '../../domain/notice.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { id, inAgencyInput, limit } from '../inputs.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({
  ...inAgencyInput,
  lead: id.optional(),
  state: z.enum(DELIVERY_STATES).optional(),
  limit: limit.default(50),
});

export function addNoticesDeliveries(notices: Command, session: Session): void {
  const command = notices
    .command('deliveries')
    .description('what was to be delivered, newest first, and what became of it')
    .option('--lead <lead>', 'of one lead')
    .option('--state <state>', DELIVERY_STATES.join(', '))
    .option('--limit <n>', 'how many at most (default: 50)');
  addAgencyOption(command);
  perform(command, session, input, async ({ agency, lead: leadId, state, limit: most }) => {
    const found = await inAgency(session, agency, (tx) => listDeliveries(tx, { leadId, state, limit: most }));
    const rows = found.map((each) => [
      each.createdAt,
      each.topic,
      each.channel,
      each.recipient,
      each.state,
      each.reason,
      each.attempts,
      each.leadId,
    ]);
    const headings = ['since', 'topic', 'channel', 'to', 'state', 'why', 'tries', 'lead'];
    return { data: found, text: formatTable(headings, rows, 'There are none.') };
  });
}
