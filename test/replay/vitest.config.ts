import { defineConfig } from 'vitest/config';

/** `npm run record-histories`: runs real leads and contacts and writes their histories for the replay tests. */
export default defineConfig({
  test: {
    include: ['test/replay/record{,-contacts,-notices,-webhooks}.ts'],
    globalSetup: ['test/stack/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
