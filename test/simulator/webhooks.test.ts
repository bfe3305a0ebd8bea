import { createPublicKey, verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitToPass } from '../stack/wait.ts';
import { clientId, clientSecret, company, inner, one, startHarness, two } from './harness.ts';
import type { Harness } from './harness.ts';
import { startReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';

let harness: Harness;
let receiver: Receiver;
beforeEach(async () => {
  [harness, receiver] = await Promise.all([startHarness(), startReceiver()]);
  // One at a time keeps the order of events, which a test can then state.
  await harness.control.setWebhooks({ url: receiver.url, concurrency: 1 });
});
afterEach(async () => {
  await harness.simulator.close();
  await receiver.close();
});

const arrived = (count: number): Promise<void> =>
  waitToPass(() => {
    expect(receiver.received.length).toBe(count);
  });
/** The types that an action fires; a marker event sent after it shows that no more follow. */
const typesOf = async (action: () => Promise<unknown>): Promise<string[]> => {
  const before = receiver.received.length;
  await action();
  await harness.control.sendWebhook({ type: 'Marker', locationId: one });
  await waitToPass(() => {
    expect(receiver.types().slice(before)).toContain('Marker');
  });
  return receiver.types().slice(before, -1);
};

describe('webhooks', () => {
  it('are flat, and signed over the raw bytes', async () => {
    const contact = await harness.control.createContact({
      locationId: one,
      name: 'Ann Lee',
      email: 'a@x.test',
      tags: ['new'],
    });
    await arrived(1);
    const { json, raw, headers } = receiver.received[0] ?? { json: {}, raw: Buffer.alloc(0), headers: {} };
    expect(json).toMatchObject({
      type: 'ContactCreate',
      locationId: one,
      id: contact.id,
      name: 'Ann Lee',
      email: 'a@x.test',
      tags: ['new'],
      appId: clientId.split('-')[0],
      versionId: expect.any(String) as string,
      webhookId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    expect(Number.isNaN(Date.parse(String(json['timestamp'])))).toBe(false);
    const key = createPublicKey(harness.simulator.webhookPublicKeyPem);
    const signature = Buffer.from(String(headers['x-ghl-signature']), 'base64');
    expect(verify(null, raw, key, signature)).toBe(true);
    expect(verify(null, Buffer.concat([raw, Buffer.from(' ')]), key, signature)).toBe(false);
  });

  it('tell what changed of a contact by their type', async () => {
    const { id } = await harness.control.createContact({ locationId: one, email: 'a@x.test' });
    await arrived(1);
    const update = (body: object) => () => harness.ask('PUT', `/contacts/${id}`, { body });
    expect(await typesOf(update({ city: 'Austin' }))).toEqual(['ContactUpdate']);
    expect(await typesOf(update({ city: 'Austin' }))).toEqual([]);
    expect(await typesOf(update({ tags: ['x'] }))).toEqual(['ContactTagUpdate']);
    expect(await typesOf(() => harness.ask('POST', `/contacts/${id}/tags`, { body: { tags: ['y'] } }))).toEqual([
      'ContactTagUpdate',
    ]);
    expect(await typesOf(update({ dndSettings: { SMS: { status: 'active' } } }))).toEqual(['ContactDndUpdate']);
    expect(await typesOf(() => harness.ask('DELETE', `/contacts/${id}`))).toEqual(['ContactDelete']);
  });

  it('announce a task without its contact and body, and a note with both', async () => {
    await harness.control.seed({ contacts: [{ id: 'contact-1', locationId: one }] });
    const task = { title: 'Call', body: 'b', dueDate: '2026-12-01T10:00:00Z', completed: false };
    await harness.ask('POST', '/contacts/contact-1/tasks', { body: task });
    await harness.ask('POST', '/contacts/contact-1/notes', { body: { body: 'n' } });
    await arrived(2);
    expect(receiver.types()).toEqual(['TaskCreate', 'NoteCreate']);
    expect(receiver.received[0]?.json).not.toHaveProperty('contactId');
    expect(receiver.received[0]?.json).not.toHaveProperty('body');
    expect(receiver.received[1]?.json).toMatchObject({ contactId: 'contact-1', body: 'n' });
  });

  it('announce an opportunity in the redundant pairs of the real one', async () => {
    await harness.control.seed({ contacts: [{ id: 'contact-1', locationId: one }] });
    const body = { locationId: one, pipelineId: 'pipeline-1', contactId: 'contact-1', name: 'Roof', status: 'open' };
    let id = '';
    expect(
      await typesOf(async () => {
        id = String(inner((await harness.ask('POST', '/opportunities/', { body })).body, 'opportunity')['id']);
      }),
    ).toEqual(['OpportunityCreate', 'OpportunityUpdate']);
    const { control } = harness;
    expect(await typesOf(() => control.updateOpportunity(id, { status: 'won' }))).toEqual([
      'OpportunityUpdate',
      'OpportunityStatusUpdate',
    ]);
    expect(await typesOf(() => control.updateOpportunity(id, { assignedTo: 'user-1' }))).toEqual([
      'OpportunityUpdate',
      'OpportunityAssignedToUpdate',
    ]);
    expect(await typesOf(() => control.updateOpportunity(id, { pipelineStageId: 'stage-2' }))).toEqual([
      'OpportunityUpdate',
      'OpportunityStageUpdate',
    ]);
    expect(await typesOf(() => control.updateOpportunity(id, { monetaryValue: 3 }))).toEqual([
      'OpportunityUpdate',
      'OpportunityMonetaryValueUpdate',
    ]);
    expect(await typesOf(() => control.deleteOpportunity(id))).toEqual(['OpportunityDelete', 'OpportunityUpdate']);
  });

  it('announce a user in each location the user has or had', async () => {
    const user = await harness.control.createUser({ companyId: company, email: 'b@x.test', locationIds: [one] });
    await harness.control.updateUser(user.id, { locationIds: [two] });
    await harness.control.deleteUser(user.id);
    await arrived(4);
    expect(receiver.received.map(({ json }) => [json['type'], json['locationId']])).toEqual([
      ['UserCreate', one],
      ['UserUpdate', two],
      ['UserUpdate', one],
      ['UserDelete', two],
    ]);
  });

  it('stop at a location where the app is not installed any more', async () => {
    await harness.control.uninstall({ locationId: one });
    await harness.control.createContact({ locationId: one, email: 'a@x.test' });
    await harness.control.install({ companyId: company });
    await arrived(4);
    expect(receiver.received.map(({ json }) => [json['type'], json['installType'], json['locationId']])).toEqual([
      ['UNINSTALL', undefined, one],
      ['INSTALL', 'Company', undefined],
      ['INSTALL', 'Location', one],
      ['INSTALL', 'Location', two],
    ]);
  });

  it('cut a body above 256 KB and say so', async () => {
    await harness.control.sendWebhook({
      type: 'ContactUpdate',
      locationId: one,
      body: { id: 'c', source: 'x'.repeat(300_000) },
    });
    await arrived(1);
    expect(receiver.received[0]?.json).toMatchObject({ type: 'ContactUpdate', id: 'c', payloadTooLarge: true });
    expect(receiver.received[0]?.json).not.toHaveProperty('source');
  });

  it.each([
    ['na', 'N/A'],
    ['missing', undefined],
  ] as const)('can carry the signature mode %s', async (signature, header) => {
    await harness.control.setWebhooks({ signature });
    await harness.control.sendWebhook({ type: 'ContactUpdate', locationId: one });
    await arrived(1);
    expect(receiver.received[0]?.headers['x-ghl-signature']).toBe(header);
  });

  it('can carry a signature by a stranger', async () => {
    await harness.control.setWebhooks({ signature: 'wrong' });
    await harness.control.sendWebhook({ type: 'ContactUpdate', locationId: one });
    await arrived(1);
    const [first] = receiver.received;
    const signature = Buffer.from(String(first?.headers['x-ghl-signature']), 'base64');
    expect(signature).toHaveLength(64);
    const key = createPublicKey((await harness.control.getWebhooks()).publicKeyPem);
    expect(verify(null, first?.raw ?? Buffer.alloc(0), key, signature)).toBe(false);
  });

  it('are signed by a new key after its rotation, by the old one, or by either', async () => {
    const { publicKeyPem: old } = await harness.control.getWebhooks();
    const rotated = await harness.control.rotateWebhookKey();
    expect(rotated.publicKeyPem).not.toBe(old);
    expect(rotated.previousPublicKeyPem).toBe(old);
    const signers = async (signingKey: 'newest' | 'previous' | 'either', count: number): Promise<Set<string>> => {
      await harness.control.setWebhooks({ signingKey });
      const before = receiver.received.length;
      for (let n = 0; n < count; n += 1) await harness.control.sendWebhook({ type: 'ContactUpdate', locationId: one });
      await arrived(before + count);
      return new Set(
        receiver.received.slice(before).map(({ raw, headers }) => {
          const signature = Buffer.from(String(headers['x-ghl-signature']), 'base64');
          const isBy = (pem: string): boolean => verify(null, raw, createPublicKey(pem), signature);
          return isBy(rotated.publicKeyPem) ? 'new' : isBy(old) ? 'old' : 'nobody';
        }),
      );
    };
    expect(await signers('newest', 1)).toEqual(new Set(['new']));
    expect(await signers('previous', 1)).toEqual(new Set(['old']));
    expect(await signers('either', 12)).toEqual(new Set(['new', 'old']));
  });

  it('can carry the retired RSA signature beside the current one or alone', async () => {
    const { legacyPublicKeyPem } = await harness.control.setWebhooks({ legacySignature: 'beside' });
    await harness.control.sendWebhook({ type: 'ContactUpdate', locationId: one });
    await harness.control.setWebhooks({ legacySignature: 'alone', deliveryIdHeader: null });
    await harness.control.sendWebhook({ type: 'ContactUpdate', locationId: one });
    await arrived(2);
    const key = createPublicKey(legacyPublicKeyPem ?? '');
    for (const { raw, headers } of receiver.received) {
      expect(verify('sha256', raw, key, Buffer.from(String(headers['x-wh-signature']), 'base64'))).toBe(true);
    }
    const [beside, alone] = receiver.received.map(({ headers }) => headers);
    expect([beside, alone].map((headers) => [headers?.['x-ghl-signature'], headers?.['deliveryid']])).toEqual([
      [expect.any(String), expect.any(String)],
      [undefined, undefined],
    ]);
  });

  it('go to the URL of their type, installs aside', async () => {
    const webhookUrls = { NoteCreate: `${receiver.url}/notes`, INSTALL: `${receiver.url}/installs` };
    await harness.control.seed({ apps: [{ clientId, clientSecret, webhookUrl: receiver.url, webhookUrls }] });
    await harness.control.sendWebhook({ type: 'NoteCreate', locationId: one });
    await harness.control.sendWebhook({ type: 'ContactCreate', locationId: one });
    await harness.control.install({ locationId: one });
    await arrived(3);
    expect((await harness.control.listDeliveries()).map(({ type, url }) => [type, url])).toEqual([
      ['INSTALL', receiver.url],
      ['ContactCreate', receiver.url],
      ['NoteCreate', `${receiver.url}/notes`],
    ]);
  });

  it('tell an app only what its scopes let it read', async () => {
    await harness.control.seed({ apps: [{ clientId, clientSecret, scopes: ['opportunities.readonly'] }] });
    const sendWebhook = (event: { type: string; locationId: string }): Promise<unknown> =>
      harness.control.sendWebhook(event);
    await expect(sendWebhook({ type: 'ContactCreate', locationId: one })).rejects.toMatchObject({ status: 400 });
    await sendWebhook({ type: 'OpportunityUpdate', locationId: one });
    await harness.control.uninstall({ locationId: one });
    await arrived(2);
    expect(receiver.types()).toEqual(['OpportunityUpdate', 'UNINSTALL']);
  });

  it('are off without a URL', async () => {
    await harness.control.setWebhooks({ url: null });
    await expect(harness.control.sendWebhook({ type: 'ContactUpdate', locationId: one })).rejects.toMatchObject({
      status: 400,
    });
    await harness.control.createContact({ locationId: one, email: 'a@x.test' });
    expect((await harness.control.getStats()).webhooks).toMatchObject({ attempts: 0, pending: 0 });
  });
});
