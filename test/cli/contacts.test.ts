import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deferEdits, settleEdits } from '../../db/edit-outcomes.ts';
import { saveFieldMapping } from '../../db/field-mappings.ts';
import { writeObservations } from '../../db/mirror.ts';
import { withScope } from '../../db/scope.ts';
import { canonicalFields } from '../../domain/mirror.ts';
import { type CliHarness, createCliHarness } from './harness.ts';

let cli: CliHarness;
let agency: { agencyId: string; masterLocationId: string };
beforeAll(async () => {
  cli = await createCliHarness();
  agency = await cli.createAgency();
});
afterAll(() => cli.close());

const inAgency = <T>(work: Parameters<typeof withScope<T>>[2]) =>
  withScope(cli.database.db, { agencyId: agency.agencyId }, work);
const of = () => ({ agencyId: agency.agencyId, locationId: agency.masterLocationId });

let people = 0;
async function mirrored(fields: Record<string, unknown>): Promise<string> {
  people += 1;
  const ghlId = `ghl-contact-${people}`;
  const seen = { ghlId, ghlContactId: ghlId, ghlCreatedAt: new Date(), ghlUpdatedAt: new Date(), isExact: true };
  await inAgency((tx) =>
    writeObservations(
      tx,
      { ...of(), resource: 'contact' },
      [{ ...seen, fields: canonicalFields(fields), observedAt: new Date() }],
      'event',
    ),
  );
  const found = cli.database.ownerDb.selectFrom('contacts').select('id').where('ghl_id', '=', ghlId);
  return (await found.executeTakeFirstOrThrow()).id;
}
const run = (...args: string[]) => cli.run([...args, '--agency', agency.agencyId]);
const json = <T>(...args: string[]) => cli.json<T>([...args, '--agency', agency.agencyId]);

