import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CliHarness, createCliHarness } from './harness.ts';

interface Shown {
  id: string;
  name: string;
  parentId: string | null;
  liveAt: string | null;
  [field: string]: unknown;
}

let cli: CliHarness;
let agency: string[];
let masterId: string;
beforeAll(async () => {
  cli = await createCliHarness();
});
afterAll(() => cli.close());
beforeEach(async () => {
  const { agencyId, masterLocationId } = await cli.createAgency();
  agency = ['--agency', agencyId];
  masterId = masterLocationId;
});

const add = (...args: string[]) => cli.json<Shown>(['locations', 'add', ...agency, ...args]);
const list = () => cli.json<Shown[]>(['locations', 'list', ...agency]);

describe('locations add', () => {
  it('puts a location under the master, finds its place by the postcode, and leaves it not live', async () => {
    const added = await add('--name', 'Back Bay', '--postcode', '02116-3917', '--verticals', 'Solar, Roofing');
    expect(added).toMatchObject({ parentId: masterId, postcode: '02116', country: 'US', timeZone: 'America/New_York' });
    expect(added).toMatchObject({ verticals: ['solar', 'roofing'], intake: false, liveAt: null });
    const stored = await cli.database.ownerDb
      .selectFrom('locations')
      .select('latitude')
      .where('id', '=', added.id)
      .executeTakeFirstOrThrow();
    expect(stored.latitude).toBeCloseTo(42.35, 1);
  });

  it('finds the parent by our id or GHL’s, and makes regions intake accounts', async () => {
    const east = await add('--kind', 'region', '--name', 'East', '--ghl-location-id', `east-${masterId}`);
    expect(east).toMatchObject({ parentId: masterId, intake: true });
    expect(await add('--name', 'A', '--parent', east.id)).toMatchObject({ parentId: east.id });
    expect(await add('--name', 'B', '--parent', `east-${masterId}`)).toMatchObject({ parentId: east.id });
  });

  it.each([
    [['--kind', 'master', '--name', 'Two'], 'has a master location already'],
    [['--name', 'A', '--parent', 'nowhere'], 'has no location nowhere'],
    [['--name', 'A', '--postcode', 'ABC'], 'is no postcode'],
    [['--name', 'A', '--postcode', '00001'], 'is not on the map'],
    [['--name', 'A', '--country', 'US'], 'a country without a postcode'],
  ])('refuses %j', async (args, message) => {
    const ran = await cli.run(['locations', 'add', ...agency, ...args]);
    expect(ran.code).toBe(1);
    expect(ran.error).toContain(message);
    expect(await list()).toHaveLength(1);
  });

  it('hangs nothing below a plain location', async () => {
    const { id } = await add('--name', 'Leaf');
    const ran = await cli.run(['locations', 'add', ...agency, '--name', 'Twig', '--parent', id]);
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.error).toContain('Leaf is a plain location');
  });

  it('knows neither the locations nor the GHL ids of another agency', async () => {
    const other = await cli.createAgency('Other');
    const parent = await cli.run(['locations', 'add', ...agency, '--name', 'A', '--parent', other.masterLocationId]);
    expect(parent.error).toContain('has no location');
    await cli.json(['locations', 'add', '--agency', other.agencyId, '--name', 'T', '--ghl-location-id', 'theirs']);
    const ran = await cli.run(['locations', 'add', ...agency, '--name', 'A', '--ghl-location-id', 'theirs']);
    expect(ran.error).toBe('This GHL location is connected already, perhaps to another agency.\n');
  });
});

describe('locations set', () => {
  it('changes what is named, takes away what is none, and leaves the rest', async () => {
    const { id } = await add('--name', 'A', '--postcode', '02116', '--daily-cap', '5', '--radius-km', '12.5');
    await cli.json([
      'locations',
      'set',
      id,
      ...agency,
      '--daily-cap',
      'none',
      '--lead-max-age-hours',
      '48',
      '--intake',
    ]);
    const [, after] = await list();
    expect(after).toMatchObject({
      dailyCap: null,
      radiusKm: 12.5,
      leadMaxAgeHours: 48,
      intake: true,
      postcode: '02116',
    });
    const [entry] = await cli.json<object[]>(['audit', 'list', ...agency, '--subject', `location:${id}`]);
    expect(entry).toMatchObject({ action: 'location.set', before: { dailyCap: 5 }, after: { dailyCap: null } });
  });

  it.each([
    [[], 'Name at least one thing'],
    [['--daily-cap', '-1'], 'wanted is a whole number, or none'],
    [['--radius-km', '0'], 'must be more than 0, or none'],
    [['--time-zone', 'Mars/Olympus'], 'wanted is a time zone'],
    [['--lead-max-age-hours', '0'], 'at least 1'],
  ])('does not understand %j', async (args, message) => {
    const ran = await cli.run(['locations', 'set', masterId, ...agency, ...args]);
    expect(ran.code).toBe(2);
    expect(ran.error).toContain(message);
  });

  it('does not turn a location into another GHL account', async () => {
    const { id } = await add('--name', 'A', '--ghl-location-id', `one-${masterId}`);
    const ran = await cli.run(['locations', 'set', id, ...agency, '--ghl-location-id', 'two']);
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.error).toContain('add the other one as a new location');
  });
});

