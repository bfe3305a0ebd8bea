import { sql } from 'kysely';
import { v7 as uuidv7 } from 'uuid';
import { addDeadLetter, type NewDeadLetter } from '../../db/dead-letters.ts';
import { withScope } from '../../db/scope.ts';
import type { TestAgency } from './agency.ts';
import { waitFor } from '../stack/wait.ts';
import type { ApiWorld } from './api-world.ts';
import type { Handover } from './fake-client.ts';

const post = (world: ApiWorld, path: string, body: object = {}, key = world.agency.keys.agency) =>
  world.http.post(`/v1/dead-letters${path}`).set('authorization', `Bearer ${key}`).send(body);

/** Dead letters of an agency's branch, and what the API does with them. */
export const createLetterHarness = (world: ApiWorld) => ({
  /** Puts a letter before an operator, as its writer does. @returns its id */
  letter: async (more: Partial<NewDeadLetter> = {}, agency: TestAgency = world.agency): Promise<string> => {
    const { agencyId } = agency;
    const letter: NewDeadLetter = {
      agencyId,
      locationId: agency.branch.id,
      capability: 'lead-intake',
      cause: 'step:reassign:X',
      advice: 'Ask for it again.',
      subject: { kind: 'lead', id: uuidv7() },
      workflowId: null,
      ...more,
    };
    await withScope(world.db, { agencyId }, (tx) => addDeadLetter(tx, letter));
    const { id } = await world.ownerDb
      .selectFrom('dead_letters')
      .select('id')
      .where('subject_id', '=', letter.subject.id)
      .where('cause', '=', letter.cause)
      .where('resolved_at', 'is', null)
      .executeTakeFirstOrThrow();
    return id;
  },
  get: (path: string, key = world.agency.keys.agency) =>
    world.http.get(`/v1/dead-letters${path}`).set('authorization', `Bearer ${key}`),
  post: (path: string, body: object = {}, key?: string) => post(world, path, body, key),
  redrive: (id: string) => post(world, `/${id}/redrive`),
  /** Forgets all letters, and what is in the inbox or was handed over. */
  async empty(): Promise<void> {
    for (const table of ['dead_letters', 'event_capabilities'] as const) {
      await world.ownerDb.transaction().execute(async (tx) => {
        // What the API still has in hand of the test before holds rows in an order of its own: that ends first.
        await sql`lock table ${sql.table(table)} in exclusive mode`.execute(tx);
        await tx.deleteFrom(table).execute();
      });
    }
    world.client.handovers = [];
  },
  handed: (method: Handover['method']) =>
    waitFor(`a handover by ${method}`, () => world.client.handovers.find((each) => each.method === method)),
  nothingPending: () =>
    waitFor('the inbox', async () => {
      const pending = world.ownerDb.selectFrom('event_capabilities').select('sequence').where('state', '=', 'pending');
      return (await pending.execute()).length === 0;
    }),
  /** The letter as it stands now. */
  stored: (id: string) =>
    world.ownerDb.selectFrom('dead_letters').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
});

export type LetterHarness = ReturnType<typeof createLetterHarness>;
