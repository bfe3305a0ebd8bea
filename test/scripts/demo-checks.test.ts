import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkInGhl, type GhlView } from '../../scripts/demo/check-ghl.ts';
import { checkLead, checkShares, type Followed, followLeads } from '../../scripts/demo/check-leads.ts';
import { DemoMemoryError, readGrownAgencies, rememberAgency } from '../../scripts/demo/demo-memory.ts';
import { listWrong, tableOfExamples, tableOfKinds } from '../../scripts/demo/report.ts';
import { judgeLeads } from '../../scripts/demo/results.ts';
import { sampleAgency } from '../../scripts/demo/sample-agency.ts';
import { listSampleLeads } from '../../scripts/demo/sample-leads.ts';
import type { SeenLead } from '../../scripts/demo/seen-leads.ts';

const plan = sampleAgency('test');
const leads = listSampleLeads();
const active = { location: 'seattle', isActive: true, contactId: 'c-1', noteId: 'n-1', taskId: 't-1' };
const seen: SeenLead = {
  leadId: 'l-1',
  state: 'assigned',
  duplicateOf: null,
  sourceContactId: 's-1',
  location: 'seattle',
  rep: 'seattle-ada',
  reason: 'nearest-location',
  receivedAt: new Date(1_000),
  assignedAt: new Date(1_750),
  assignments: [active],
};
const followed = (kind: string, change: Partial<SeenLead> | null, index = 0): Followed => {
  const sample = leads.filter((lead) => lead.kind === kind)[index]!;
  return { sample, contactId: 's-1', leadId: null, seen: change === null ? undefined : { ...seen, ...change } };
};
const ghlOf = (lead: Followed): GhlView => ({
  contacts: [
    { id: 's-1', locationId: 'test-loc-master', email: lead.sample.person.email },
    {
      id: 'c-1',
      locationId: 'test-loc-seattle',
      email: lead.sample.person.email,
      assignedTo: 'test-user-seattle-ada',
    },
  ],
  notes: [{ id: 'n-1', contactId: 'c-1' }],
  tasks: [{ id: 't-1', contactId: 'c-1' }],
  opportunities: [{ id: 'o-1', contactId: 'c-1' }],
});

describe('the check of a lead', () => {
  it('passes a lead that is where it has to be', () => {
    const lead = followed('ordinary', {});
    expect(checkLead(lead, [lead])).toEqual([]);
  });

  it.each([
    ['another location', { location: 'tacoma' }, 'its location is tacoma'],
    ['another reason', { reason: 'nearest-full' }, 'its reason is nearest-full'],
    ['another state', { state: 'queued' as const }, 'its state is queued'],
    ['no task', { assignments: [{ ...active, taskId: null }] }, 'GHL or the rep has not been told'],
  ])('notices %s', (_, change, problem) => {
    const lead = followed('ordinary', change);
    expect(checkLead(lead, [lead])).toEqual([problem]);
  });

  it('notices a lead that is missing, and one that should not be', () => {
    expect(checkLead(followed('ordinary', null), [])).toEqual(['there is no lead']);
    expect(checkLead(followed('unknown-location', null), [])).toEqual([]);
    expect(checkLead(followed('unknown-location', {}), [])).toEqual(['it made a lead']);
  });

  it('lets one of two leads of a person join the other, and not both or a third', () => {
    const open = followed('two-sources', { location: 'phoenix', rep: 'phoenix-amy' }, 0);
    const joined = followed('two-sources', { leadId: 'l-2', state: 'closed', duplicateOf: 'l-1' }, 1);
    expect([open, joined].map((lead) => checkLead(lead, [open, joined]))).toEqual([[], []]);
    const elsewhere = followed('two-sources', { leadId: 'l-2', state: 'closed', duplicateOf: 'l-3' }, 1);
    expect(checkLead(elsewhere, [open, elsewhere])).toEqual(['it is closed and has not joined the other']);
    const alsoClosed = followed('two-sources', { state: 'closed', duplicateOf: 'l-2' }, 0);
    expect(checkLead(joined, [alsoClosed, joined])).toEqual(['it is closed, and so is the other']);
  });

  it('counts the leads of each rep against exact shares', () => {
    const shares = { seattle: { 'seattle-ada': 1, 'seattle-bo': 1 } };
    const both = [followed('ordinary', {}), followed('ordinary', { rep: 'seattle-bo' }, 1)];
    expect(checkShares(both, shares)).toEqual([]);
    expect(checkShares([both[0]!, both[0]!], shares)).toHaveLength(1);
  });

  it('finds a lead by the contact it came in as, or by the id the API gave', () => {
    const sample = leads[0]!;
    const sent = [
      { sample, contactId: 's-1', leadId: null },
      { sample, contactId: null, leadId: 'l-1' },
      { sample, contactId: 's-2', leadId: null },
    ];
    expect(followLeads(sent, [seen]).map((each) => each.seen?.leadId)).toEqual(['l-1', 'l-1', undefined]);
  });
});

