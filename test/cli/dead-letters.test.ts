import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addDeadLetter, type NewDeadLetter } from '../../db/dead-letters.ts';
import { withScope, withSystemRole } from '../../db/scope.ts';
import type { DeadLetterView } from '../../domain/dead-letter-view.ts';
import { type CliHarness, createCliHarness } from './harness.ts';

interface Page {
  deadLetters: DeadLetterView[];
  nextCursor: string | null;
}

let cli: CliHarness;
let agencyId: string;
beforeAll(async () => {
  cli = await createCliHarness();
});
afterAll(() => cli.close());
beforeEach(async () => {
  ({ agencyId } = await cli.createAgency());
});

const letter = (more: Partial<NewDeadLetter> = {}) =>
  withScope(cli.database.db, { agencyId }, (tx) =>
    addDeadLetter(tx, {
      agencyId,
      locationId: null,
      capability: 'lead-intake',
      cause: 'step:reassign:X',
      advice: 'Ask for it again.',
      subject: { kind: 'lead', id: uuidv7() },
      workflowId: `lead-intake/${agencyId}/x`,
      ...more,
    }),
  );
const run = (...args: string[]) => cli.run(['dead-letters', ...args, '--agency', agencyId]);
const list = (...args: string[]) => cli.json<Page>(['dead-letters', 'list', '--agency', agencyId, ...args]);

describe('dead-letters unclaimed', () => {
  it('shows the letters of no known agency, and none of an agency', async () => {
    const unknown = {
      locationId: null,
      capability: 'event-intake' as const,
      cause: 'unknown-tenant' as const,
      advice: 'Add the location.',
      workflowId: null,
    };
    await withSystemRole(cli.database.db, 'intake', (tx) =>
      addDeadLetter(tx, { ...unknown, agencyId: null, subject: { kind: 'ghl-account', id: 'nobodys-location' } }),
    );
    await letter({ ...unknown, subject: { kind: 'ghl-account', id: 'somebodys-location' } });
    const { code, out } = await cli.run(['dead-letters', 'unclaimed']);
    expect(code).toBe(0);
    expect(out).toContain('nobodys-location');
    expect(out).not.toContain('somebodys-location');
  });

  it('are put away by those who run the platform, on record, and an agency’s are not', async () => {
    const [unclaimed] = (await cli.json<Page>(['dead-letters', 'unclaimed'])).deadLetters as [DeadLetterView];
    await letter();
    const [owned] = (await list()).deadLetters as [DeadLetterView];
    const discard = (...ids: string[]) =>
      cli.run(['dead-letters', 'discard-unclaimed', ...ids, '--reason', 'not ours']);
    expect((await discard(unclaimed.id, owned.id)).error).toContain(owned.id);
    expect((await cli.json<Page>(['dead-letters', 'unclaimed'])).deadLetters).toHaveLength(1);
    expect((await discard(unclaimed.id)).code).toBe(0);
    expect((await cli.json<Page>(['dead-letters', 'unclaimed'])).deadLetters).toEqual([]);
    const all = await cli.json<Page>(['dead-letters', 'unclaimed', '--all']);
    expect(all.deadLetters).toMatchObject([{ id: unclaimed.id, discardReason: 'not ours' }]);
    const acts = await cli.json<object[]>(['operators', 'audit']);
    expect(acts).toContainEqual(
      expect.objectContaining({ action: 'dead-letter.discard', subject: `dead-letter:${unclaimed.id}` }),
    );
    expect((await list()).deadLetters).toMatchObject([{ id: owned.id, state: 'open' }]);
  });
});

