import type { Command } from 'commander';
import { z } from 'zod';
import { redriveByFilter, redriveDeadLetter, REDRIVES_AT_ONCE } from '../../db/redrives.ts';
import {
  type RedriveResult,
  type RedriveSummary,
  markSettledAlong,
  summariseRedrives,
} from '../../domain/redrive-report.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { InputError } from '../failure.ts';
import { count, id, inAgencyInput } from '../inputs.ts';
import { type Answer, formatTable } from '../output.ts';
import type { Session } from '../session.ts';
import { addFilterOptions, filterInput, readFilter } from './filter.ts';
import { unknownLetter } from './show.ts';

const input = z.object({
  ...inAgencyInput,
  ...filterInput,
  letters: z.array(id).max(REDRIVES_AT_ONCE),
  all: z.boolean().default(false),
  dryRun: z.boolean().default(false),
  yes: z.boolean().default(false),
  limit: count(1, REDRIVES_AT_ONCE),
  cursor: id.optional(),
});
type Given = z.infer<typeof input>;

export function addDeadLettersRedrive(letters: Command, session: Session): void {
  const redrive = letters
    .command('redrive')
    .description('set work going again: some letters, or all that fit, of which it first says what would happen')
    .argument('[letters...]', 'their ids, as dead-letters list shows them');
  addFilterOptions(redrive)
    .option('--all', 'every open letter of the agency')
    .option('--dry-run', 'say what would happen to the letters that are named')
    .option('--yes', 'do it: for letters chosen by filter')
    .option('--limit <n>', 'how many by filter', String(REDRIVES_AT_ONCE))
    .option('--cursor <id>', 'go on after this letter');
  addAgencyOption(redrive);
  perform(redrive, session, input, (given) => {
    const { capability, cause, location, subject, olderThan, all } = given;
    const isFiltered = all || [capability, cause, location, subject, olderThan].some((each) => each !== undefined);
    if (isFiltered === given.letters.length > 0)
      throw new InputError(['wanted are either letters by their ids, or a filter such as --cause, or --all']);
    return isFiltered ? redriveFitting(session, given) : redriveNamed(session, given);
  });
}

async function redriveNamed(session: Session, { agency: agencyId, letters, dryRun: isDryRun }: Given): Promise<Answer> {
  const act = { actor: session.actor, origin: 'cli' as const, now: session.terminal.now() };
  await inAgency(session, agencyId, async () => {});
  const results: RedriveResult[] = [];
  for (const letterId of new Set(letters)) {
    const result = await redriveDeadLetter(await session.db(), { agencyId }, letterId, { act, isDryRun });
    if (!result) throw unknownLetter(letterId);
    results.push(result);
  }
  const marked = markSettledAlong(results);
  const text = describeGroups(summariseRedrives(marked), isDryRun);
  return { data: { dryRun: isDryRun, letters: marked }, text };
}

async function redriveFitting(session: Session, given: Given): Promise<Answer> {
  const { agency: agencyId, limit, cursor: after } = given;
  const isDryRun = !given.yes;
  const now = session.terminal.now();
  const filter = await inAgency(session, agencyId, (tx) => readFilter(tx, given, now));
  const act = { actor: session.actor, origin: 'cli' as const, now };
  const options = { act, isDryRun, page: { after, limit } };
  const report = await redriveByFilter(await session.db(), { agencyId }, filter, options);
  const { groups, remaining, nextCursor } = report;
  const more = nextCursor === null ? '' : `\n${remaining} more: --cursor ${nextCursor}`;
  const hint = isDryRun && groups.some(({ outcome }) => outcome === 'redriven') ? '\n--yes does it.' : '';
  const data = { dryRun: isDryRun, groups, remaining, nextCursor };
  return { data, text: `${describeGroups(groups, isDryRun)}${more}${hint}` };
}

const OUTCOMES: Record<RedriveResult['outcome'], [done: string, dry: string]> = {
  redriven: ['redriven', 'would be redriven'],
  refused: ['cannot be', 'cannot be'],
  'already-redriven': ['was before', 'was before'],
  'not-open': ['not open', 'not open'],
  'settled-along': ['settled along', 'would be settled along'],
};

function describeGroups(groups: RedriveSummary[], isDryRun: boolean): string {
  const rows = groups.map((group) => [
    group.letters,
    OUTCOMES[group.outcome][isDryRun ? 1 : 0],
    group.capability,
    group.cause,
    `${group.code}: ${group.reason}${group.alsoSettles === 0 ? '' : ` (settles ${group.alsoSettles} more along)`}`,
  ]);
  return formatTable(['letters', 'outcome', 'capability', 'cause', 'how, or why not'], rows, 'There are none.');
}
