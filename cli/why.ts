import type { Command } from 'commander';
import { z } from 'zod';
import { findEventByWebhookId } from '../db/story.ts';
import { withSystemRole } from '../db/scope.ts';
import { addAgencyOption, inAgency, perform } from './command.ts';
import { inAgencyInput } from './inputs.ts';
import type { Answer } from './output.ts';
import type { Session } from './session.ts';
import { findSubject, KINDS, readStory } from './why/find.ts';
import { describeStory } from './why/view.ts';
import { lookAtWorkflows } from './why/workflow.ts';

const anyId = z
  .string()
  .trim()
  .regex(/^[\w:.-]{1,200}$/, 'wanted is an id: letters, digits, -, _, : and .');
const kind = z.enum(KINDS, `wanted is one of ${KINDS.join(', ')}`);
/** `why <id>`, or `why <kind> <id>` where an id could name two things. */
const input = z.object({ ...inAgencyInput, what: z.string(), id: anyId.optional() }).transform((given, context) => {
  const read = given.id === undefined ? anyId.safeParse(given.what) : kind.safeParse(given.what);
  if (read.success) return { agency: given.agency, what: read.data, id: given.id };
  for (const { message } of read.error.issues) context.addIssue({ code: 'custom', message, path: ['what'] });
  return z.NEVER;
});

export function addWhyCommand(program: Command, session: Session): void {
  const why = program
    .command('why')
    .description(
      'what happened to a lead, contact, event or message, and why: one screen from the database and Temporal',
    )
    .argument('<what>', `the id; or ${KINDS.join(', ')} and then the id`)
    .argument('[id]', 'a lead’s or contact’s id here, an id of GHL’s, or the webhook’s id of an event');
  addAgencyOption(why);
  perform(why, session, input, ({ agency, what, id }) => tellStory(session, agency, readAsked(what, id)));
}

const readAsked = (what: string, id: string | undefined) =>
  id === undefined ? { kind: undefined, id: what } : { kind: kind.parse(what), id };

async function tellStory(session: Session, agencyId: string, asked: ReturnType<typeof readAsked>): Promise<Answer> {
  const key = { agencyId, webhookId: asked.id };
  const webhookEventId = await withSystemRole(await session.db(), 'intake', (tx) => findEventByWebhookId(tx, key));
  const story = await inAgency(session, agencyId, async (tx) =>
    readStory(tx, await findSubject(tx, { ...asked, webhookEventId })),
  );
  return describeStory(story, await lookAtWorkflows(session, story.workflowIds), agencyId);
}
