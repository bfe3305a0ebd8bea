import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createSwitchyardClient, type SwitchyardClient, TemporalUnavailableError } from '../../client.ts';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createTestNamespace } from '../stack/namespace.ts';
import { waitFor } from '../stack/wait.ts';
import { startTemporalProxy, type TemporalProxy } from '../worker/temporal-proxy.ts';

let proxy: TemporalProxy;
/** As the API has it. */
let webhook: SwitchyardClient;
/** As somebody has it who waits for an answer. */
let person: SwitchyardClient;
const agencyId = crypto.randomUUID();
beforeAll(async () => {
  const temporalAddress = inject('temporalAddress');
  const namespace = await createTestNamespace(temporalAddress);
  proxy = await startTemporalProxy(temporalAddress);
  const options = {
    connection: { address: proxy.address },
    namespace,
    keys: parseKeyRing(`1:${randomBytes(32).toString('base64')}`),
  };
  webhook = createSwitchyardClient(options);
  person = createSwitchyardClient({ ...options, patienceMs: 60_000 });
});
afterAll(async () => {
  await webhook.close();
  await person.close();
  await proxy.close();
});

const startWith = (client: SwitchyardClient, leadId: string): Promise<void> =>
  client.startLeadIntake({ agencyId, leadId, locationId: crypto.randomUUID(), source: 'api' });
const fateOf = (leadId: string) => person.leadFate({ agencyId, leadId });

describe('while Temporal takes what it is asked and answers late', () => {
  it('a webhook’s start is given up, and that of somebody with patience waits for its answer', async () => {
    for (const client of [webhook, person]) await waitFor('a connection', () => client.isReachable());
    proxy.hold();
    const [given, kept] = [crypto.randomUUID(), crypto.randomUUID()];
    let isAnswered = false;
    const waiting = startWith(person, kept).then(() => (isAnswered = true));
    await expect(startWith(webhook, given)).rejects.toThrow(TemporalUnavailableError);
    expect(isAnswered).toBe(false);

    proxy.release();
    await waiting;
    expect(await fateOf(kept)).toBe('running');
    // Temporal had it all the same: why whoever was not answered may ask again.
    await startWith(webhook, given);
    expect(await fateOf(given)).toBe('running');
  });
});
