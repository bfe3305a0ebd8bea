import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { clientId, clientSecret, company, one, rows, startHarness } from './harness.ts';
import type { Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';

let folder: string;
let path: string;
let running: Harness[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulator-'));
  path = join(folder, 'snapshot.json');
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map(({ simulator }) => simulator.close()));
  await rm(folder, { recursive: true, force: true });
});

const start = async (options: Parameters<typeof startHarness>[0] = {}): Promise<Harness> => {
  const harness = await startHarness(options);
  running.push(harness);
  return harness;
};
const stop = async (): Promise<void> => {
  await Promise.all(running.splice(0).map(({ simulator }) => simulator.close()));
};

describe('a restarted simulator', () => {
  it('goes on at its time, with its budgets, keys, behaviour and installs', async () => {
    const before = await start({ snapshotPath: path });
    await before.control.uninstall({ companyId: company });
    await before.control.install({ companyId: company, locationIds: [one] });
    await before.control.advanceClock(3_600_000);
    await before.control.setBehaviour({ rateWindow: 'sliding', rateBucket: 'resource' });
    await before.control.changeLocation(one, { rateLimit: { max: 2, daily: 3 } });
    const { publicKeyPem } = await before.control.rotateWebhookKey();
    const { legacyPublicKeyPem } = await before.control.setWebhooks({ legacySignature: 'beside' });
    await before.ask('GET', `/locations/${one}`, { token: 'pit-location' });
    await stop();

    const after = await start({ snapshotPath: path });
    expect(await after.control.getWebhooks()).toMatchObject({ publicKeyPem, legacyPublicKeyPem });
    expect(after.simulator.webhookPublicKeyPem).toBe(publicKeyPem);
    expect(await after.control.listLimits()).toMatchObject([
      { caller: 'any', allowed: 1, remaining: 1, dailyRemaining: 2 },
    ]);
    const page = await (await fetch(`${after.simulator.url}/_control/`)).text();
    expect(page).toContain('1.0 h ahead');
    // The seed alone would have made it an install for future locations.
    const three = await after.control.addLocation({ companyId: company, name: 'Three' });
    expect(await after.control.listInstalls(three.id)).toEqual([]);
  });

  it('finds generated contacts again, with what was changed and removed', async () => {
    const before = await start({ snapshotPath: path });
    await before.control.seed({ generated: [{ locationId: one, contacts: 50, messagesPerContact: 2 }] });
    const search = async (harness: Harness): Promise<Record<string, unknown>[]> => {
      const found = await harness.ask('POST', '/contacts/search', { body: { locationId: one, pageLimit: 100 } });
      return rows(found.body, 'contacts').map(({ searchAfter: _cursor, ...contact }) => contact);
    };
    const [changed, removed] = await search(before);
    await before.control.updateContact(String(changed?.['id']), { city: 'Changed' });
    await before.control.deleteContact(String(removed?.['id']));
    const left = await search(before);
    await stop();

    const after = await start({ snapshotPath: path });
    expect(left).toHaveLength(49);
    expect(await search(after)).toEqual(left);
    const messages = await after.ask(
      'GET',
      `/conversations/messages/export?locationId=${one}&contactId=${String(removed?.['id'])}`,
    );
    expect(messages.body['total']).toBe(0);
  });

  it('keeps what a read used of a budget, although nothing else has changed since it was last saved', async () => {
    const before = await start({ snapshotPath: path });
    await waitToPass(() => readFile(path));
    await before.ask('GET', `/locations/${one}`);
    await stop();
    expect(await (await start({ snapshotPath: path })).control.listLimits()).toMatchObject([{ allowed: 1 }]);
  });

  it('obeys what it is told at its start before what was in force', async () => {
    const before = await start({ snapshotPath: path });
    await before.control.setBehaviour({ accessTokenSeconds: 60 });
    await stop();
    const after = await start({ snapshotPath: path, behaviour: { accessTokenSeconds: 90 } });
    const form = {
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'refresh_token',
      refresh_token: 'location-1-refresh',
    };
    expect((await after.ask('POST', '/oauth/token', { token: null, form })).body['expires_in']).toBe(90);
  });

  it('reads a file of an older simulator, which knew less', async () => {
    await start({ snapshotPath: path });
    await stop();
    const whole = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    for (const name of ['agencyInstalls', 'behaviour', 'clockOffsetMs', 'buckets', 'urls', 'signer'])
      delete whole[name];
    await writeFile(path, JSON.stringify({ ...whole, webhookSettings: { retryPolicy: '2025' } }));
    const after = await start({ snapshotPath: path });
    expect(await after.control.getWebhooks()).toMatchObject({ retryPolicy: '2025', signingKey: 'newest' });
  });
});

describe('the same seed', () => {
  it('gives the same tokens, webhook ids, drops and order', async () => {
    const receiver = await startReceiver();
    const play = async (): Promise<unknown[]> => {
      const harness = await start({ seed: 'repeatable' });
      const { control } = harness;
      await control.setWebhooks({ url: receiver.url, concurrency: 1, dropRate: 0.3, duplicateRate: 0.3 });
      for (let n = 0; n < 10; n += 1)
        await control.sendWebhook({ type: 'ContactUpdate', locationId: one, body: { n } });
      const { code } = await control.install({ locationId: one });
      const form = { client_id: clientId, client_secret: clientSecret, grant_type: 'authorization_code', code };
      const { body } = await harness.ask('POST', '/oauth/token', { token: null, form });
      await waitToPass(async () => {
        expect((await control.getStats()).webhooks.pending).toBe(0);
      });
      const sent = (await control.listDeliveries()).map(({ webhookId, deliveryId, state, attempts }) =>
        [webhookId, deliveryId, state, attempts.length].join(' '),
      );
      return [code, body['refresh_token'], body['refreshTokenId'], ...sent];
    };
    const first = await play();
    expect(first.join(' ')).toContain('dropped');
    expect(await play()).toEqual(first);
    await receiver.close();
  });
});
