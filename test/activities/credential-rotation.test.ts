import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { bringToken } from '../stack/rotation.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { expectToRepeat, takePicture } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const TOKEN = 'pit-of-chelsea-for-the-trial';
const bring = (token = TOKEN) => bringToken(all.bench, all.agency.agencyId, all.agency.location('chelsea'), token);
const rotation = (id: string) =>
  all.bench.database.ownerDb
    .selectFrom('credential_rotations')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow();

it('tries a token and stores it once, however often it is repeated', async () => {
  const { bench } = all;
  const locationId = 'one-loc-chelsea';
  await bench.simulator.seed({ tokens: [{ token: TOKEN, class: 'Location', companyId: 'one-company', locationId }] });
  const args = await bring();
  const trial = await expectToRepeat(bench, all, bench.rotationGhl.tryCredential, args);
  expect(trial).toEqual({ outcome: 'replaced', missingScopes: [] });
  const end = { ...args, ...trial };
  expect(await expectToRepeat(bench, all, bench.rotation.endCredentialRotation, end)).toBe('replaced');
  expect(await rotation(args.rotationId)).toMatchObject({ outcome: 'replaced', candidate: null });
});

it('does not let an older token replace a newer one', async () => {
  const { bench } = all;
  const [older, newer] = [await bring(), await bring()];
  const good = { outcome: 'replaced' as const, missingScopes: [] };
  expect(await run(bench.rotation.endCredentialRotation, { ...newer, ...good })).toBe('replaced');
  expect(await run(bench.rotation.endCredentialRotation, { ...older, ...good })).toBe('superseded');
  expect(await run(bench.rotationGhl.tryCredential, older)).toMatchObject({ outcome: 'superseded' });
});

describe('a rotation that failed for good', () => {
  const failed = (cause: string) => ({ outcome: 'failed' as const, missingScopes: [], cause });
  const letters = async () =>
    (await all.agency.letters()).map(({ cause, subject_kind, subject_id, location_id, workflow_id, resolution }) => ({
      cause,
      about: `${subject_kind} ${subject_id}`,
      location_id,
      workflow_id,
      resolution,
    }));

  it('is put before an operator once for a credential, and is settled when a token replaces it', async () => {
    const { bench, agency } = all;
    const chelsea = agency.location('chelsea');
    const first = await bring();
    expect(
      await expectToRepeat(bench, all, bench.rotation.endCredentialRotation, { ...first, ...failed('Postgres42501') }),
    ).toBe('failed');
    const letter = {
      cause: 'rotation:Postgres42501',
      about: `credential ${chelsea}`,
      location_id: chelsea,
      workflow_id: `credential-rotation/${agency.agencyId}/${first.rotationId}`,
    };
    expect(await letters()).toEqual([{ ...letter, resolution: null }]);
    expect(await rotation(first.rotationId)).toMatchObject({ outcome: 'failed', candidate: null });

    await run(bench.rotation.endCredentialRotation, { ...(await bring()), ...failed('Postgres42501') });
    expect(await letters()).toHaveLength(1);
    const good = { outcome: 'replaced' as const, missingScopes: [] };
    await run(bench.rotation.endCredentialRotation, { ...(await bring()), ...good });
    expect(await letters()).toEqual([{ ...letter, resolution: 'replaced' }]);
  });

  it('is nothing to an operator when a newer token has taken its place', async () => {
    const { bench } = all;
    const before = await letters();
    const [older, newer] = [await bring(), await bring()];
    const good = { outcome: 'replaced' as const, missingScopes: [] };
    await run(bench.rotation.endCredentialRotation, { ...newer, ...good });
    expect(await run(bench.rotation.endCredentialRotation, { ...older, ...failed('UnsealError') })).toBe('failed');
    expect(await letters()).toEqual(before);
  });

  it.each(['refused', 'scope-missing', 'ghl-away'] as const)(
    'leaves no letter when it was only %s',
    async (outcome) => {
      const before = await letters();
      await run(all.bench.rotation.endCredentialRotation, { ...(await bring()), outcome, missingScopes: [] });
      expect(await letters()).toEqual(before);
    },
  );
});

