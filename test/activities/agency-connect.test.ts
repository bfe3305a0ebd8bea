import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BENCH_APP, run } from '../stack/activity-bench.ts';
import { bringCode } from '../stack/connect-link.ts';
import type { BenchAgency } from './bench-agency.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { expectToRepeat, takePicture } from './picture.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours();
});
afterAll(() => all.bench.stop());

const cameBack = (of: BenchAgency, code: string) => bringCode(all.bench, of.agencyId, code);
const companyCode = async (companyId = 'one-company'): Promise<string> =>
  (await all.bench.simulator.install({ clientId: BENCH_APP.clientId, companyId })).code;
const link = (linkId: string) =>
  all.bench.database.ownerDb.selectFrom('connect_links').selectAll().where('id', '=', linkId).executeTakeFirstOrThrow();
const installOf = ({ agencyId }: BenchAgency) =>
  all.bench.database.ownerDb
    .selectFrom('installs')
    .selectAll()
    .where('agency_id', '=', agencyId)
    .where('location_id', 'is', null)
    .executeTakeFirstOrThrow();
const exchanges = async (): Promise<number> => {
  const { counts } = await all.bench.simulator.getCalls();
  return Object.entries(counts)
    .filter(([name]) => name.startsWith('POST /oauth/token'))
    .reduce((sum, [, count]) => sum + count, 0);
};

describe('the exchange of a code', () => {
  it('is made once, however often it is repeated; its answer is kept sealed before anybody uses it', async () => {
    const { bench, agency } = all;
    const args = await cameBack(agency, await companyCode());
    await bench.simulator.resetCalls();
    expect(await expectToRepeat(bench, all, bench.connectGhl.exchangeConnectCode, args)).toBe('exchanged');
    expect(await exchanges()).toBe(1);
    expect(await link(args.linkId)).toMatchObject({ code: null, outcome: null });
    expect((await link(args.linkId)).answer).not.toBeNull();
    const before = await installOf(agency);
    expect(await expectToRepeat(bench, all, bench.connect.storeConnection, args)).toEqual({
      outcome: 'stored',
      hasTree: true,
    });
    expect(await installOf(agency)).toMatchObject({ status: 'active', token_version: before.token_version + 1 });
    expect(await link(args.linkId)).toMatchObject({ answer: null, ghl_company_id: 'one-company' });
    expect(await run(bench.connectGhl.exchangeConnectCode, args)).toBe('exchanged');
    await expectToRepeat(bench, all, bench.connect.endConnection, { ...args, outcome: 'connected' });
    await run(bench.connect.endConnection, { ...args, outcome: 'failed' });
    expect(await link(args.linkId)).toMatchObject({ outcome: 'connected', locations: 5 });
    expect(await exchanges()).toBe(1);
  });

  it('is not tried again by the attempt after one that died in the middle', async () => {
    const { bench, agency } = all;
    const args = await cameBack(agency, await companyCode());
    await bench.database.ownerDb
      .updateTable('connect_links')
      .set({ exchanged_at: new Date() })
      .where('id', '=', args.linkId)
      .execute();
    await bench.simulator.resetCalls();
    expect(await run(bench.connectGhl.exchangeConnectCode, args, { attempt: 2 })).toBe('answer-lost');
    expect(await exchanges()).toBe(0);
  });

  it.each([
    [{ cutAfterCommit: true }, 'answer-lost'],
    [{ cut: true }, 'answer-lost'],
    [{ status: 503 }, 'ghl-away'],
    [{ status: 401, message: 'Authorization code not found' }, 'code-refused'],
    [{ status: 400, message: 'Invalid parameter: code' }, 'code-refused'],
  ])('that meets %j is over: %s', async (fault, outcome) => {
    const { bench, agency } = all;
    const args = await cameBack(agency, await companyCode());
    await bench.simulator.addFault({ path: '/oauth/token', ...fault });
    await bench.simulator.resetCalls();
    expect(await run(bench.connectGhl.exchangeConnectCode, args)).toBe(outcome);
    const again = await run(bench.connectGhl.exchangeConnectCode, args, { attempt: 2 });
    expect(again).toBe('answer-lost');
    await bench.simulator.clearFaults();
    expect(await exchanges()).toBe(1);
  });

  it('that GHL’s limit kept from being made is made later', async () => {
    const { bench, agency } = all;
    const args = await cameBack(agency, await companyCode());
    await bench.simulator.addFault({ path: '/oauth/token', status: 429, times: 1 });
    const failure = await failureOf(run(bench.connectGhl.exchangeConnectCode, args));
    expect(failure).toMatchObject({ type: 'GhlRateLimited', nonRetryable: false });
    expect(await run(bench.connectGhl.exchangeConnectCode, args, { attempt: 2 })).toBe('exchanged');
  });

  it('in the name of one agency takes no link of another', async () => {
    const { bench, agency, neighbour } = all;
    const theirs = await cameBack(neighbour, await companyCode('two-company'));
    const before = await takePicture(bench, neighbour);
    const given = { ...theirs, agencyId: agency.agencyId };
    for (const step of [bench.connectGhl.exchangeConnectCode, bench.connect.storeConnection]) {
      expect(await failureOf(run(step as (args: typeof given) => Promise<unknown>, given))).toMatchObject({
        type: 'NoResultError',
        nonRetryable: true,
      });
    }
    const end = () => run(bench.connect.endConnection, { ...given, outcome: 'failed' as const });
    expect((await failureOf(end())).nonRetryable).toBe(true);
    const record = () => run(bench.connect.recordConnectFailure, { ...given, cause: 'test' });
    expect((await failureOf(record())).nonRetryable).toBe(true);
    expect(await takePicture(bench, neighbour)).toEqual(before);
  });
});

describe('the tree', () => {
  it('is filled once from the same list, and says which locations need a token', async () => {
    const { bench, agency } = all;
    const { agencyId } = agency;
    await bench.simulator.addLocation({ id: 'one-loc-new', companyId: 'one-company', name: 'New' });
    const first = await run(bench.connectGhl.fillTree, { agencyId, skip: 0 });
    expect(first).toMatchObject({ listed: 6, added: 1 });
    const again = await expectToRepeat(bench, all, bench.connectGhl.fillTree, { agencyId, skip: 0 });
    expect(again).toMatchObject({
      listed: 6,
      added: 0,
      needToken: expect.arrayContaining(first.needToken) as string[],
    });
    expect(await run(bench.connectGhl.fillTree, { agencyId, skip: 6 })).toMatchObject({ listed: 0 });
  });

  it('leaves a location to the agency that has it', async () => {
    const { bench, agency, neighbour } = all;
    await bench.simulator.addLocation({ id: 'one-loc-taken', companyId: 'one-company', name: 'Taken' });
    await bench.database.ownerDb
      .insertInto('locations')
      .values({
        id: uuidv7(),
        agency_id: neighbour.agencyId,
        parent_id: neighbour.location('master'),
        kind: 'location',
        name: 'Theirs',
        ghl_location_id: 'one-loc-taken',
        is_intake: false,
      })
      .execute();
    const before = await takePicture(bench, neighbour);
    expect(await run(bench.connectGhl.fillTree, { agencyId: agency.agencyId, skip: 0 })).toMatchObject({ added: 0 });
    expect(await takePicture(bench, neighbour)).toEqual(before);
  });
});
