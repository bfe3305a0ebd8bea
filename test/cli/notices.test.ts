import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CliHarness, createCliHarness } from './harness.ts';

interface View {
  id: string;
  of: string;
  to: string;
  topics: string[];
  isNew?: boolean;
  isChannelOn?: boolean;
}

let cli: CliHarness;
let agencyId: string;
let agency: string[];
let locationId: string;
let repId: string;
beforeAll(async () => {
  cli = await createCliHarness();
});
afterAll(() => cli.close());
beforeEach(async () => {
  ({ agencyId } = await cli.createAgency());
  agency = ['--agency', agencyId];
  ({ id: locationId } = await cli.json<{ id: string }>(['locations', 'add', ...agency, '--name', 'Back Bay']));
  const rep = ['--location', locationId, '--ghl-user-id', uuidv7(), '--name', 'Ann'];
  ({ id: repId } = await cli.json<{ id: string }>(['reps', 'add', ...agency, ...rep]));
});

const subscribe = (...args: string[]) => cli.json<View>(['notices', 'subscribe', ...args, ...agency]);
const list = () => cli.json<View[]>(['notices', 'list', ...agency]);
const acts = async () =>
  (await cli.json<{ action: string }[]>(['audit', 'list', ...agency])).map(({ action }) => action);

describe('notices subscribe', () => {
  it('makes one subscription of what is asked for twice, says that no mail server is set, and is audited', async () => {
    const first = await subscribe('desk@front-office.example', '--topic', 'lead.assigned');
    expect(first).toMatchObject({ of: 'agency', to: 'd…@front-office.example', isNew: true, isChannelOn: false });
    const again = await subscribe('Desk@Front-Office.example', '--topic', 'lead.closed', 'lead.assigned');
    expect(again).toMatchObject({ id: first.id, isNew: false, topics: ['lead.assigned', 'lead.closed'] });
    expect(await list()).toHaveLength(1);
    expect(await acts()).toEqual(expect.arrayContaining(['notice.subscribe']));
    const said = await cli.run(['notices', 'subscribe', 'rep', '--topic', 'all', '--rep', repId, ...agency]);
    expect(said.out).toContain('No mail server is set');
    expect((await list()).map(({ of }) => of)).toEqual(['agency', `rep ${repId}`]);
  });

  it.each([
    [['nobody', '--topic', 'all']],
    [['desk@front-office.example', '--topic', 'lead.eaten']],
    [['rep', '--topic', 'all', '--location', uuidv7(), '--rep', uuidv7()]],
  ])('does not understand %j', async (args) => {
    expect((await cli.run(['notices', 'subscribe', ...args, ...agency])).code).toBe(2);
    expect(await list()).toEqual([]);
  });

  it('does not reach a rep of another agency', async () => {
    const other = await cli.createAgency();
    const args = ['rep', '--topic', 'all', '--rep', repId, '--agency', other.agencyId];
    expect(await cli.run(['notices', 'subscribe', ...args])).toMatchObject({ code: 1 });
  });
});

describe('notices unsubscribe', () => {
  it('takes one away, and with the last of a topic that it is heard', async () => {
    const { id } = await subscribe('desk@front-office.example', '--topic', 'lead.assigned', 'lead.closed');
    await subscribe('rep', '--topic', 'lead.closed');
    await cli.json(['notices', 'unsubscribe', id, ...agency]);
    expect(await list()).toHaveLength(1);
    const heard = cli.database.ownerDb.selectFrom('heard_topics').select('topic').where('agency_id', '=', agencyId);
    expect(await heard.execute()).toEqual([{ topic: 'lead.closed' }]);
    expect(await acts()).toContain('notice.unsubscribe');
    expect(await cli.run(['notices', 'unsubscribe', id, ...agency])).toMatchObject({ code: 1 });
  });
});

