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