describe('contacts', () => {
  it('edit saves a change, puts it before its workflow, and show tells who made it and how far it has come', async () => {
    await inAgency((tx) =>
      saveFieldMapping(
        tx,
        of(),
        { name: 'budget', type: 'number', ghlFieldId: 'f', dataType: 'NUMERICAL', options: [] },
        new Date(),
      ),
    );
    const id = await mirrored({ firstName: 'Ann', city: 'Old', tags: ['old'] });
    const edited = await json(
      'contacts',
      'edit',
      id,
      '--set',
      'city=Boston',
      'fields.budget=7',
      'dndSettings.SMS=active',
      '--add-tag',
      'VIP',
      '--remove-tag',
      'old',
    );
    expect(edited).toMatchObject({ city: 'Boston', fields: { budget: 7 }, tags: ['vip'], syncStatus: 'pending' });
    const shown = await run('contacts', 'show', id);
    expect(shown.out).toMatch(/city +Boston +cli:tester +cli/);
    expect(shown.out).toMatch(/dndSettings\.SMS +\{"status":"active"\} +cli:tester +cli/);
    const work = await cli.database.ownerDb.selectFrom('event_capabilities').select(['capability', 'input']).execute();
    expect(work).toMatchObject([{ capability: 'contact-sync', input: { editedContactId: id } }]);
  });

  it('edit refuses what does not fit, in words', async () => {
    const id = await mirrored({ firstName: 'Ann' });
    for (const typed of ['email=x', 'fields.budget=x', 'fields.size=1', 'planet=Mars', 'dndSettings.SMS=inactive']) {
      const refused = await run('contacts', 'edit', id, '--set', typed);
      expect(refused.code).toBe(2);
      expect(refused.error).toContain(typed.split('=')[0]);
    }
    expect((await run('contacts', 'show', '00000000-0000-0000-0000-000000000001')).error).toContain('no contact');
  });

  it('redrive sets a failed change going, resolves its letter, and is audited', async () => {
    const id = await mirrored({ firstName: 'Ann' });
    const { edits } = await json<{ edits: { id: string }[] }>('contacts', 'edit', id, '--set', 'city=Boston');
    const failed = { editId: edits[0]!.id, state: 'failed' as const, reason: 'GhlInvalid' };
    await inAgency((tx) => settleEdits(tx, [failed], new Date()));
    expect(await json('contacts', 'show', id)).toMatchObject({ syncStatus: 'failed', lastError: 'GhlInvalid' });
    expect(await json('contacts', 'redrive', id)).toEqual({ id, redriven: 1 });
    expect(await json('contacts', 'show', id)).toMatchObject({ syncStatus: 'pending' });
    const { out } = await run('audit', 'list');
    expect(out).toContain('contact.redrive');
    expect(out).toContain('contact.change');
    expect(out).not.toContain('Boston');
  });

  it('list tells of contacts by their ids alone, a page at a time, and finds those whose changes did not get through', async () => {
    const ids = [await mirrored({ firstName: 'Ann' }), await mirrored({ firstName: 'Ann' }), await mirrored({})];
    const settle = async (id: string, state: 'failed' | 'held' | null): Promise<void> => {
      const { edits } = await json<{ edits: { id: string }[] }>('contacts', 'edit', id, '--set', 'city=Zanzibar');
      const settled = state && { editId: edits[0]!.id, state, reason: 'GhlInvalid' };
      if (settled) await inAgency((tx) => settleEdits(tx, [settled], new Date()));
    };
    await settle(ids[0]!, 'failed');
    await settle(ids[1]!, 'held');
    type Page = { contacts: { id: string; syncStatus: string; lastError: string | null }[]; next: string | null };
    const at = ['contacts', 'list', '--location', agency.masterLocationId];
    const inStatus = async (status: string) =>
      (await json<Page>(...at, '--sync-status', status)).contacts.filter(({ id }) => ids.includes(id));
    expect(await inStatus('failed')).toMatchObject([{ id: ids[0], syncStatus: 'failed', lastError: 'GhlInvalid' }]);
    expect(await inStatus('held')).toMatchObject([{ id: ids[1], syncStatus: 'held' }]);
    expect(await inStatus('synced')).toMatchObject([{ id: ids[2], syncStatus: 'synced' }]);
    await settle(ids[2]!, null);
    expect(await inStatus('pending')).toMatchObject([{ id: ids[2] }]);
    await inAgency((tx) => deferEdits(tx, ids[2]!, 'GhlUnavailable', new Date()));
    expect(await inStatus('pending')).toEqual([]);
    expect(await inStatus('deferred')).toMatchObject([{ id: ids[2], lastError: 'GhlUnavailable' }]);

    const all: string[] = [];
    for (let after: string[] = []; ;) {
      const page = await json<Page>(...at, '--limit', '2', ...after);
      all.push(...page.contacts.map(({ id }) => id));
      if (page.next === null) break;
      after = ['--after', page.next];
    }
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(expect.arrayContaining(ids));
    const printed = await run(...at, '--limit', '1');
    expect(printed.out).toContain('There are more: --after');
    expect((await run(...at)).out).not.toMatch(/Ann|Zanzibar/);
    expect((await run(...at, '--sync-status', 'lost')).code).toBe(2);
  });

  it('conflicts lists what is held, and resolve decides it once', async () => {
    const id = await mirrored({ firstName: 'Ann', city: 'Old' });
    const { edits } = await json<{ edits: { id: string }[] }>('contacts', 'edit', id, '--set', 'city=Ours');
    const editId = edits[0]!.id;
    await inAgency((tx) => settleEdits(tx, [{ editId, state: 'held', reason: 'ask', theirs: 'Theirs' }], new Date()));
    expect((await run('contacts', 'conflicts')).out).toMatch(/"Ours" +"Theirs"/);
    expect((await run('contacts', 'resolve', editId)).code).toBe(2);
    expect((await run('contacts', 'resolve', editId, '--discard')).error).toContain('no decision');
    expect((await run('contacts', 'resolve', editId, '--keep', 'ours')).code).toBe(0);
    expect((await run('contacts', 'resolve', editId, '--keep', 'ours')).error).toContain('decided already');
  });

  it('policy is said by field and taken back', async () => {
    const at = ['contacts', 'policy', '--location', agency.masterLocationId];
    expect(await json(...at, '--field', 'city', '--policy', 'ask')).toEqual([{ field: 'city', policy: 'ask' }]);
    expect(await json(...at, '--policy', 'ours-wins')).toContainEqual({ field: '*', policy: 'ours-wins' });
    expect((await run(...at, '--field', 'city', '--policy', 'maybe')).code).toBe(2);
    await json(...at, '--policy', 'none');
    expect(await json(...at, '--field', 'city', '--policy', 'none')).toEqual([]);
  });

  it('duplicates lists who shares an e-mail, and merge refuses who has changes on the way', async () => {
    const [one, two] = [await mirrored({ email: 'dup@x.test' }), await mirrored({ email: 'DUP@x.test' })];
    const groups = await json<{ contactIds: string[]; reasons: string[] }[]>('contacts', 'duplicates');
    expect(groups).toEqual([{ contactIds: [one, two].sort(), reasons: ['same-email'] }]);
    await json('contacts', 'edit', two, '--set', 'city=Boston');
    expect((await run('contacts', 'merge', one, two)).error).toContain('not settled');
    expect((await run('contacts', 'merge', one, one)).error).toContain('one contact already');
  });
});

describe('fields', () => {
  it('list shows what is mapped, and unmap forgets it, audited', async () => {
    const at = ['--location', agency.masterLocationId];
    expect((await run('fields', 'list', ...at)).out).toMatch(/budget +number/);
    expect((await run('fields', 'unmap', 'budget', ...at)).code).toBe(0);
    expect((await run('fields', 'unmap', 'budget', ...at)).error).toContain('Nothing is mapped');
    expect((await run('audit', 'list')).out).toContain('field.unmap');
    expect((await run('fields', 'map', 'Bad Name', ...at, '--type', 'text')).code).toBe(2);
  });
});
