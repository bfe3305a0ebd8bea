import type { Kysely, Transaction } from 'kysely';
import type { Logger } from 'pino';
import type { BrokenLead, SwitchyardClient } from '../client.ts';
import { addDeadLetter, hasOpenDeadLetter, resolveDeadLetters } from '../db/dead-letters.ts';
import { findLead } from '../db/leads.ts';
import type { Database, Lead } from '../db/schema.ts';
import { withScope } from '../db/scope.ts';
import { redriveCommand } from '../domain/lead-redrive.ts';
import { leadIntakeWorkflowId } from '../domain/workflow-ids.ts';
import { describeError } from './error-description.ts';
import { createRounds, type Rounds } from './rounds.ts';

export interface StuckLeadWatch extends Rounds {
  /** Looks once. @returns how many open leads have no workflow any more */
  check(): Promise<number>;
}

export interface StuckLeadDeps {
  db: Kysely<Database>;
  client: Pick<SwitchyardClient, 'leadFate' | 'listBrokenLeads'>;
  logger: Logger;
  now: () => Date;
}

const EVERY_MS = 5 * 60_000;
/** How far back the first look goes, and how much two looks overlap, because Temporal's list follows a little later. */
const FIRST_LOOK_MS = 72 * 3_600_000;
const OVERLAP_MS = 10 * 60_000;
/** More than this at once is one cause, and mending it is what counts. */
const LIMIT = 5_000;

/**
 * Finds open leads whose workflow failed or was ended by force, and puts each before an operator once: such a lead would
 * wait for ever. It costs one query to Temporal a look, and something for each lead found. Safe to repeat, and in
 * several processes at once.
 */
export function createStuckLeadWatch({ db, client, logger, now }: StuckLeadDeps): StuckLeadWatch {
  let since = new Date(now().getTime() - FIRST_LOOK_MS);

  async function check(): Promise<number> {
    const startedAtMs = now().getTime();
    const broken = await client.listBrokenLeads(since, LIMIT);
    let stuck = 0;
    for (const lead of broken) if (await judge(lead)) stuck += 1;
    if (broken.length < LIMIT) since = new Date(startedAtMs - OVERLAP_MS);
    else
      logger.error({ alert: 'many-leads-stuck', limit: LIMIT }, 'more leads lost their workflow than one look takes');
    return stuck;
  }

  async function judge({ agencyId, leadId, ending, endedAt }: BrokenLead): Promise<boolean> {
    const read = () => withScope(db, { agencyId }, (tx) => findLead(tx, leadId));
    const lead = await read();
    if (!lead || lead.state === 'closed') return false;
    // An operator may have reset it: then a later run of it goes on.
    if ((await client.leadFate({ agencyId, leadId })) !== 'broken') return false;
    await reportStuckLead({ db, client, now }, lead, ending, endedAt);
    return true;
  }

  const rounds = createRounds(EVERY_MS, check, (error) =>
    logger.warn({ error: describeError(error) }, 'stuck leads could not be looked for'),
  );
  return { check, ...rounds };
}

/**
 * Puts an open lead without a workflow before an operator, and looks once more: whoever set it going meanwhile settled
 * what was open then, and not this. Repeating it changes nothing.
 * @param ending how the workflow ended, as a code word
 * @param endedAt when; who does not know it tells of what the look for such leads has told already
 * @throws TemporalUnavailableError; the letter is there then
 */
export async function reportStuckLead(
  { db, client, now }: Pick<StuckLeadDeps, 'db' | 'now'> & { client: Pick<SwitchyardClient, 'leadFate'> },
  lead: Lead,
  ending: string,
  endedAt: Date | null = null,
): Promise<void> {
  const { agency_id: agencyId, id: leadId } = lead;
  await withScope(db, { agencyId }, (tx) => recordStuckLead(tx, lead, ending, endedAt));
  if ((await client.leadFate({ agencyId, leadId })) !== 'running') return;
  const about = { subjectId: leadId, causePrefix: 'stuck' };
  await withScope(db, { agencyId }, (tx) => resolveDeadLetters(tx, about, 'runs-again', now()));
}

/** A letter that says why the workflow failed says it all. */
async function recordStuckLead(
  tx: Transaction<Database>,
  lead: Lead,
  ending: string,
  endedAt: Date | null,
): Promise<void> {
  if (await hasOpenDeadLetter(tx, lead.id, 'unroutable:')) return;
  const workflowId = leadIntakeWorkflowId(lead.agency_id, lead.id);
  await addDeadLetter(tx, {
    agencyId: lead.agency_id,
    locationId: lead.location_id ?? lead.intake_location_id,
    capability: 'lead-intake',
    cause: 'stuck',
    advice: `The lead is open but its workflow has ended (${ending}). Mend the cause, then run \`${redriveCommand({ agencyId: lead.agency_id, leadId: lead.id })}\`: what is done already is not done again.`,
    subject: { kind: 'lead', id: lead.id },
    workflowId,
    failedAt: endedAt ?? new Date(0),
  });
}