describe('the check in GHL', () => {
  const lead = followed('ordinary', {});

  it('passes one contact of the rep with a note, a task and an opportunity', () => {
    expect(checkInGhl(lead, plan, ghlOf(lead))).toEqual([]);
  });

  it('notices a second contact of the person, a second note, a missing task and another user', () => {
    const ghl = ghlOf(lead);
    const twice = { ...ghl.contacts[1]!, id: 'c-2' };
    expect(checkInGhl(lead, plan, { ...ghl, contacts: [...ghl.contacts, twice] })).toHaveLength(1);
    const secondNote = { id: 'n-2', contactId: 'c-1' };
    expect(checkInGhl(lead, plan, { ...ghl, notes: [...ghl.notes, secondNote] })).toHaveLength(1);
    expect(checkInGhl(lead, plan, { ...ghl, tasks: [] })).toHaveLength(1);
    const others = ghl.contacts.map((contact) => ({ ...contact, assignedTo: 'test-user-seattle-bo' }));
    expect(checkInGhl(lead, plan, { ...ghl, contacts: others })).toHaveLength(1);
  });

  it('notices a lead that has moved and still has a user where it was', () => {
    const earlier = { location: 'philadelphia', isActive: false, contactId: 'c-0', noteId: 'n-0', taskId: 't-0' };
    const moved = followed('ordinary', { assignments: [earlier, active] });
    const ghl = ghlOf(moved);
    const left = (assignedTo: string | null): GhlView => ({
      ...ghl,
      contacts: [...ghl.contacts, { id: 'c-0', locationId: 'test-loc-philadelphia', assignedTo }],
    });
    expect(checkInGhl(moved, plan, left(null))).toEqual([]);
    expect(checkInGhl(moved, plan, left('test-user-philadelphia-kent'))).toHaveLength(1);
  });
});

describe('the report', () => {
  const right = followed('ordinary', {});
  const suspended = followed('ordinary', { rep: 'seattle-cleo' }, 1);
  const stranger = followed('unknown-location', null);
  const results = judgeLeads([right, suspended, stranger], plan, ghlOf(right), {
    acts: new Map([[right.sample.key, 'reassigning it answered 200']]),
    areStrangersTaken: false,
  });

  it('counts what was sent and what is wrong by kind, within 100 columns', () => {
    const lines = [...tableOfKinds(results), ...tableOfExamples(results)];
    expect(lines.find((line) => line.startsWith('ordinary, nearest location'))).toMatch(/ 2 +0 +2$/);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(98);
  });

  it('says of each wrong lead what was expected and what is wrong', () => {
    expect(listWrong(results).join('\n')).toContain('expected seattle (nearest-location)');
    expect(listWrong(results)).toContain('  reassigning it answered 200');
    expect(listWrong(results)).toContain('  its rep is seattle-cleo, who takes none');
    expect(listWrong(results)).toContain('  its webhook was not stored');
  });
});

describe('the memory of the demonstration', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'demo-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const agency = {
    key: 'demo-1',
    agencyId: '0190a000-0000-7000-8000-000000000001',
    locations: {},
    reps: {},
    apiKey: 'swy_a',
    workflowSecret: 'swy_b',
    plantedAt: '2026-11-02T10:00:00.000Z',
    finishedAt: null,
  };

  it('keeps agencies in a file that only its owner may read, each once', async () => {
    expect(await readGrownAgencies(folder)).toEqual([]);
    await rememberAgency(folder, agency);
    await rememberAgency(folder, { ...agency, finishedAt: '2026-11-02T10:01:00.000Z' });
    expect(await readGrownAgencies(folder)).toEqual([{ ...agency, finishedAt: '2026-11-02T10:01:00.000Z' }]);
    expect((await stat(join(folder, 'demo.json'))).mode & 0o777).toBe(0o600);
  });

  it('says what to do with a file that cannot be read, and leaves it', async () => {
    await writeFile(join(folder, 'demo.json'), '{"agencies": [1]}');
    await expect(readGrownAgencies(folder)).rejects.toBeInstanceOf(DemoMemoryError);
    expect(await readFile(join(folder, 'demo.json'), 'utf8')).toBe('{"agencies": [1]}');
  });
});
