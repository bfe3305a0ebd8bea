import { relative, sep } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { suiteEvidence } from './evidence.ts';
import { hearHttp } from './hear-http.ts';

/** What is said there is planted. */
const TESTS_OF_THE_SEARCH = `${sep}test${sep}leaks${sep}`;

if (suiteEvidence.isKept) {
  let stopHearing = (): void => {};
  beforeAll(() => {
    const file = expect.getState().testPath ?? '';
    suiteEvidence.file = relative(process.cwd(), file);
    if (!file.includes(TESTS_OF_THE_SEARCH)) stopHearing = hearHttp(suiteEvidence);
  });
  // Declared first, this runs last: after all that a file stops.
  afterAll(() => {
    stopHearing();
    suiteEvidence.flush();
  });
}
