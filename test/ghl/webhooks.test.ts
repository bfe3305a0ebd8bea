import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseGhlEvent, parseGhlWorkflowWebhook, readGhlPublicKeys, verifyGhlSignature } from '../../ghl/webhooks.ts';

const ours = generateKeyPairSync('ed25519');
const next = generateKeyPairSync('ed25519');
const body = Buffer.from('{"type":"ContactCreate","id":"c1"}');
const signatureBy = (key: KeyObject) => sign(null, body, key).toString('base64');
const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

describe('the signature of a GHL webhook', () => {
  it('is accepted over the exact bytes', async () => {
    const check = await verifyGhlSignature(body, signatureBy(ours.privateKey), [ours.publicKey]);
    expect(check).toEqual({ valid: true, reason: 'valid' });
  });

  it('is accepted by any of several keys', async () => {
    const header = signatureBy(next.privateKey);
    expect((await verifyGhlSignature(body, header, [ours.publicKey, next.publicKey])).valid).toBe(true);
  });

  it.each([
    ['missing', undefined],
    ['missing', ''],
    ['missing', 'N/A'],
    ['missing', ' n/a '],
    ['malformed', 'not base64!'],
    ['malformed', `${'A'.repeat(86)}==;`],
    ['wrong-length', Buffer.alloc(63).toString('base64')],
    ['wrong-length', Buffer.alloc(256).toString('base64')],
    ['mismatch', Buffer.alloc(64).toString('base64')],
    ['mismatch', signatureBy(next.privateKey)],
  ] as const)('is refused as %s: %s', async (reason, header) => {
    expect(await verifyGhlSignature(body, header, [ours.publicKey])).toEqual({ valid: false, reason });
  });

  it('is refused when one byte of the body differs', async () => {
    const changed = Buffer.from(body.toString().replace('c1', 'c2'));
    const check = await verifyGhlSignature(changed, signatureBy(ours.privateKey), [ours.publicKey]);
    expect(check).toEqual({ valid: false, reason: 'mismatch' });
  });

  it('is refused when no key is configured', async () => {
    expect((await verifyGhlSignature(body, signatureBy(ours.privateKey), [])).reason).toBe('no-key');
  });

  it('is checked with every key of a configuration value', async () => {
    const pem = `${pemOf(ours.publicKey)}${pemOf(next.publicKey)}`.replaceAll('\n', '\\n');
    const keys = readGhlPublicKeys(pem);
    expect(keys).toHaveLength(2);
    expect((await verifyGhlSignature(body, signatureBy(next.privateKey), keys)).valid).toBe(true);
  });

  it('is never checked with a key of another kind', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    expect(() => readGhlPublicKeys(pemOf(rsa.publicKey))).toThrow(/Ed25519/);
    expect(() => readGhlPublicKeys('nothing')).toThrow(/no PEM/);
  });
});

describe('a GHL event', () => {
  it('keeps a contact although fields beside its id are missing, blank or of another type', () => {
    const parsed = parseGhlEvent({
      type: 'ContactCreate',
      locationId: 'loc1',
      id: 'c1',
      email: ' ',
      phone: 14155550100,
      firstName: null,
      tags: 'not a list',
      customFields: [{ id: 'f1', value: ['a'] }],
      somethingNew: { deep: true },
    });
    expect(parsed).toMatchObject({
      outcome: 'event',
      event: {
        type: 'ContactCreate',
        id: 'c1',
        locationId: 'loc1',
        email: null,
        phone: '14155550100',
        firstName: null,
        tags: [],
        webhookId: null,
        customFields: [{ id: 'f1', value: ['a'] }],
      },
    });
  });

  it('carries the settings of a do-not-disturb change', () => {
    const parsed = parseGhlEvent({
      type: 'ContactDndUpdate',
      locationId: 'loc1',
      id: 'c1',
      dnd: false,
      dndSettings: { SMS: { status: 'permanent', message: 'STOP', code: '21610' }, RCS: { status: 'inactive' } },
    });
    expect(parsed).toMatchObject({
      outcome: 'event',
      event: { dndSettings: { SMS: { status: 'permanent', code: '21610' }, RCS: { status: 'inactive', code: null } } },
    });
  });

  it.each(['OpportunityAssignedToUpdate', 'OpportunityStatusUpdate', 'ContactTagUpdate', 'UserCreate'])(
    'is recognised as %s',
    (type) => {
      const parsed = parseGhlEvent({ type, locationId: 'loc1', id: 'x1', status: 'open' });
      expect(parsed).toMatchObject({ outcome: 'event', event: { type, id: 'x1' } });
    },
  );

  it('may be an install of a company, which names no location', () => {
    const parsed = parseGhlEvent({ type: 'INSTALL', appId: 'a', companyId: 'comp1', installType: 'Company' });
    expect(parsed).toMatchObject({ outcome: 'event', event: { companyId: 'comp1', locationId: null } });
  });

  it('of a type that is not acted on is kept by its envelope', () => {
    expect(parseGhlEvent({ type: 'InvoicePaid', webhookId: 'w1' })).toMatchObject({
      outcome: 'other',
      isListed: true,
      envelope: { webhookId: 'w1' },
    });
    expect(parseGhlEvent({ type: 'BrandNewEvent' })).toMatchObject({ outcome: 'other', isListed: false });
  });

  it('without what it cannot do without is unreadable, and its values are not told', () => {
    const parsed = parseGhlEvent({ type: 'ContactCreate', locationId: 'loc1', email: 'ann@example.com' });
    expect(parsed).toMatchObject({ outcome: 'unreadable', reason: 'payload', fields: ['id'] });
    for (const json of [null, 'text', 3, [], {}, { type: 7 }]) {
      expect(parseGhlEvent(json)).toMatchObject({ outcome: 'unreadable', reason: 'envelope' });
    }
  });
});

describe("a workflow's custom webhook", () => {
  it('is read from top-level fields, with unfilled merge fields left out', () => {
    const parsed = parseGhlWorkflowWebhook({
      contact_id: 'c1',
      first_name: 'Ann',
      full_name: 'Ann Example',
      email: 'ann@example.com',
      phone: '{{contact.phone}}',
      postal_code: 94107,
      tags: 'hot, web,',
      location: { id: 'loc1', name: 'Downtown' },
      customData: { vertical: 'roofing' },
      'Preferred time': 'evening',
    });
    expect(parsed).toMatchObject({
      contact_id: 'c1',
      first_name: 'Ann',
      last_name: null,
      phone: null,
      postal_code: '94107',
      tags: ['hot', 'web'],
      location: { id: 'loc1', name: 'Downtown' },
      customData: { vertical: 'roofing' },
    });
  });

  it('is nothing when the body is no object', () => {
    expect(parseGhlWorkflowWebhook('text')).toBeUndefined();
    expect(parseGhlWorkflowWebhook({})).toMatchObject({ contact_id: null, customData: {} });
  });
});
