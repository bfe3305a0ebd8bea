import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { seal } from '../../crypto/seal.ts';
import { REFUSED_BODY, recordRefusedDelivery } from '../../db/refused-deliveries.ts';
import { withSystemRole } from '../../db/scope.ts';
import { type CliHarness, createCliHarness } from './harness.ts';

let cli: CliHarness;
beforeAll(async () => {
  cli = await createCliHarness();
});
afterAll(() => cli.close());

it('lists what was refused unopened, and opens one by its id, which the operators’ audit log has', async () => {
  expect((await cli.run(['quarantine', 'list'])).out).toBe('There are none.\n');
  const keys = parseKeyRing(cli.environment['ENCRYPTION_KEYS']!);
  const id = uuidv7();
  const text = '{"type":"ContactCreate","firstName":"Marigold"}';
  await withSystemRole(cli.database.db, 'intake', (tx) =>
    recordRefusedDelivery(tx, {
      id,
      reason: 'mismatch',
      signature: 'c2ln',
      path: '/webhooks/ghl',
      headerNames: ['content-type', 'x-ghl-signature'],
      digest: 'ab'.repeat(32),
      bodyBytes: text.length,
      body: seal(keys, Buffer.from(text), REFUSED_BODY),
    }),
  );
  const { out } = await cli.run(['quarantine', 'list']);
  expect(out).toMatch(/mismatch +\d+ +abababababab +- +content-type x-ghl-signature/);
  const shown = await cli.json<{ deliveries: object[] }>(['quarantine', 'list']);
  expect(shown.deliveries).toMatchObject([{ id, reason: 'mismatch', hasBody: true, takenAt: null }]);
  expect(JSON.stringify([shown, out])).not.toContain('Marigold');
  expect(await cli.json(['operators', 'audit'])).toEqual([]);

  expect((await cli.run(['quarantine', 'open', id])).out).toBe(`${text}\n`);
  expect(await cli.json(['operators', 'audit'])).toMatchObject([
    { actor: 'cli:tester', action: 'quarantine.open', subject: `refused-delivery:${id}`, origin: 'cli' },
  ]);
  const unknown = await cli.run(['quarantine', 'open', uuidv7()]);
  expect([unknown.code, unknown.error]).toEqual([1, expect.stringContaining('There is no refused delivery')]);
});
