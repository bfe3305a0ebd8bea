import type { AgencyPlan } from '../../scripts/demo/agency-plan.ts';

/** One master, one region, three locations a few miles apart in Boston and one in New York; enough for most questions. */
export function smallAgency(key: string): AgencyPlan {
  // Names that occur in no id: the search for names in logs tells them apart.
  const rep = (name: string, more: object = {}) => ({
    key: name,
    firstName: `Jory-${name}`,
    lastName: 'Quistgaard',
    ...more,
  });
  return {
    key,
    name: `Agency ${key}`,
    locations: [
      { key: 'master', kind: 'master', parentKey: null, name: 'Head office', postcode: '10001', reps: [] },
      {
        key: 'east',
        kind: 'region',
        parentKey: 'master',
        name: 'East',
        postcode: '10001',
        reps: [rep('east-desk')],
      },
      {
        key: 'back-bay',
        kind: 'location',
        parentKey: 'east',
        name: 'Back Bay',
        postcode: '02116',
        pipeline: true,
        reps: [rep('ann', { weight: 2 }), rep('bob')],
      },
      {
        key: 'cambridge',
        kind: 'location',
        parentKey: 'east',
        name: 'Cambridge',
        postcode: '02139',
        reps: [rep('cid', { maxOpenLeads: 1 })],
      },
      { key: 'chelsea', kind: 'location', parentKey: 'east', name: 'Chelsea', postcode: '10011', reps: [rep('dan')] },
    ],
  };
}
