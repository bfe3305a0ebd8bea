import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { gatherWork, handOver } from '../../../api/work.ts';
import { createService } from '../../../api/service.ts';
import { setConflictPolicy } from '../../../db/conflict-policies.ts';
import { resolveConflict } from '../../../db/contact-conflicts.ts';
import { changeContact, makeContact, redriveContact } from '../../../db/contact-changes.ts';
import { requestMerge } from '../../../db/contact-merges.ts';
import { type Contact, findContactByGhlId, lockContact } from '../../../db/contacts.ts';
import { claimDueWork, markWorkStarted } from '../../../db/event-capabilities.ts';
import { withScope, withSystemRole } from '../../../db/scope.ts';
import type { ConflictPolicy } from '../../../domain/contact-conflict.ts';
import type { FaultInput } from '../../../simulator/faults.ts';
import { startReceiver } from '../../simulator/receiver.ts';
import { run, startActivityBench } from '../../stack/activity-bench.ts';
import { CONNECT_TIMEOUT_MS } from '../../stack/database.ts';
import { smallAgency } from '../../stack/small-agency.ts';
import { createTestLogger } from '../../stack/test-logger.ts';
import { waitFor } from '../../stack/wait.ts';
import { createBenchAgency } from '../bench-agency.ts';
import { createPollWorld } from '../poll-world.ts';
import { openGate } from './gate.ts';
import { asChanges, type Change, typedInGhl } from './model-fields.ts';
import { SteppedWorkflows } from './workflows.ts';

/** What the property empties between two runs, what refers to others first. */
const TABLES = [
  'contact_edits',
  'contact_merges',
  'contact_keys',
  'webhook_gaps',
  'sweep_pages',
  'contacts',
  'conflict_policies',
  'event_capabilities',
  'dead_letters',
] as const;

/**
 * One location with all the real parts under its contacts: Postgres, the simulator behind a gate, its signed webhooks, the
 * API that takes them, the inbox, and the activities. Two clocks, ours and GHL's, go together and can be moved.
 */
