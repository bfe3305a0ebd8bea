import { relative } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { suiteEvidence } from './evidence.ts';
import { hearHttp } from './hear-http.ts';

if (suiteEvidence.isKept) {
  const stopHearing = hearHttp(suiteEvidence);
  beforeAll(() => {
    suiteEvidence.file = relative(process.cwd(), expect.getState().testPath ?? '');
  });
  // Declared first, this runs last: after all that a file stops.
  afterAll(() => {
    stopHearing();
    suiteEvidence.flush();
  });
}
