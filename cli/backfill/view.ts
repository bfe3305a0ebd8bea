import type { Transaction } from 'kysely';
import { type BackfillRun, findBackfillRun, listBackfillParts } from '../../db/backfill-runs.ts';
import type { Database } from '../../db/schema.ts';
import { viewBackfillPart, viewBackfillRun } from '../../domain/backfill-view.ts';
import { CommandError } from '../failure.ts';
import { type Answer, formatFields, formatTable } from '../output.ts';

export type ShownRun = ReturnType<typeof viewBackfillRun> & { parts: ReturnType<typeof viewBackfillPart>[] };

/** A run of the agency. @throws CommandError when there is none such */
export async function getNamedRun(tx: Transaction<Database>, id: string): Promise<BackfillRun> {
  const run = await findBackfillRun(tx, id);
  if (!run) throw new CommandError('unknown-backfill', `The agency has no backfill ${id}. backfill list shows them.`);
  return run;
}

/** A run with its parts. @throws CommandError when there is none such */
export async function getShownRun(tx: Transaction<Database>, id: string): Promise<ShownRun> {
  const run = await getNamedRun(tx, id);
  const parts = await listBackfillParts(tx, [run.id]);
  return { ...viewBackfillRun(run, parts), parts: parts.map(viewBackfillPart) };
}

const span = ({ from, to }: Pick<ShownRun, 'from' | 'to'>): string =>
  from === null && to === null ? 'all' : `${from?.toISOString() ?? ''} to ${to?.toISOString() ?? 'now'}`;

export function describeRun(run: ShownRun): Answer {
  const { progress, report } = run;
  const fields = {
    id: run.id,
    state: run.state,
    span: span(run),
    names: run.names,
    parts: `${progress.parts.ended} of ${progress.parts.total}`,
    listed: progress.listed,
    created: run.createdAt,
    ended: run.endedAt,
  };
  const rows = run.parts.map((part) => [
    part.locationId,
    part.resource,
    part.state,
    part.step,
    `${part.done} of ${part.total ?? '?'}`,
    part.ratePerSecond,
    part.secondsLeft === null ? null : formatSeconds(part.secondsLeft),
    part.cause,
  ]);
  const headings = ['location', 'resource', 'state', 'step', 'records', 'per second', 'left', 'cause'];
  const proof =
    report === null
      ? 'not checked yet'
      : formatFields({
          'listed by GHL': report.listed,
          'stored here': report.stored,
          'missing, now written': report.missing,
          'different, now written': report.different,
          'deleted meanwhile': report.deleted,
          'left to events and polls': report.leftToPoll,
        });
  return {
    data: run,
    text: [formatFields(fields), formatTable(headings, rows, 'no parts'), `Check\n${proof}`].join('\n\n'),
  };
}

/** A length of time as people say it. */
export function formatSeconds(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.ceil(seconds)} s`;
}
