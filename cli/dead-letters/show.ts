import type { Command } from 'commander';
import type { Transaction } from 'kysely';
import { z } from 'zod';
import { listAuditEntries } from '../../db/audit-log.ts';
import { type DeadLetter, findDeadLetter } from '../../db/dead-letter-list.ts';
import type { Database } from '../../db/schema.ts';
import { type Config, publicUrlOf } from '../../config.ts';
import { viewDeadLetter } from '../../domain/dead-letter-view.ts';
import { addAgencyOption, inAgency, perform } from '../command.ts';
import { CommandError } from '../failure.ts';
import { id, inAgencyInput } from '../inputs.ts';
import { formatFields, formatTable } from '../output.ts';
import type { Session } from '../session.ts';

const input = z.object({ ...inAgencyInput, letter: id });
const ACTS = 20;

export const unknownLetter = (letterId: string): CommandError =>
  new CommandError(
    'unknown-dead-letter',
    `There is no such dead letter here: ${letterId}. dead-letters list shows an agency’s, dead-letters unclaimed those of none.`,
  );

export function addDeadLettersShow(letters: Command, session: Session): void {
  const show = letters
    .command('show')
    .description('one letter: what stopped, what can be done, and what was done')
    .argument('<letter>', 'its id, as dead-letters list shows it');
  addAgencyOption(show);
  perform(show, session, input, async ({ agency, letter: letterId }) => {
    const { letter, acts } = await inAgency(session, agency, (tx) => read(tx, agency, letterId));
    const view = viewDeadLetter(letter);
    const workflowUrl = view.workflowId === null ? null : linkTo(await session.config(), view.workflowId);
    const { subject, redrive, ...plain } = view;
    const fields = {
      ...plain,
      about: `${subject.kind}:${subject.id}`,
      workflowUrl,
      redrive: `${redrive.possible ? 'yes' : 'no'} (${redrive.code}): ${redrive.reason}`,
    };
    const rows = acts.map(({ at, actor, action, subject: about }) => [at, actor, action, about]);
    const done = formatTable(['at', 'by', 'did', 'to'], rows, 'Nobody has done anything yet.');
    return { data: { ...view, workflowUrl, acts }, text: `${formatFields(fields)}\n\n${done}` };
  });
}

async function read(tx: Transaction<Database>, agencyId: string, letterId: string) {
  const letter = await findDeadLetter(tx, letterId);
  if (!letter) throw unknownLetter(letterId);
  const acts = [];
  for (const subject of [`dead-letter:${letterId}`, aboutOf(letter)])
    acts.push(...(await listAuditEntries(tx, { agencyId, subject, limit: ACTS })));
  return { letter, acts: acts.map(({ at, actor, action, subject }) => ({ at, actor, action, subject })) };
}

const aboutOf = (letter: DeadLetter): string => `${letter.subject_kind}:${letter.subject_id}`;

/** Where the Web UI shows a workflow; null when there is none. */
function linkTo(config: Config, workflowId: string): string | null {
  if (config.TEMPORAL_UI_URL === undefined) return null;
  const path = `namespaces/${config.TEMPORAL_NAMESPACE}/workflows/${encodeURIComponent(workflowId)}`;
  return `${publicUrlOf(config)}/temporal/${path}`;
}