describe('a private token of the agency', () => {
  const NEEDED = ['locations.readonly', 'locations.write', 'users.readonly', 'users.write', 'snapshots.readonly'];
  const tryAgencyToken = async (token: string, scopes?: string[], of: object = {}) => {
    const { bench, agency } = all;
    const seeded = { token, class: 'Company' as const, companyId: 'one-company', ...of, ...(scopes && { scopes }) };
    if (scopes) await bench.simulator.seed({ tokens: [seeded] });
    const args = await bringToken(bench, agency.agencyId, null, token);
    return run(bench.rotationGhl.tryCredential, args);
  };

  it('is taken when it may do all that making a location needs, and no more is asked for', async () => {
    const allowed = { outcome: 'replaced', missingScopes: [] };
    expect(await tryAgencyToken('pit-agency-enough', NEEDED)).toEqual(allowed);
    const more = [...NEEDED, 'companies.readonly', 'saas/company.write', 'snapshots.write', 'phonenumbers.read'];
    expect(await tryAgencyToken('pit-agency-more', more)).toEqual(allowed);
  });

  it.each(NEEDED)('is not taken without %s, which is named', async (scope) => {
    const scopes = NEEDED.filter((each) => each !== scope);
    const trial = await tryAgencyToken(`pit-agency-without-${scope}`, scopes);
    expect(trial).toEqual({ outcome: 'scope-missing', missingScopes: [scope] });
  });

  it.each([
    ['that GHL does not know', 'pit-agency-dead', undefined, {}, 'refused'],
    ['of another agency', 'pit-agency-other', NEEDED, { companyId: 'two-company' }, 'other-account'],
    ['of a location', 'pit-agency-loc', NEEDED, { class: 'Location', locationId: 'one-loc-chelsea' }, 'other-account'],
  ])('is refused when it is one %s', async (_what, token, scopes, of, outcome) => {
    expect(await tryAgencyToken(token, scopes, of)).toEqual({ outcome, missingScopes: [] });
  });

  it('is not blamed for the agency’s plan', async () => {
    await all.bench.simulator.addFault({
      method: 'PUT',
      path: '^/locations/',
      status: 403,
      message: 'This feature is only available on Agency Pro ($497) plan.',
    });
    const trial = await tryAgencyToken('pit-agency-cheap', NEEDED);
    await all.bench.simulator.clearFaults();
    expect(trial).toEqual({ outcome: 'replaced', missingScopes: [] });
  });

  it('changes nothing in GHL while it is tried', async () => {
    const { simulator } = all.bench;
    const look = async () => [await simulator.listLocations(), await simulator.listUsers()];
    const before = await look();
    await tryAgencyToken('pit-agency-harmless', NEEDED);
    expect(await look()).toEqual(before);
  });
});

describe('while GHL is away', () => {
  it.each([
    [{ status: 503 }, 'GhlUnavailable'],
    [{ status: 429 }, 'GhlRateLimited'],
  ])('%j says nothing about the token', async (fault, type) => {
    const { bench } = all;
    const args = await bring();
    await bench.simulator.addFault({ path: '/locations/one-loc-chelsea', ...fault });
    const failure = await failureOf(run(bench.rotationGhl.tryCredential, args));
    await bench.simulator.clearFaults();
    expect(failure).toMatchObject({ type, nonRetryable: false });
    expect(`${failure.message} ${failure.stack}`).not.toContain(TOKEN);
  });
});

it('finds no rotation of another agency', async () => {
  const { bench, agency, neighbour } = all;
  const theirs = await bringToken(bench, neighbour.agencyId, neighbour.location('chelsea'), TOKEN);
  const before = await takePicture(bench, neighbour);
  const given = { ...theirs, agencyId: agency.agencyId };
  const refused = { type: 'RotationNotFound', nonRetryable: true };
  expect(await failureOf(run(bench.rotationGhl.tryCredential, given))).toMatchObject(refused);
  const end = { ...given, outcome: 'replaced' as const, missingScopes: [] };
  expect(await failureOf(run(bench.rotation.endCredentialRotation, end))).toMatchObject(refused);
  expect(await takePicture(bench, neighbour)).toEqual(before);
});
