import { configDefaults, defineConfig } from 'vitest/config';

/** Set by scripts/test.ts, which counts the results. */
const report = process.env['TEST_REPORT_FILE'];

/** They share no state and need no server but what they start: loading the modules anew for each file would take longer than the tests. */
const LIGHT = [
  'test/domain/**/*.test.ts',
  'test/crypto/**/*.test.ts',
  'test/ghl/**/*.test.ts',
  'test/simulator/**/*.test.ts',
];

export default defineConfig({
  test: {
    setupFiles: ['test/leaks/setup.ts'],
    pool: 'forks',
    // The machine's other half runs Postgres and Temporal.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      { extends: true, test: { name: 'light', include: LIGHT, isolate: false } },
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...LIGHT],
          globalSetup: ['test/stack/global-setup.ts'],
        },
      },
    ],
  },
});
