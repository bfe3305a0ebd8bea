import { defineConfig } from 'vitest/config';
import { SlowFilesSpread } from './test/stack/file-order.ts';

/** Set by scripts/test.ts, which counts the results. */
const report = process.env['TEST_REPORT_FILE'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/stack/global-setup.ts'],
    setupFiles: ['test/leaks/setup.ts'],
    pool: 'forks',
    // Young objects of a whole file of tests are many: 16 MiB, the default, are collected all the time.
    execArgv: ['--max-semi-space-size=32'],
    // On two cores, of which Postgres and Temporal have the half: a file of tests waits for something most of its time.
    maxWorkers: 4,
    // Loading the modules anew for each file took a third of the time. Files share no state: what they start, they stop.
    isolate: false,
    sequence: { sequencer: SlowFilesSpread },
    // Far beyond what any test needs: a test that fails says something of the code, not of what else the machine did.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
