import { describe, expect, it } from 'vitest';
import { checkReassignment } from '../../domain/routing-reassignment.ts';
import type { ReassignmentInput } from '../../domain/routing-reassignment.ts';
import { agency, withLocations, withReps } from './routing-fixtures.ts';

const FULL = { openLeads: 5, maxOpenLeads: 5 };
const CAPPED = { leadsToday: 3, dailyCap: 3 };

function request(fields: Partial<ReassignmentInput> = {}): ReassignmentInput {
  const { locations, reps } = agency();
  const lead = { isClosed: false, locationId: 'near', repId: 'near-rep' };
  return { lead, targetRepId: 'far-rep', locations, reps, force: false, ...fields };
}

describe('checkReassignment', () => {
  it('lets an operator hand a lead to an active rep anywhere in the agency', () => {
    expect(checkReassignment(request())).toEqual({ allowed: true, reason: 'ok' });
    const waiting = { isClosed: false, locationId: 'master', repId: null };
    expect(checkReassignment(request({ lead: waiting }))).toEqual({ allowed: true, reason: 'ok' });
  });

  it.each<[Partial<ReassignmentInput>, string]>([
    [{ lead: { isClosed: true, locationId: 'near', repId: 'near-rep' } }, 'lead-closed'],
    [{ targetRepId: 'nobody' }, 'unknown-rep'],
    [{ locations: [] }, 'unknown-rep'],
    [{ targetRepId: 'near-rep' }, 'same-rep'],
    [{ reps: withReps(agency(), { 'far-rep': { status: 'suspended' } }).reps }, 'rep-not-active'],
    [{ reps: withReps(agency(), { 'far-rep': { status: 'removed' } }).reps }, 'rep-not-active'],
    [{ locations: withLocations(agency(), { far: { isLive: false } }).locations }, 'location-not-live'],
    [{ locations: withLocations(agency(), { far: { isInstalled: false } }).locations }, 'location-not-installed'],
  ])('refuses %#, forced or not', (fields, reason) => {
    expect(checkReassignment(request(fields))).toEqual({ allowed: false, reason });
    expect(checkReassignment(request({ ...fields, force: true }))).toEqual({ allowed: false, reason });
  });

  it.each<[Partial<ReassignmentInput>, string]>([
    [{ reps: withReps(agency(), { 'far-rep': FULL }).reps }, 'rep-full'],
    [{ reps: withReps(agency(), { 'far-rep': CAPPED }).reps }, 'rep-daily-cap'],
    [{ locations: withLocations(agency(), { far: FULL }).locations }, 'location-full'],
    [{ locations: withLocations(agency(), { far: CAPPED }).locations }, 'location-daily-cap'],
  ])('goes over a cap only by force (%#)', (fields, reason) => {
    expect(checkReassignment(request(fields))).toEqual({ allowed: false, reason });
    expect(checkReassignment(request({ ...fields, force: true }))).toEqual({ allowed: true, reason: 'ok' });
  });

  it('does not count the caps of a location against a lead that stays in it', () => {
    const lead = { isClosed: false, locationId: 'far', repId: null };
    const { locations } = withLocations(agency(), { far: FULL });
    expect(checkReassignment(request({ lead, locations }))).toEqual({ allowed: true, reason: 'ok' });
  });
});
