import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { company, one, startHarness, two } from './harness.ts';
import type { Ask, Harness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
  await harness.control.seed({
    companies: [{ id: 'company-2' }],
    contacts: [
      { id: 'contact-1', locationId: one, email: 'c1@x.test' },
      { id: 'contact-2', locationId: two, email: 'c2@x.test' },
    ],
    tokens: [
      { token: 'expired', class: 'Location', companyId: company, locationId: one, expiresInSeconds: -1 },
      { token: 'narrow', class: 'Location', companyId: company, locationId: one, scopes: ['contacts.readonly'] },
    ],
  });
});
afterAll(() => harness.simulator.close());

const wrongClass =
  'This authClass type is not allowed to access this scope. Please verify your IAM configuration if this is not the case.';
const wrongScope = 'The token is not authorized for this scope.';
const mint = { companyId: company, locationId: one };

describe('who may call what', () => {
  it.each<[string, string, string, Ask, number, string]>([
    ['no token', 'GET', '/contacts/contact-1', { token: null }, 401, 'Invalid JWT'],
    ['an unknown token', 'GET', '/contacts/contact-1', { token: 'nonsense' }, 401, 'Invalid JWT'],
    ['an expired token', 'GET', '/contacts/contact-1', { token: 'expired' }, 401, 'Invalid JWT'],
    ['no version', 'GET', '/contacts/contact-1', { version: null }, 401, 'version header was not found.'],
    [
      'a bogus version',
      'GET',
      '/contacts/contact-1',
      { version: 'v9' },
      400,
      "Invalid API version segment 'v9' at position 0",
    ],
    ['an agency OAuth token on contacts', 'GET', '/contacts/contact-1', { token: 'company-token' }, 401, wrongClass],
    ['an agency private token on contacts', 'GET', '/contacts/contact-1', { token: 'pit-company' }, 401, wrongScope],
    [
      'an agency private token on location users',
      'GET',
      `/users/?locationId=${one}`,
      { token: 'pit-company' },
      401,
      "Token's user type mismatch!",
    ],
    [
      'an agency private token on minting',
      'POST',
      '/oauth/locationToken',
      { token: 'pit-company', body: mint },
      401,
      wrongScope,
    ],
    ['a location token on minting', 'POST', '/oauth/locationToken', { body: mint }, 401, wrongClass],
    ['a missing scope', 'DELETE', '/contacts/contact-1', { token: 'narrow' }, 401, wrongScope],
    [
      'the neighbour’s contact',
      'GET',
      '/contacts/contact-2',
      {},
      403,
      'The token does not have access to this location.',
    ],
    [
      'the neighbour’s location',
      'GET',
      `/locations/${two}`,
      {},
      403,
      'The token does not have access to this location.',
    ],
    [
      'a neighbour named in the body',
      'POST',
      '/contacts/',
      { body: { locationId: two, email: 'n@x.test' } },
      403,
      'The token does not have access to this location.',
    ],
    ['a missing contact', 'GET', '/contacts/nobody', {}, 400, 'Contact with id nobody not found'],
    ['an unknown route', 'GET', '/nowhere', {}, 404, 'Cannot GET /nowhere'],
    ['an unknown method', 'PATCH', '/contacts/contact-1', {}, 404, 'Cannot PATCH /contacts/contact-1'],
    ['the wrong case', 'GET', '/Contacts/contact-1', {}, 401, wrongClass],
  ])('refuses %s', async (_case, method, path, options, status, message) => {
    const answer = await harness.ask(method, path, options);
    expect({ status: answer.status, message: answer.body['message'] }).toEqual({ status, message });
    expect(answer.body['traceId']).toEqual(expect.any(String));
  });

  it.each(['2021-07-28', '2021-04-15', '2023-02-21', 'v3'])('takes version %s', async (version) => {
    expect((await harness.ask('GET', '/contacts/contact-1', { version })).status).toBe(200);
  });

  it('answers an unknown version with 401 where GHL is told to', async () => {
    await harness.control.setBehaviour({ unknownVersion: '401' });
    const { status, body } = await harness.ask('GET', '/contacts/contact-1', { version: 'v9' });
    await harness.control.setBehaviour({ unknownVersion: '400' });
    expect([status, body['message']]).toEqual([401, 'version header is invalid']);
  });

  it('takes a private token of the location', async () => {
    expect((await harness.ask('GET', '/contacts/contact-1', { token: 'pit-location' })).status).toBe(200);
  });

  it('stops taking a token that was revoked', async () => {
    await harness.control.seed({
      tokens: [{ token: 'short-lived', class: 'Location', companyId: company, locationId: one }],
    });
    expect((await harness.ask('GET', '/contacts/contact-1', { token: 'short-lived' })).status).toBe(200);
    expect(await harness.control.revokeTokens({ token: 'short-lived' })).toBe(1);
    expect((await harness.ask('GET', '/contacts/contact-1', { token: 'short-lived' })).status).toBe(401);
  });

  it('answers a body that is not JSON with 400', async () => {
    const response = await fetch(`${harness.simulator.url}/contacts/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{',
    });
    expect(response.status).toBe(400);
  });
});
