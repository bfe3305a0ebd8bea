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
  notice: id.optional(),
  lead: id.optional(),
  state: z.enum(DELIVERY_STATES).optional(),
  limit: limit.default(50),
  before: id.optional(),
});

export function addNoticesDeliveries(notices: Command, session: Session): void {
  const command = notices
    .command('deliveries')
    .description('what was to be delivered, newest first, and what became of it')
    .option('--notice <notice>', 'of one notice')
    .option('--lead <lead>', 'of one lead')
    .option('--state <state>', DELIVERY_STATES.join(', '))
    .option('--limit <n>', 'how many at most (default: 50)')
    .option('--before <delivery>', 'the last one of the page before');
  addAgencyOption(command);
  perform(command, session, input, async ({ agency, notice: noticeId, lead: leadId, ...page }) => {
    const { state, limit: most, before } = page;
    const filter = { noticeId, leadId, state, limit: most, before };
    const found = await inAgency(session, agency, (tx) => listDeliveries(tx, filter));
    const rows = found.map((each) => [
      each.id,
      each.createdAt,
      each.topic,
      each.channel,
      each.recipient,
      each.state,
      each.reason,
      each.attempts,
      each.leadId,
    ]);
    const headings = ['id', 'since', 'topic', 'channel', 'to', 'state', 'why', 'tries', 'lead'];
    return { data: found, text: formatTable(headings, rows, 'There are none.') };
  });
}
