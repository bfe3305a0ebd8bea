import type { Command } from 'commander';
import { z } from 'zod';
import { listRefusedDeliveries } from '../../db/refused-deliveries.ts';
import { withSystemRole } from '../../db/scope.ts';
import { perform } from '../command.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';

/** As much of a digest as tells two apart. */
const SHOWN_DIGEST = 12;

export function addQuarantineList(quarantine: Command, session: Session): void {
  const list = quarantine
    .command('list')
    .description(
      'when each came, which check refused it, its size, digest and the names of its headers; nothing is opened',
    );
  perform(list, session, z.object({}), async () => {
    const deliveries = await withSystemRole(await session.db(), 'operators', listRefusedDeliveries);
    const rows = deliveries.map((each) => [
      each.id,
      each.receivedAt,
      each.path,
      each.reason,
      each.bodyBytes,
      each.digest?.slice(0, SHOWN_DIGEST) ?? null,
      each.takenAt,
      (each.headerNames ?? []).join(' '),
    ]);
    const heads = ['id', 'received', 'path', 'refused', 'bytes', 'digest', 'taken', 'headers'];
    return { data: { deliveries }, text: formatTable(heads, rows, 'There are none.') };
  });
}
