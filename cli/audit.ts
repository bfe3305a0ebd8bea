import type { Command } from 'commander';
import { z } from 'zod';
import { findBrokenAuditLink, listAuditEntries } from '../db/audit-log.ts';
import { addAgencyOption, inAgency, perform } from './command.ts';
import { CommandError } from './failure.ts';
import { inAgencyInput, limit, text } from './inputs.ts';
import { type Answer, formatTable } from './output.ts';
import type { Session } from './session.ts';

const verifyInput = z.object(inAgencyInput);
const listInput = z.object({ ...inAgencyInput, subject: text(200).optional(), limit });

export function addAuditCommands(program: Command, session: Session): void {
  const audit = program.command('audit').description('who did what: each row holds the hash of the one before it');
  const list = audit
    .command('list')
    .description('the latest acts, the newest first')
    .option('--subject <what>', 'of one thing only, such as location:<id>')
    .option('--limit <n>', 'how many', '50');
  addAgencyOption(list);
  perform(list, session, listInput, (given) => showEntries(session, given));
  const verify = audit.command('verify').description('check that no row of the agency’s log was changed or removed');
  addAgencyOption(verify);
  perform(verify, session, verifyInput, (given) => verifyChain(session, given.agency));
}

async function showEntries(session: Session, given: z.infer<typeof listInput>): Promise<Answer> {
  const filter = { agencyId: given.agency, subject: given.subject, limit: given.limit };
  return describeEntries(await inAgency(session, given.agency, (tx) => listAuditEntries(tx, filter)));
}

/** Shows acts, of a tenant or of operators. */
export function describeEntries(found: Awaited<ReturnType<typeof listAuditEntries>>): Answer {
  const entries = found.map((entry) => ({
    sequence: Number(entry.sequence),
    at: entry.at,
    actor: entry.actor,
    action: entry.action,
    subject: entry.subject,
    before: entry.before,
    after: entry.after,
    origin: entry.origin,
  }));
  const rows = entries.map((entry) => [
    entry.sequence,
    entry.at,
    entry.actor,
    entry.action,
    entry.subject,
    entry.origin,
  ]);
  return { data: entries, text: formatTable(['no.', 'at', 'who', 'did', 'what', 'from'], rows, 'The log is empty.') };
}

async function verifyChain(session: Session, agencyId: string): Promise<Answer> {
  return describeChain(await inAgency(session, agencyId, (tx) => findBrokenAuditLink(tx, agencyId)));
}

/** @throws CommandError when a row of the log does not fit */
export function describeChain(broken: string | undefined): Answer {
  if (broken !== undefined) {
    const advice = 'Compare it and its neighbours with a backup, and find out who can write as the owner.';
    throw new CommandError('audit-broken', `The log is not whole: row ${broken} does not fit. ${advice}`);
  }
  return { data: { whole: true }, text: 'The log is whole.' };
}