describe('locations list', () => {
  it('shows the tree with each below its parent', async () => {
    const east = await add('--kind', 'region', '--name', 'East');
    await add('--name', 'Back Bay', '--parent', east.id);
    const { out } = await cli.run(['locations', 'list', ...agency]);
    const names = out.split('\n').map((line) => /^ *\S+( [A-Z]\w+)?/.exec(line)?.[0]);
    expect(names.slice(1, 4)).toEqual(['Acme', '  East', '    Back Bay']);
    expect(out).toContain('not installed');
  });
});

describe('locations go-live', () => {
  const goLive = (id: string, ...args: string[]) => cli.run(['locations', 'go-live', id, ...agency, ...args]);
  const liveAt = async (id: string) => (await list()).find((location) => location.id === id)?.liveAt;

  it('refuses a location that is not installed and has no rep, and says both', async () => {
    const { id } = await add('--name', 'A');
    const ran = await goLive(id);
    expect(ran.code).toBe(1);
    expect(ran.error).toContain('not installed');
    expect(ran.error).toContain('No active rep');
    expect(await liveAt(id)).toBeNull();
  });

  it('switches an installed location with a rep below it on, and off again', async () => {
    const { id } = await add('--name', 'A', '--ghl-location-id', `live-${masterId}`);
    const { agencyId } = { agencyId: agency[1]! };
    await cli.json(['installs', 'set-token', ...agency, '--location', id, '-f', '-'], 'pit-0123456789-0123456789');
    await cli.json(['reps', 'add', ...agency, '--location', id, '--ghl-user-id', 'u1', '--name', 'Ann']);
    expect(await goLive(id)).toMatchObject({ code: 0, out: 'A is now live.\n' });
    expect(await liveAt(id)).not.toBeNull();
    expect(await goLive(id)).toMatchObject({ code: 0, out: 'A is live already.\n' });
    expect(await goLive(id, '--off')).toMatchObject({ code: 0, out: 'A is no longer live.\n' });
    expect(await liveAt(id)).toBeNull();
    const entries = await cli.json<{ action: string }[]>([
      'audit',
      'list',
      '--agency',
      agencyId,
      '--subject',
      `location:${id}`,
    ]);
    expect(entries.map(({ action }) => action)).toEqual(['location.stop', 'location.go-live', 'location.add']);
  });

  it('does it all the same when forced', async () => {
    const { id } = await add('--name', 'A');
    expect((await goLive(id, '--force')).code).toBe(0);
    expect(await liveAt(id)).not.toBeNull();
  });
});

describe('the silence of a location', () => {
  it('is listed for all agencies, and muted until it speaks again, which the audit log has', async () => {
    const { id } = await add('--name', 'Back Bay', '--ghl-location-id', `quiet-${masterId}`);
    const { ownerDb } = cli.database;
    const days = (count: number) => new Date(Date.now() - count * 86_400_000);
    const spoke = days(20);
    await ownerDb
      .updateTable('locations')
      .set({ live_at: days(90), installed_at: days(90), last_event_at: spoke, silent_since: spoke })
      .where('id', '=', id)
      .execute();
    interface Silent {
      locationId: string;
      wantedAt: string | null;
    }
    const silent = async () => {
      const { locations } = await cli.json<{ locations: Silent[] }>(['locations', 'silent']);
      return locations.filter(({ locationId }) => locationId === id);
    };
    expect(await silent()).toMatchObject([{ wantedAt: null, lastEventAt: spoke.toISOString() }]);
    const muted = await cli.run(['locations', 'mute-silence', `quiet-${masterId}`, ...agency]);
    expect([muted.code, muted.out]).toEqual([0, 'The silence of Back Bay is wanted, until it speaks again.\n']);
    expect(await silent()).toMatchObject([{ wantedAt: expect.any(String) as string }]);
    const acts = await cli.json(['audit', 'list', ...agency, '--subject', `location:${id}`]);
    expect(acts).toContainEqual(
      expect.objectContaining({ actor: 'cli:tester', action: 'location.mute-silence', before: { wantedAt: null } }),
    );
    await cli.json(['locations', 'mute-silence', id, '--off', ...agency]);
    expect(await silent()).toMatchObject([{ wantedAt: null }]);
    await ownerDb.updateTable('locations').set({ last_event_at: new Date() }).where('id', '=', id).execute();
    expect(await silent()).toEqual([]);
  });
});