describe('notices mute', () => {
  it('mutes a subscription, and knows none of another agency', async () => {
    const { id } = await subscribe('desk@front-office.example', '--topic', 'lead.closed');
    const isMuted = async () => (await cli.json<{ isMuted: boolean }[]>(['notices', 'list', ...agency]))[0]!.isMuted;
    expect(await cli.json(['notices', 'mute', id, ...agency])).toEqual({ kind: 'subscription', id, isMuted: true });
    expect(await isMuted()).toBe(true);
    expect((await cli.run(['notices', 'list', ...agency])).out).toContain('(muted)');
    const other = await cli.createAgency();
    for (const whom of [id, repId]) {
      const theirs = await cli.run(['notices', 'mute', whom, '--off', '--agency', other.agencyId]);
      expect([theirs.code, theirs.error]).toEqual([1, expect.stringContaining('no rep and no subscription')]);
    }
    expect(await isMuted()).toBe(true);
    await cli.json(['notices', 'mute', id, '--off', ...agency]);
    expect(await isMuted()).toBe(false);
    expect(await acts()).toEqual(expect.arrayContaining(['notice.mute', 'notice.unmute']));
  });

  it('mutes a rep, and lets them hear again', async () => {
    const muted = async () =>
      (await cli.database.ownerDb.selectFrom('reps').selectAll().where('id', '=', repId).executeTakeFirstOrThrow())
        .notices_muted_at !== null;
    await cli.json(['notices', 'mute', repId, ...agency]);
    expect(await muted()).toBe(true);
    await cli.json(['notices', 'mute', repId, '--off', ...agency]);
    expect(await muted()).toBe(false);
    expect(await acts()).toEqual(expect.arrayContaining(['notice.mute', 'notice.unmute']));
  });
});

describe('notices test', () => {
  it('writes a notice for the one subscription, by the way that all take', async () => {
    const { id } = await subscribe('desk@front-office.example', '--topic', 'lead.closed');
    await cli.json(['notices', 'test', id, ...agency]);
    await cli.json(['notices', 'test', id, ...agency]);
    const rows = await cli.database.ownerDb
      .selectFrom('notices as n')
      .innerJoin('event_capabilities as e', 'e.cause_id', 'n.id')
      .select(['n.topic', 'n.data', 'e.capability', 'e.state'])
      .where('n.agency_id', '=', agencyId)
      .execute();
    const one = { topic: 'notice.test', data: { subscriptionId: id }, capability: 'notification', state: 'pending' };
    expect(rows).toEqual([one, one]);
  });

  it('wants to know whose it is to be where it goes to reps', async () => {
    const { id } = await subscribe('rep', '--topic', 'lead.closed');
    expect((await cli.run(['notices', 'test', id, ...agency])).error).toContain('--rep');
    await cli.json(['notices', 'test', id, '--rep', repId, ...agency]);
  });
});

describe('notices deliveries', () => {
  it('shows what became of each, by lead and state, and no address', async () => {
    const ids = { agency_id: agencyId, location_id: locationId };
    const [noticeId, leadId] = [uuidv7(), uuidv7()];
    const { ownerDb } = cli.database;
    const what = { topic: 'lead.closed', occurrence_key: leadId, occurred_at: new Date(), data: '{}' };
    await ownerDb
      .insertInto('notices')
      .values({ ...ids, ...what, id: noticeId, lead_id: leadId })
      .execute();
    const of = { ...ids, notice_id: noticeId, topic: 'lead.closed', channel: 'email' as const };
    const address = Buffer.from('sealed');
    await ownerDb
      .insertInto('notice_deliveries')
      .values([
        { ...of, address, id: uuidv7(), recipient: 'rep:one', state: 'sent', ended_at: new Date() },
        { ...of, address, id: uuidv7(), recipient: 'rep:two', state: 'pending', reason: 'smtp-450' },
      ])
      .execute();
    const all = await cli.json<{ recipient: string }[]>(['notices', 'deliveries', '--lead', leadId, ...agency]);
    expect(all.map(({ recipient }) => recipient)).toEqual(['rep:two', 'rep:one']);
    const page = ['--notice', noticeId, '--limit', '1'];
    const [first] = await cli.json<{ id: string; recipient: string }[]>(['notices', 'deliveries', ...page, ...agency]);
    const rest = await cli.json(['notices', 'deliveries', ...page, '--before', first!.id, ...agency]);
    expect([first, rest]).toMatchObject([{ recipient: 'rep:two' }, [{ recipient: 'rep:one' }]]);
    expect(await cli.json(['notices', 'deliveries', '--notice', uuidv7(), ...agency])).toEqual([]);
    const { out } = await cli.run(['notices', 'deliveries', '--state', 'pending', ...agency]);
    expect(out).toContain('smtp-450');
    expect(out).not.toContain('rep:one');
    expect(JSON.stringify(all)).not.toContain('sealed');
  });
});
