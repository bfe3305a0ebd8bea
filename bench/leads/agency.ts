import { type AgencyPlan, ghlIds, type LocationPlan } from '../../scripts/demo/agency-plan.ts';

const AGENCY = 'bench-leads';
const REPS_EACH = 6;
/** Far enough apart that each postcode has one location that is nearest. */
const POSTCODES = ['98101', '94103', '90012', '85004', '80202', '75201', '60601', '55401', '10001', '33130'];

/** A master that takes leads in, and locations without caps that could all take them: only the postcode decides. */
export function planLeadsAgency(): AgencyPlan {
  const master: LocationPlan = {
    ...{ key: 'master', kind: 'master', parentKey: null, name: 'Head office', postcode: null },
    reps: [],
  };
  const locations = POSTCODES.map((postcode, place): LocationPlan => ({
    ...{ key: `place${place}`, kind: 'location', parentKey: 'master', name: `Place ${place}`, postcode },
    pipeline: true,
    reps: Array.from({ length: REPS_EACH }, (_, rep) => ({
      ...{ key: `rep${place}x${rep}`, firstName: `First${rep}`, lastName: `Last${place}` },
    })),
  }));
  return { key: AGENCY, name: 'Bench', locations: [master, ...locations] };
}

/** The accounts of the agency in GHL. */
export const LEADS_ACCOUNTS = planLeadsAgency().locations.map(({ key }) => ghlIds.location(AGENCY, key));

/** A person who asks in the master account. @param index another person for each */
export function describePerson(index: number) {
  return {
    locationId: ghlIds.location(AGENCY, 'master'),
    ...{ firstName: 'Bench', lastName: `Person ${index}`, email: `person-${index}@bench.example` },
    postalCode: POSTCODES[index % POSTCODES.length]!,
    country: 'US',
  };
}