describe('dead-letters agencies', () => {
  it('tells without an agency whose letters are open, by capability, with the oldest; settled ones do not count', async () => {
    const other = await cli.createAgency('Other');
    await letter();
    await letter();
    await letter({ capability: 'poll-sync', cause: 'poll:x' });
    await letter({ cause: 'unroutable:settled' });
    const oldest = new Date(Date.now() - 86_400_000);
    const { ownerDb } = cli.database;
    const [first] = (await list('--cause', 'step:')).deadLetters as [DeadLetterView];
    await ownerDb.updateTable('dead_letters').set({ created_at: oldest }).where('id', '=', first.id).execute();
    await ownerDb
      .updateTable('dead_letters')
      .set({ resolved_at: new Date(), resolution: 'redriven' })
      .where('agency_id', '=', agencyId)
      .where('cause', '=', 'unroutable:settled')
      .execute();
    const { open } = await cli.json<{ open: { agencyId: string | null; capability: string }[] }>([
      'dead-letters',
      'agencies',
    ]);
    const ours = open.filter((each) => each.agencyId === agencyId);
    expect(ours).toEqual([
      { agencyId, capability: 'lead-intake', letters: 2, oldestAt: oldest.toISOString() },
      { agencyId, capability: 'poll-sync', letters: 1, oldestAt: expect.any(String) as string },
    ]);
    expect(open.some((each) => each.agencyId === other.agencyId)).toBe(false);
    expect((await cli.run(['dead-letters', 'agencies'])).out).toMatch(new RegExp(`${agencyId} +lead-intake +2 `));
  });
});

describe('dead-letters list', () => {
  it('shows what waits for an operator with what can be done, a page at a time, and other states on request', async () => {
    await letter({ cause: 'unroutable:first' });
    await letter();
    await cli.database.ownerDb
      .updateTable('dead_letters')
      .set({ resolved_at: new Date(), resolution: 'redriven' })
      .where('agency_id', '=', agencyId)
      .where('cause', '=', 'unroutable:first')
      .execute();
    const open = await run('list');
    expect(open.out).toContain('Ask for it again.');
    expect(open.out).not.toContain('first');
    expect((await run('list', '--state', 'resolved')).out).toContain('resolved: redriven');
    const first = await list('--state', 'all', '--limit', '1');
    expect(first.deadLetters).toMatchObject([{ cause: 'step:reassign:X', state: 'open' }]);
    const second = await list('--state', 'all', '--limit', '1', '--cursor', first.nextCursor!);
    expect(second).toMatchObject({ deadLetters: [{ cause: 'unroutable:first' }], nextCursor: null });
    expect((await list('--cause', 'unroutable:', '--state', 'all')).deadLetters).toHaveLength(1);
    expect((await list('--older-than', '1h')).deadLetters).toEqual([]);
    const other = await cli.createAgency('Other');
    expect((await cli.run(['dead-letters', 'list', '--agency', other.agencyId])).out).toBe('There are none.\n');
  });

  it('says what it wants where it does not understand', async () => {
    const ran = await run('list', '--capability', 'leads', '--state', 'gone');
    expect(ran.code).toBe(2);
    expect(ran.error).toContain('--capability: wanted is one of event-intake');
    expect(ran.error).toContain('--state: wanted is one of open');
  });
});

describe('dead-letters groups', () => {
  it('counts by capability and cause', async () => {
    await letter();
    await letter();
    const answer = await cli.json(['dead-letters', 'groups', '--agency', agencyId]);
    expect(answer).toMatchObject({
      groups: [{ capability: 'lead-intake', cause: 'step:reassign:X', subjectKind: 'lead', letters: 2 }],
    });
  });
});

describe('dead-letters show', () => {
  it('tells what can be done, where the Web UI shows it, and what was done', async () => {
    await letter();
    const [{ id }] = (await list()).deadLetters as [DeadLetterView];
    const ran = await run('show', id);
    expect(ran.out).toContain('no (ask-again)');
    expect(ran.out).toContain('Nobody has done anything yet.');
    await run('discard', id, '--reason', 'done by hand');
    expect((await run('show', id)).out).toMatch(/cli:tester +dead-letter.discard/);
    expect((await run('show', uuidv7())).error).toContain('no such dead letter');
  });

  it('has a link to its workflow where there is a Web UI', async () => {
    await letter();
    const [{ id }] = (await list()).deadLetters as [DeadLetterView];
    cli.environment['TEMPORAL_UI_URL'] = 'http://127.0.0.1:8233';
    const shown = await cli.json<{ workflowUrl: string }>(['dead-letters', 'show', id, '--agency', agencyId]);
    expect(shown.workflowUrl).toContain(`/workflows/${encodeURIComponent(`lead-intake/${agencyId}/x`)}`);
    expect(shown.workflowUrl).toContain('/temporal/namespaces/');
  });
});

