import { ApplicationFailureCategory } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { toApplicationFailure } from '../../activities/ghl-failure.ts';
import { GhlAuthExpiredError, GhlForbiddenError, GhlRateLimitedError } from '../../ghl/errors.ts';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { waitFor } from '../stack/wait.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';

let all: Neighbours;
beforeAll(async () => {
  all = await startNeighbours({ ghl: { breaker: { minimumCalls: 3, openMs: 20_000 } } });
});
afterEach(() => all.bench.simulator.clearFaults());
afterAll(() => all.bench.stop());

/** How placing a lead fails when GHL answers its first look-up so. */
const failureWhen = async (fault: Parameters<typeof all.bench.simulator.addFault>[0]) => {
  const { bench, agency } = all;
  const held = await agency.reserved({ ...somebody('10011'), firstName: 'Zachary', phone: '(617) 555-0111' });
  await bench.simulator.addFault({ path: '/contacts', ...fault });
  const failure = await failureOf(run(bench.ghl.placeLead, held));
  await bench.simulator.clearFaults();
  await run(bench.leads.closeLead, { ...held, closeReason: 'lost', actor: 'test' });
  return failure;
};

it.each([
  { status: 403, message: 'Zachary may not', type: 'GhlForbidden' },
  { status: 404, message: 'Zachary not found', type: 'GhlNotFound' },
  { status: 422, message: 'phone +16175550111 is invalid', type: 'GhlInvalid' },
  { status: 400, message: 'Location is not active', type: 'GhlForbidden' },
])('takes a $status for final and quotes nothing of it', async ({ type, ...fault }) => {
  const failure = await failureWhen(fault);
  expect(failure).toMatchObject({ type, nonRetryable: true });
  expect(`${failure.message} ${failure.stack}`).not.toMatch(/Zachary|555/);
  // A pause of the location would outlast this test.
  await all.bench.database.ownerDb.updateTable('installs').set({ paused_until: null }).execute();
});

it('waits as long as a 429 says, without an alarm', async () => {
  const failure = await failureWhen({ status: 429, retryAfterSeconds: 7, times: 1 });
  expect(failure).toMatchObject({
    type: 'GhlRateLimited',
    nonRetryable: false,
    category: ApplicationFailureCategory.BENIGN,
  });
  expect(failure.nextRetryDelay).toBeGreaterThanOrEqual(7_000);
  expect(failure.nextRetryDelay).toBeLessThanOrEqual(8_400);
  await all.bench.database.ownerDb.deleteFrom('ghl_budgets').execute();
});

it('waits as long as GHL is known to need for what it cannot do yet', async () => {
  const message = 'No conversation provider found for this message';
  const failure = await failureWhen({ status: 403, message, times: 1 });
  expect(failure).toMatchObject({ type: 'GhlUnavailable', nonRetryable: false });
  expect(failure.nextRetryDelay).toBeGreaterThanOrEqual(10_000);
  expect(failure.nextRetryDelay).toBeLessThanOrEqual(12_000);
});

it('waits for GHL’s usual window where a limit names no time', () => {
  const failure = toApplicationFailure(new GhlRateLimitedError({ operation: 'x', reason: 'limit', retryAfterMs: 0 }));
  expect(failure.nextRetryDelay).toBeGreaterThanOrEqual(10_000);
});

it('waits for a person to connect a dead install again only where the step has no other way', () => {
  const dead = new GhlAuthExpiredError({ operation: 'x', reason: 'needs-reauth' });
  expect(toApplicationFailure(dead)).toMatchObject({ nonRetryable: true });
  const waiting = toApplicationFailure(dead, 'wait');
  expect(waiting).toMatchObject({ nonRetryable: false, category: ApplicationFailureCategory.BENIGN });
  expect(waiting.nextRetryDelay).toBeGreaterThanOrEqual(20_000);
  const forbidden = new GhlForbiddenError({ operation: 'x', reason: 'token-scope' });
  expect(toApplicationFailure(forbidden, 'wait')).toMatchObject({ nonRetryable: true });
});

it('tries again when GHL refuses even the token it has just given', async () => {
  const failure = await failureWhen({ status: 401, message: 'Invalid JWT' });
  expect(failure).toMatchObject({ type: 'GhlAuthExpired', nonRetryable: false });
});

it('takes authority that is gone for final', async () => {
  const { bench, agency } = all;
  const locationId = agency.location('chelsea');
  await run(bench.accountsGhl.obtainToken, { agencyId: agency.agencyId, locationId });
  const held = await agency.reserved(somebody('10011'));
  const ofChelsea = bench.database.ownerDb.updateTable('installs').where('location_id', '=', locationId);
  await ofChelsea.set({ status: 'needs_reauth' }).execute();
  const failure = await failureOf(run(bench.ghl.placeLead, held));
  expect(failure).toMatchObject({ type: 'GhlAuthExpired', nonRetryable: true });
  await ofChelsea.set({ status: 'active' }).execute();
});

it('tries again after a 5xx, and without an alarm once the circuit is open', async () => {
  const first = await failureWhen({ status: 500 });
  expect(first).toMatchObject({ type: 'GhlUnavailable', nonRetryable: false });
  expect(first.category).not.toBe(ApplicationFailureCategory.BENIGN);
  // Nobody knows when GHL will be well: the policy says when to look.
  expect(first.nextRetryDelay).toBeUndefined();
  const last = await waitFor('the circuit to open', async () => {
    const failure = await failureWhen({ status: 500 });
    return failure.type === 'GhlCircuitOpen' && failure;
  });
  expect(last.category).toBe(ApplicationFailureCategory.BENIGN);
  expect(last.nextRetryDelay).toBeGreaterThan(0);
  expect(last.nextRetryDelay).toBeLessThanOrEqual(24_000);
});
