import type { Command } from 'commander';
import { z } from 'zod';
import { withSystemRole } from '../../db/scope.ts';
import { measureRetention } from '../../db/retention-measure.ts';
import { perform } from '../command.ts';
import { type Answer, formatFields, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { describeDue, findDue } from './due.ts';

export function addUpkeepShow(upkeep: Command, session: Session): void {
  const show = upkeep.command('show').description('when it last ran, what it has done, and what the next run finds');
  perform(show, session, z.object({}), () => showUpkeep(session));
}

async function showUpkeep(session: Session): Promise<Answer> {
  const config = await session.config();
  const db = await session.db();
  const now = session.terminal.now();
  const measured = await withSystemRole(db, 'upkeep', (tx) => measureRetention(tx, now));
  const due = await findDue(db, config);
  const kept = { months: config.RETENTION_MONTHS, days: config.RETENTION_DAYS };
  const periods = (of: Record<string, number | null>) => Object.entries(of).map(([name, n]) => [name, n ?? 'never']);
  const parts = [
    formatFields({ 'last run that did all': measured.lastRunAt ?? 'never' }),
    formatTable(
      ['table', 'oldest month', 'months ahead', 'months kept'],
      measured.tables.map(({ table, oldest, ahead }) => [
        table,
        oldest.slice(0, 7),
        ahead,
        (kept.months as Record<string, number | null>)[table] ?? 'all',
      ]),
      'No table is kept by months.',
    ),
    formatTable(['of', 'goes after days'], periods(kept.days), ''),
    formatTable(
      ['done so far', 'of', 'in all', 'last'],
      measured.done.map(({ step, kind, total, lastAt }) => [step, kind, total, lastAt]),
      'Nothing had to be done so far.',
    ),
    describeDue(due),
  ];
  return { data: { ...measured, kept, due }, text: parts.join('\n\n') };
}
