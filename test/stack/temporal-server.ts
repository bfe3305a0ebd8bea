import { startTemporal, type Temporal, type TemporalOptions } from '../../scripts/stack/temporal.ts';

/** A workflow whose task fails is reported after its second try; by the fifth, as usual, tries are many seconds apart. */
const REPORTED_SOON = 'system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2';

/** Memory is given back a quarter as often as by default, as long as there is enough of it: that takes CPU from the tests. */
const SELDOM_COLLECTED = { GOGC: '400', GOMEMLIMIT: '1536MiB' };

/** Starts Temporal's development server for tests. */
export const startTestTemporal = (options: TemporalOptions): Promise<Temporal> =>
  startTemporal({
    ...options,
    settings: [REPORTED_SOON, ...(options.settings ?? [])],
    environment: SELDOM_COLLECTED,
  });