describe('dead-letters discard', () => {
  it('puts letters away with a reason, all or none', async () => {
    await letter();
    await letter({ cause: 'unroutable:X' });
    const ids = (await list()).deadLetters.map(({ id }) => id);
    const stray = uuidv7();
    expect((await run('discard', ...ids, stray, '--reason', 'a test')).error).toContain(stray);
    expect((await list()).deadLetters).toHaveLength(2);
    expect((await run('discard', ...ids)).code).toBe(2);
    expect((await run('discard', ...ids, '--reason', 'a test')).code).toBe(0);
    expect((await list()).deadLetters).toEqual([]);
    expect((await list('--state', 'discarded')).deadLetters).toMatchObject([
      { discardReason: 'a test' },
      { discardReason: 'a test' },
    ]);
    expect((await run('discard', ids[0]!, '--reason', 'another')).out).toContain('already-discarded');
  });
});

describe('dead-letters redrive', () => {
  it('says of a filter what would happen, and does it with --yes', async () => {
    const leadIds = [uuidv7(), uuidv7()];
    for (const id of leadIds) await letter({ cause: 'unroutable:X', subject: { kind: 'lead', id } });
    await letter();
    const dry = await run('redrive', '--capability', 'lead-intake');
    expect(dry.out).toMatch(/2 +cannot be +lead-intake +unroutable:X +lead-unknown/);
    expect(dry.out).toMatch(/1 +cannot be +lead-intake +step:reassign:X +ask-again/);
    expect(dry.out).not.toContain('--yes does it.');
    const { masterLocationId } = await cli.json<{ masterLocationId: string }>(['agency', 'create', '--name', 'Other']);
    expect((await run('redrive', '--location', masterLocationId)).error).toContain('no location');
  });

  it('does it once for letters that are named, and puts it in the inbox', async () => {
    const causeId = uuidv7();
    const workflowId = `contact-sync/x/${causeId}`;
    const place = { agency_id: agencyId, fairness_key: agencyId, workflow_id: workflowId, ordering_key: workflowId };
    await cli.database.ownerDb
      .insertInto('event_capabilities')
      .values({
        ...place,
        cause_id: causeId,
        capability: 'contact-sync',
        input: '{}',
        state: 'dead',
        due_at: new Date(),
      })
      .execute();
    const subject = { kind: 'event' as const, id: causeId };
    await letter({ capability: 'contact-sync', cause: 'handover:Error', subject, workflowId });
    const [{ id }] = (await list()).deadLetters as [DeadLetterView];
    const inbox = () =>
      cli.database.ownerDb.selectFrom('event_capabilities').select('state').where('cause_id', '=', causeId).execute();
    expect((await run('redrive', id, '--dry-run')).out).toContain('would be redriven');
    expect(await inbox()).toEqual([{ state: 'dead' }]);
    expect((await run('redrive', '--cause', 'handover:')).out).toContain('--yes does it.');
    expect(await inbox()).toEqual([{ state: 'dead' }]);
    expect((await run('redrive', '--cause', 'handover:', '--yes')).out).toContain('redriven');
    expect(await inbox()).toEqual([{ state: 'pending' }]);
    expect((await run('redrive', id)).out).toContain('was before');
  });

  it('wants either letters or a filter', async () => {
    const both = await run('redrive', uuidv7(), '--all');
    expect([both.code, both.error]).toEqual([2, expect.stringContaining('either letters by their ids')]);
    expect((await run('redrive')).code).toBe(2);
    expect((await run('redrive', uuidv7())).error).toContain('no such dead letter');
  });
});
