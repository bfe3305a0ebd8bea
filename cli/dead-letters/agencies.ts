import type { Command } from 'commander';
import { z } from 'zod';
import { listOpenLettersByAgency } from '../../db/dead-letter-list.ts';
import { withSystemRole } from '../../db/scope.ts';
import { perform } from '../command.ts';
import { formatTable } from '../output.ts';
import type { Session } from '../session.ts';

export function addDeadLettersAgencies(letters: Command, session: Session): void {
  const agencies = letters.command('agencies').description('whose are open, by agency and capability, and since when');
  perform(agencies, session, z.object({}), async () => {
    const open = await withSystemRole(await session.db(), 'upkeep', listOpenLettersByAgency);
    const rows = open.map((each) => [
      each.agencyId ?? 'of none: unclaimed',
      each.capability,
      each.letters,
      each.oldestAt,
    ]);
    return {
      data: { open },
      text: formatTable(['agency', 'capability', 'letters', 'oldest'], rows, 'There are none.'),
    };
  });
}