export async function startReal() {
  const gate = await openGate();
  // A breaker that opens would only be waited for: what it does has tests of its own.
  const bench = await startActivityBench({ ghl: { baseUrl: gate.url, breaker: { minimumCalls: 1_000_000 } } });
  gate.target = bench.simulatorUrl;
  const { simulator, database, keys } = bench;
  const { db, ownerDb } = database;
  const agency = createBenchAgency(bench, 'one', await bench.plant(smallAgency('one')));
  const polls = createPollWorld(bench, agency, 'chelsea');
  const { agencyId, locationId, ghlLocationId } = polls;
  await simulator.setBehaviour({ accessTokenSeconds: 1_000_000_000 });
  await simulator.changeLocation(ghlLocationId, { settings: { allowDuplicateContact: true } });
  for (const kind of ['delta', 'sweep'] as const) await polls.round('contact', kind);

  let movedMs = 0;
  const now = (): Date => new Date(Date.now() + movedMs);
  Object.defineProperty(bench.clock, 'at', { get: now });
  const receiver = await startReceiver();
  const workflows = new SteppedWorkflows(bench);
  const { publicKeyPem } = await simulator.getWebhooks();
  const publicKeys = [createPublicKey(publicKeyPem)];
  const service = createService({
    db,
    keys,
    client: workflows,
    publicKeys,
    logger: createTestLogger(),
    now,
    intakeWaitMs: CONNECT_TIMEOUT_MS,
  });
  const api = createServer(service.app).listen(0, '127.0.0.1');
  await once(api, 'listening');
  const webhookUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}/webhooks/ghl`;

  const asAgency = <T>(work: Parameters<typeof withScope<T>>[2]): Promise<T> => withScope(db, { agencyId }, work);
  const act = (actor: string) => ({ actor, origin: 'api' as const, now: now() });
  const operator = () => ({ actor: 'cli:tester', origin: 'cli' as const, now: now() });
  const place = { agencyId, locationId };

  const real = {
    ...place,
    ghlLocationId,
    bench,
    gate,
    polls,
    workflows,
    now,
    /** No two changes are made at one moment of GHL's clock. */
    async nextMoment(): Promise<void> {
      const from = Date.now();
      while (Date.now() === from) await new Promise((resolve) => setImmediate(resolve));
    },
    async passTime(ms: number): Promise<void> {
      await simulator.advanceClock(ms);
      movedMs += ms;
    },
    /** The contact as the mirror has it. */
    find: (ghlId: string): Promise<Contact | undefined> => asAgency((tx) => findContactByGhlId(tx, locationId, ghlId)),
    change: async (contactId: string, change: Change, actor: string): Promise<Date> => {
      const made = act(actor);
      await asAgency(async (tx) => changeContact(tx, (await lockContact(tx, contactId))!, asChanges([change]), made));
      return made.now;
    },
    make: async (email: string, changes: readonly Change[], actor: string): Promise<{ id: string; at: Date }> => {
      const made = act(actor);
      const all = [{ field: 'email' as const, value: email }, ...asChanges(changes)];
      const { id } = await asAgency((tx) => makeContact(tx, place, all, made));
      return { id, at: made.now };
    },
    createThere: (email: string, changes: readonly Change[]) =>
      simulator.createContact({
        locationId: ghlLocationId,
        email,
        ...changes.reduce(
          (typed, change) => ({ ...typed, ...typedInGhl(change, typed.tags ?? []) }),
          {} as { tags?: string[] },
        ),
      }),
    redrive: (contactId: string) =>
      asAgency(async (tx) => redriveContact(tx, (await lockContact(tx, contactId))!, now())),
    setPolicy: (field: string, policy: ConflictPolicy | null) =>
      asAgency((tx) => setConflictPolicy(tx, { ...place, field }, policy)),
    answer: async (contactId: string, field: string, keep: 'ours' | 'ghl') => {
      const held = await ownerDb
        .selectFrom('contact_edits')
        .select('id')
        .where('contact_id', '=', contactId)
        .where('field', '=', field)
        .where('state', '=', 'held')
        .executeTakeFirstOrThrow();
      return asAgency((tx) => resolveConflict(tx, held.id, { keep }, operator()));
    },
    /** Asks for a merge and takes its steps, each as often as GHL's answers get lost. @returns how it ended */
    async merge(survivorId: string, loserId: string): Promise<string> {
      const asked = await asAgency((tx) => requestMerge(tx, { survivorId, loserId, acceptsLoss: true }, operator()));
      if ('refused' in asked) return asked.refused;
      const args = { agencyId, mergeId: asked.mergeId };
      const { mergesGhl, merges } = bench;
      const reason = await trying(() => run(mergesGhl.judgeContactMerge, args));
      if (reason !== 'ok') {
        await run(merges.endContactMerge, { ...args, outcome: 'refused' as const, reason });
        return reason;
      }
      await trying(() => run(mergesGhl.absorbContact, args));
      await trying(() => run(mergesGhl.finishContactMerge, args));
      return 'merged';
    },
    addFault: (fault: FaultInput) => simulator.addFault(fault),
    /** The webhooks that GHL has sent and nobody has taken yet, oldest first. */
    async webhooks() {
      await waitFor('the webhooks', async () => (await simulator.getStats()).webhooks.pending === 0);
      return receiver.received;
    },
    async deliver({ raw, headers }: { raw: Buffer; headers: NodeJS.Dict<string | string[]> }): Promise<void> {
      const answer = await fetch(webhookUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-ghl-signature': String(headers['x-ghl-signature']) },
        body: new Uint8Array(raw),
      });
      expect(answer.status).toBe(200);
    },
    /** Hands what waits in the inbox to the workflows, as the relay does. */
    async handOver(): Promise<void> {
      await ownerDb
        .updateTable('event_capabilities')
        .set({ due_at: sql<Date>`now()` })
        .where('state', '=', 'pending')
        .execute();
      for (;;) {
        const options = { limit: 100, perLocation: 100, leaseMs: 10_000 };
        const claimed = await withSystemRole(db, 'relay', (tx) => claimDueWork(tx, options));
        if (claimed.length === 0) return;
        for (const group of gatherWork(claimed)) {
          await handOver(workflows, group);
          for (const work of group)
            await withSystemRole(db, 'relay', (tx) => markWorkStarted(tx, work.causeId, work.workflowId));
        }
      }
    },
    /** Every change of ours, oldest first. */
    edits: () =>
      ownerDb.selectFrom('contact_edits').selectAll().where('location_id', '=', locationId).orderBy('id').execute(),
    contacts: () => ownerDb.selectFrom('contacts').selectAll().where('location_id', '=', locationId).execute(),
    letters: () => agency.letters(),
    /** Takes everything away that a run has left, here and in GHL. */
    async clear(listsLag: boolean): Promise<void> {
      gate.beforeEach = undefined;
      await simulator.clearFaults();
      await simulator.setWebhooks({ url: null });
      for (const { id } of await simulator.listContacts(ghlLocationId)) await simulator.deleteContact(id);
      await real.webhooks();
      receiver.received.length = 0;
      workflows.forget();
      for (const table of TABLES)
        await sql`delete from ${sql.table(table)} where agency_id = ${agencyId}`.execute(ownerDb);
      // What lists do not show yet is of the run before.
      await real.passTime(LAG_MS);
      await simulator.setBehaviour({ searchLagMs: listsLag ? LAG_MS : 0 });
      await simulator.setWebhooks({ url: receiver.url, concurrency: 1 });
      for (const kind of ['delta', 'sweep'] as const) await polls.round('contact', kind);
    },
    async stop(): Promise<void> {
      await service.stop();
      api.closeAllConnections();
      api.close();
      await bench.stop();
      await receiver.close();
      await gate.close();
    },
  };
  return real;
}

/** How far lists lag behind where they do: less than a poll goes back. */
export const LAG_MS = 2_000;

async function trying<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await step();
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

export type Real = Awaited<ReturnType<typeof startReal>>;
