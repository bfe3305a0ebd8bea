import { expect, it } from 'vitest';
import { explainAssignment } from '../../domain/lead-note.ts';

const explanation = {
  step: 'nearest',
  reason: 'nearest-location',
  ruleVersion: 'nearest-1',
  distanceKm: 3.4,
  locationName: 'Back Bay',
  score: 61,
};

it('tells why a lead came here, how far away it is and how it scores', () => {
  expect(explainAssignment(explanation)).toBe(
    'Routed to Back Bay, 3 km away: this is the nearest location (nearest, rule nearest-1). Score 61 of 100.',
  );
});

it('leaves out what is not known, and gives a reason it has no words for as it is', () => {
  const unknown = { ...explanation, distanceKm: null, score: null, reason: 'brand-new' };
  expect(explainAssignment(unknown)).toBe('Routed to Back Bay: brand-new (nearest, rule nearest-1).');
});
