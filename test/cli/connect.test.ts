import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createTokenStore } from '../../db/installs.ts';
import type { PlantedAgency } from '../../scripts/demo/plant-agency.ts';
import { smallAgency } from '../stack/small-agency.ts';
import { startTestSystem, type TestSystem } from '../stack/system.ts';
import { type CliRunner, createCliRunner } from './harness.ts';

const ENCRYPTION_KEYS = `1:${randomBytes(32).toString('base64')}`;
const PIT = 'pit-01234567-89ab-cdef-0123-456789abcdef';

let system: TestSystem;
let planted: PlantedAgency;
let cli: CliRunner;
let agency: string[];
let environment: Record<string, string>;
beforeAll(async () => {
  system = await startTestSystem({ keys: parseKeyRing(ENCRYPTION_KEYS) });
  planted = await system.plant(smallAgency('one'));
  agency = ['--agency', planted.agencyId];
  environment = {
    DATABASE_URL: system.database.url,
    ENCRYPTION_KEYS,
    TEMPORAL_ADDRESS: system.temporalAddress,
    TEMPORAL_NAMESPACE: system.namespace,
    API_PUBLIC_URL: 'https://switchyard.example',
    GHL_CLIENT_ID: 'app-1',
    GHL_CLIENT_SECRET: 'secret-1',
  };
  cli = await createCliRunner(environment);
  await system.startWorkers();
});
afterAll(async () => {
  await cli.close();
  await system.stop();
});

describe('agency connect', () => {
  it('prints a link that is stored as a hash, and installs list shows how it goes', async () => {
    const made = await cli.json<{ id: string; url: string }>(['agency', 'connect', planted.agencyId]);
    expect(made.url).toMatch(/^https:\/\/switchyard\.example\/oauth\/ghl\/start\?link=swc_[\w-]{43}$/);
    const rows = await system.database.ownerDb.selectFrom('connect_links').selectAll().execute();
    expect(rows).toMatchObject([{ id: made.id, made_by: 'cli:tester', purpose: 'locations' }]);
    expect(JSON.stringify(rows)).not.toContain(made.url.split('swc_')[1]);
    const listed = await cli.run(['installs', 'list', ...agency]);
    expect(listed.out).toContain(made.id);
    expect(listed.out).toContain('came back');
    expect(JSON.stringify(await cli.json(['audit', 'list', ...agency]))).toContain('connect-link.create');
  });

  it('needs an app of the kind, and an agency', async () => {
    const args = ['agency', 'connect', planted.agencyId, '--provisioning'];
    expect((await cli.run(args)).error).toContain('set GHL_PROVISIONING_CLIENT_ID and _SECRET');
    expect((await cli.run(['agency', 'connect', crypto.randomUUID()])).error).toContain('There is no agency');
    expect((await cli.run(['agency', 'connect', 'acme'])).code).toBe(2);
  });
});

describe('credentials rotate', () => {
  const rotate = (token: string, ...more: string[]) =>
    cli.run(['credentials', 'rotate', ...agency, ...more, '-f', '-'], token);
  const seed = (token: string, scopes?: string[]) =>
    system.simulator.seed({
      tokens: [
        {
          token,
          class: 'Location',
          companyId: 'one-company',
          locationId: 'one-loc-chelsea',
          ...(scopes && { scopes }),
        },
      ],
    });
  const stored = (locationId?: string) =>
    createTokenStore(system.database.db, parseKeyRing(ENCRYPTION_KEYS)).findInstall({
      agencyId: planted.agencyId,
      ...(locationId === undefined ? { purpose: 'provisioning' } : { locationId }),
    });

  it('tries the token, stores it when it does all, and says what it lacks when it does not', async () => {
    const locationId = planted.locations.get('chelsea')!;
    await seed(PIT);
    const good = await rotate(`${PIT}\n`, '--location', 'one-loc-chelsea');
    expect(good).toMatchObject({ code: 0, out: expect.stringContaining('it has replaced the old one') as string });
    expect(await stored(locationId)).toMatchObject({ kind: 'pit', accessToken: PIT });
    await seed(`${PIT}-less`, ['contacts.readonly', 'contacts.write', 'locations.readonly']);
    const bad = await rotate(`${PIT}-less`, '--location', locationId);
    expect(bad.code).toBe(1);
    expect(bad.error).toContain('It lacks opportunities.readonly, opportunities.write, users.readonly');
    expect(await stored(locationId)).toMatchObject({ accessToken: PIT });
    expect(`${good.out}${bad.error}`).not.toContain(PIT);
    expect((await rotate('pit-that-nobody-has-seen-before', '--location', locationId)).error).toContain(
      'GHL does not accept it',
    );
  });

  it('keeps the agency’s own token apart from the authority for its locations', async () => {
    await system.simulator.seed({ tokens: [{ token: `${PIT}-agency`, class: 'Company', companyId: 'one-company' }] });
    expect(await rotate(`${PIT}-agency`)).toMatchObject({ code: 0 });
    expect(await stored()).toMatchObject({ kind: 'pit', accessToken: `${PIT}-agency`, purpose: 'provisioning' });
    const listed = await cli.json<{ of: string; kind: string }[]>(['installs', 'list', ...agency]);
    expect(listed.filter(({ of }) => of.startsWith('the agency'))).toMatchObject([
      { of: 'the agency', kind: 'oauth' },
      { of: 'the agency, for new locations', kind: 'pit' },
    ]);
  });

  it('keeps nothing when Temporal does not answer', async () => {
    const lonely = await createCliRunner({ ...environment, TEMPORAL_ADDRESS: '127.0.0.1:1' });
    const before = await system.database.ownerDb.selectFrom('credential_rotations').select('id').execute();
    const ran = await lonely.run(['credentials', 'rotate', ...agency, '-f', '-'], PIT);
    expect(ran.error).toContain('Temporal does not answer');
    const after = await system.database.ownerDb.selectFrom('credential_rotations').select('id').execute();
    expect(after).toHaveLength(before.length);
    await lonely.close();
  });
});
