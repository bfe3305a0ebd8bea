import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { writeHistory } from '../../cli/replay/history.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createLeadHarness, type LeadHarness, somebody } from '../stack/lead-harness.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { type CliRunner, createCliRunner } from './harness.ts';

const ENCRYPTION_KEYS = `1:${randomBytes(32).toString('base64')}`;

let system: TestSystem;
let leads: LeadHarness;
let cli: CliRunner;
let environment: Record<string, string>;
let agency: string[];
beforeAll(async () => {
  system = await startTestSystem({ keys: parseKeyRing(ENCRYPTION_KEYS) });
  leads = createLeadHarness(system, await system.plant(smallAgency('one')));
  agency = ['--agency', leads.agencyId];
  environment = {
    DATABASE_URL: system.database.url,
    ENCRYPTION_KEYS,
    TEMPORAL_ADDRESS: system.temporalAddress,
    TEMPORAL_NAMESPACE: system.namespace,
  };
  cli = await createCliRunner({ ...environment, WORKFLOW_BUNDLE_PATH: inject('workflowBundlePath') });
  await system.startWorkers();
});
afterAll(async () => {
  await cli.close();
  await system.stop();
});

const assigned = async (postcode = '02116'): Promise<string> => {
  const leadId = await leads.start(somebody(postcode));
  await leads.inState(leadId, 'assigned');
  return leadId;
};
const workflowId = (leadId: string): string => `lead-intake/${leads.agencyId}/${leadId}`;

describe('leads list and show', () => {
  it('tell where a lead went and why, without the person', async () => {
    const leadId = await assigned();
    const shown = await cli.run(['leads', 'show', leadId, ...agency]);
    expect(shown.code).toBe(0);
    expect(shown.out).toContain(workflowId(leadId));
    expect(shown.out).toContain('Decisions');
    expect(shown.out).not.toMatch(/First\d+|@x\.test/);
    const answer = await cli.json<{ decisions: { candidates: unknown[] }[] }>(['leads', 'show', leadId, ...agency]);
    expect(answer.decisions[0]?.candidates.length).toBeGreaterThan(0);

    const backBay = ['--state', 'assigned', '--location', 'one-loc-back-bay'];
    const listed = await cli.json<{ id: string }[]>(['leads', 'list', ...agency, ...backBay]);
    expect(listed.map(({ id }) => id)).toContain(leadId);
    expect(await cli.json(['leads', 'list', ...agency, '--state', 'queued'])).toEqual([]);
    expect(await cli.run(['leads', 'list', ...agency, '--limit', '0'])).toMatchObject({ code: 2 });
  });
});

describe('leads reassign', () => {
  it('hands the lead over and leaves the operator’s name in the audit log', async () => {
    const leadId = await assigned();
    const rep = leads.rep('dan');
    const ran = await cli.run(['leads', 'reassign', leadId, ...agency, '--rep', rep, '--reason', 'on-holiday']);
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(await leads.withRep(leadId, 'dan')).toMatchObject({ location_id: leads.location('chelsea') });
    const entries = await cli.json<object[]>(['audit', 'list', ...agency, '--subject', `lead:${leadId}`]);
    expect(entries).toMatchObject([{ action: 'lead.reassign', actor: 'cli:tester', after: { repId: rep } }]);
  });

  it('says in words why the lead refuses', async () => {
    const leadId = await assigned();
    const { rep_id } = (await leads.get(leadId))!;
    const ran = await cli.run(['leads', 'reassign', leadId, ...agency, '--rep', rep_id!]);
    expect(ran).toMatchObject({ code: 1, error: 'Refused: this rep has the lead already.\n' });
  });

  it('goes over a cap only when forced', async () => {
    await assigned('02139');
    const leadId = await assigned();
    const toCid = ['leads', 'reassign', leadId, ...agency, '--rep', leads.rep('cid')];
    expect((await cli.run(toCid)).error).toContain('--force goes over it');
    expect(await cli.run([...toCid, '--force'])).toMatchObject({ code: 0 });
  });

  it('knows neither leads nor reps of others, and takes no free text for a reason', async () => {
    const leadId = await assigned();
    const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
    const rep = leads.rep('dan');
    expect((await cli.run(['leads', 'reassign', nobody, ...agency, '--rep', rep])).error).toContain('has no lead');
    expect((await cli.run(['leads', 'reassign', leadId, ...agency, '--rep', nobody])).error).toContain('has no rep');
    const ran = await cli.run(['leads', 'reassign', leadId, ...agency, '--rep', rep, '--reason', 'Ann Smith is away']);
    expect(ran).toMatchObject({ code: 2 });
  });
});

describe('leads close', () => {
  it('ends a lead once; then it is over', async () => {
    const leadId = await assigned();
    const close = () => cli.run(['leads', 'close', leadId, ...agency, '--outcome', 'lost', '--reason', 'no-answer']);
    expect(await close()).toMatchObject({ code: 0 });
    expect(await leads.inState(leadId, 'closed')).toMatchObject({ close_reason: 'lost' });
    await system.client.temporal.workflow.getHandle(workflowId(leadId)).result();
    expect(await close()).toMatchObject({
      code: 1,
      error: expect.stringContaining('No workflow runs for the lead: it is over') as string,
    });
  });
});

