import { expect, it } from 'vitest';
import { judgeTrial, type TrialCall } from '../../domain/credential-rotation.ts';
import { listRefusingLocations } from '../../domain/refusing-locations.ts';

const call = (scope: string, answer: TrialCall['answer']): TrialCall => ({ scope, answer });

it.each<[TrialCall[], string, string[]]>([
  [[call('a', 'allowed'), call('b', 'allowed')], 'replaced', []],
  [[call('a', 'scope-missing'), call('b', 'allowed'), call('c', 'scope-missing')], 'scope-missing', ['a', 'c']],
  [[call('a', 'scope-missing'), call('b', 'refused')], 'refused', []],
  [[call('a', 'other-account'), call('b', 'scope-missing')], 'other-account', []],
  [[], 'failed', []],
])('a trial of %j ends %s', (calls, outcome, missingScopes) => {
  expect(judgeTrial(calls)).toEqual({ outcome, missingScopes });
});

const slot = (locationId: string, releaseReason: string | null) => ({ locationId, releaseReason });

it.each([
  [[slot('a', 'not-placed'), slot('b', 'moved'), slot('c', null)], ['a']],
  [[slot('a', 'disconnected'), slot('a', 'disconnected')], []],
  [[slot('a', 'disconnected'), slot('a', 'disconnected'), slot('a', 'disconnected')], ['a']],
  [[slot('a', 'disconnected'), slot('a', 'not-placed')], ['a']],
])('after %j the lead is kept from %j', (earlier, refusing) => {
  expect(listRefusingLocations(earlier)).toEqual(refusing);
});
