import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CliHarness, createCliHarness } from './harness.ts';
import { plantLead } from './plant-lead.ts';

let cli: CliHarness;
let agencyId: string;
let agency: string[];
let locationId: string;
beforeAll(async () => {
  cli = await createCliHarness();
});
afterAll(() => cli.close());
beforeEach(async () => {
  ({ agencyId } = await cli.createAgency());
  agency = ['--agency', agencyId];
  ({ id: locationId } = await cli.json<{ id: string }>(['locations', 'add', ...agency, '--name', 'Back Bay']));
});

const add = async (user: string, ...args: string[]) => {
  const what = ['--location', locationId, '--ghl-user-id', user, '--name', user, ...args];
  return (await cli.json<{ id: string }>(['reps', 'add', ...agency, ...what])).id;
};
const stored = (id: string) =>
  cli.database.ownerDb.selectFrom('reps').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
const setPass = (id: string, pass: number) =>
  cli.database.ownerDb.updateTable('reps').set({ rotation_pass: pass }).where('id', '=', id).execute();

describe('reps add', () => {
  it('adds an active rep who enters the rotation where the others are', async () => {
    await setPass(await add('ann'), 700);
    const bob = await add('bob', '--weight', '3', '--daily-cap', '4');
    expect(await stored(bob)).toMatchObject({ status: 'active', weight: 3, daily_cap: 4, rotation_pass: 700 });
  });

  it('refuses a GHL user who is a rep of the location already', async () => {
    await add('ann');
    const what = ['--location', locationId, '--ghl-user-id', 'ann', '--name', 'Ann'];
    const ran = await cli.run(['reps', 'add', ...agency, ...what]);
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.error).toContain('is a rep of this location already');
  });
});

describe('reps set', () => {
  it('changes share and caps, and audits before and after without a name', async () => {
    const id = await add('ann', '--max-open-leads', '5');
    await cli.json(['reps', 'set', id, ...agency, '--weight', '0', '--max-open-leads', 'none']);
    expect(await stored(id)).toMatchObject({ weight: 0, max_open_leads: null });
    const [entry] = await cli.json<object[]>(['audit', 'list', ...agency, '--subject', `rep:${id}`]);
    expect(entry).toMatchObject({ action: 'rep.set', before: { maxOpenLeads: 5 }, after: { maxOpenLeads: null } });
    expect(JSON.stringify(entry)).not.toContain('"name"');
  });

  it('does not understand a weight above 20, and nothing to change', async () => {
    const id = await add('ann');
    expect((await cli.run(['reps', 'set', id, ...agency, '--weight', '21'])).code).toBe(2);
    expect((await cli.run(['reps', 'set', id, ...agency])).code).toBe(2);
  });

  it('does not reach a rep of another agency', async () => {
    const id = await add('ann');
    const other = await cli.createAgency('Other');
    const ran = await cli.run(['reps', 'set', id, '--agency', other.agencyId, '--weight', '9']);
    expect(ran).toMatchObject({ code: 1 });
    expect(await stored(id)).toMatchObject({ weight: 1 });
  });
});

describe('reps suspend and resume', () => {
  const work = () =>
    cli.database.ownerDb.selectFrom('event_capabilities').selectAll().where('agency_id', '=', agencyId).execute();

  it('routes the open leads of the rep again, each once, through the inbox', async () => {
    const ann = await add('ann');
    const bob = await add('bob');
    const { ownerDb } = cli.database;
    const open = await plantLead(ownerDb, { agencyId, locationId, repId: ann });
    await plantLead(ownerDb, { agencyId, locationId, repId: ann, closed: true });
    await plantLead(ownerDb, { agencyId, locationId, repId: bob });
    const answer = await cli.json(['reps', 'suspend', ann, ...agency]);
    expect(answer).toEqual({ id: ann, reroutedLeads: 1 });
    expect(await stored(ann)).toMatchObject({ status: 'suspended' });
    const change = { kind: 'rep-unavailable', repId: ann };
    expect(await work()).toMatchObject([
      {
        capability: 'lead-follow-up',
        ordering_key: `lead:${open}`,
        workflow_id: `lead-intake/${agencyId}/${open}`,
        input: { agencyId, leadId: open, change },
        state: 'pending',
      },
    ]);
    expect((await cli.run(['reps', 'suspend', ann, ...agency])).out).toContain('suspended already');
    expect(await work()).toHaveLength(1);
  });

  it('lets the rep return where the others are, but not win a turn by leaving', async () => {
    const ann = await add('ann');
    await setPass(await add('bob'), 900);
    await cli.json(['reps', 'suspend', ann, ...agency]);
    await cli.json(['reps', 'resume', ann, ...agency]);
    expect(await stored(ann)).toMatchObject({ status: 'active', rotation_pass: 900 });
    await setPass(ann, 1_500);
    await cli.json(['reps', 'suspend', ann, ...agency]);
    await cli.json(['reps', 'resume', ann, ...agency]);
    expect(await stored(ann)).toMatchObject({ rotation_pass: 1_500 });
    const entries = await cli.json<{ action: string }[]>(['audit', 'list', ...agency, '--subject', `rep:${ann}`]);
    expect(entries.filter(({ action }) => action === 'rep.suspend')).toHaveLength(2);
    expect(entries.filter(({ action }) => action === 'rep.resume')).toHaveLength(2);
  });

  it('leaves a rep whom GHL removed alone', async () => {
    const ann = await add('ann');
    await cli.database.ownerDb.updateTable('reps').set({ status: 'removed' }).where('id', '=', ann).execute();
    expect((await cli.run(['reps', 'resume', ann, ...agency])).error).toContain('was removed in GHL');
    expect((await cli.run(['reps', 'suspend', ann, ...agency])).code).toBe(1);
  });
});

describe('reps list', () => {
  it('shows what each carries against the caps', async () => {
    const ann = await add('ann', '--max-open-leads', '5');
    await plantLead(cli.database.ownerDb, { agencyId, locationId, repId: ann });
    const { out } = await cli.run(['reps', 'list', ...agency]);
    expect(out.split('\n')[1]).toMatch(/^Back Bay +ann +active +1 +1\/5 +1 +ann +/);
    const other = await cli.json<{ id: string }>(['locations', 'add', ...agency, '--name', 'Empty']);
    expect(await cli.json(['reps', 'list', ...agency, '--location', other.id])).toEqual([]);
  });
});