describe('leads redrive', () => {
  it('sets a lead going again whose workflow was ended by force, under the operator’s name', async () => {
    const leadId = await assigned();
    await system.client.temporal.workflow.getHandle(workflowId(leadId)).terminate('by hand');
    const ran = await cli.run(['leads', 'redrive', leadId, ...agency]);
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).toMatch(/^Redriven\.\n/);
    expect(ran.out).toContain('reset');
    const rep = leads.rep('dan');
    await cli.json(['leads', 'reassign', leadId, ...agency, '--rep', rep, '--force']);
    const entries = await cli.json<object[]>(['audit', 'list', ...agency, '--subject', `lead:${leadId}`]);
    expect(entries).toContainEqual(expect.objectContaining({ action: 'lead.redrive', actor: 'cli:tester' }));
  });

  it('refuses a lead that runs and one that the agency does not have', async () => {
    const leadId = await assigned();
    expect(await cli.run(['leads', 'redrive', leadId, ...agency])).toMatchObject({
      code: 1,
      error: expect.stringContaining('there is nothing to redrive') as string,
    });
    const nobody = '01890a5d-ac96-774b-bcce-b302099a8057';
    expect((await cli.run(['leads', 'redrive', nobody, ...agency])).error).toContain('has no lead');
  });
});

describe('replay', () => {
  it('finds that the code at hand does what it did, and saves the history without secrets', async () => {
    const leadId = await assigned();
    const ran = await cli.run(['replay', workflowId(leadId), '--save', 'history.json']);
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).toMatch(/^OK: \d+ events replay/);
    const file = join(cli.folder, 'history.json');
    const saved = await readFile(file, 'utf8');
    expect(saved).not.toContain(Buffer.from('binary/encrypted').toString('base64'));
    const payloads = [...saved.matchAll(/"data": ?"([\w+/=]+)"/g)].map(([, data]) =>
      Buffer.from(data!, 'base64').toString(),
    );
    expect(payloads.some((payload) => payload.includes(leadId))).toBe(true);
    expect((await stat(file)).mode & 0o077).toBe(0);
    // Without a bundle that is there already, the sources are bundled.
    const fromSources = await createCliRunner(environment);
    expect(await fromSources.run(['replay', file])).toMatchObject({ code: 0 });
    await fromSources.close();
  });

  it('is on record before it opens a history, and says nothing of one that is open already', async () => {
    const leadId = await assigned();
    const id = workflowId(leadId);
    const noted = async () =>
      (await cli.json<{ subject: string }[]>(['operators', 'audit'])).filter(
        ({ subject }) => subject === `workflow:${id}`,
      );
    expect(await noted()).toEqual([]);
    await cli.run(['replay', id, '--save', 'noted.json']);
    const once = [{ actor: 'cli:tester', action: 'history.decrypt', origin: 'cli' }];
    expect(await noted()).toMatchObject(once);
    await cli.run(['replay', 'noted.json']);
    expect(await noted()).toHaveLength(1);
    const sealed = await system.client.temporal.workflow.getHandle(id).fetchHistory();
    await cli.file('sealed.json', writeHistory(sealed));
    expect(await cli.run(['replay', 'sealed.json'])).toMatchObject({ code: 0 });
    expect(await noted()).toHaveLength(2);
    const lines = sql`alter table audit_log add constraint no_notes check (action <> 'history.decrypt') not valid`;
    await lines.execute(system.database.ownerDb);
    try {
      expect(await cli.run(['replay', id, '--save', 'unnoted.json'])).toMatchObject({ code: 1, out: '' });
      await expect(stat(join(cli.folder, 'unnoted.json'))).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      await sql`alter table audit_log drop constraint no_notes`.execute(system.database.ownerDb);
    }
  });

  it('ends with 1 when the history shows something else than the code does', async () => {
    const leadId = await assigned();
    await cli.run(['replay', workflowId(leadId), '--save', 'history.json']);
    const saved = await readFile(join(cli.folder, 'history.json'), 'utf8');
    await cli.file('changed.json', saved.replaceAll('"assignAndTellLead"', '"acceptLead"'));
    const ran = await cli.run(['replay', 'changed.json']);
    expect(ran.code).toBe(1);
    expect(ran.error).toContain('does not replay this history');
  });

  it('takes the bundle that the environment names for the code at hand', async () => {
    const other = await createCliRunner({ ...environment, WORKFLOW_BUNDLE_PATH: join(cli.folder, 'none.js') });
    expect(await other.run(['replay', join(cli.folder, 'history.json')])).toMatchObject({ code: 1, out: '' });
    await other.close();
  });

  it('says when there is no such workflow or file', async () => {
    expect((await cli.run(['replay', 'lead-intake/none'])).error).toContain('has no workflow lead-intake/none');
    expect((await cli.run(['replay', 'none.json'])).error).toContain('cannot be read');
  });
});

describe('Temporal being away', () => {
  it('is said together with what to do', async () => {
    const leadId = await assigned();
    const away = await createCliRunner({
      DATABASE_URL: system.database.url,
      ENCRYPTION_KEYS,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
    });
    const ran = await away.run(['leads', 'close', leadId, ...agency, '--outcome', 'lost']);
    await away.close();
    expect(ran.code).toBe(1);
    expect(ran.error).toContain('Temporal does not answer at 127.0.0.1:1: nothing was done');
  });
});
