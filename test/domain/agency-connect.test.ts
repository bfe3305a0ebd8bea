import { describe, expect, it } from 'vitest';
import { type ConnectGrant, explainConnect, judgeGrant, outcomeOfError } from '../../domain/agency-connect.ts';
import { authorizeUrl, type GhlDoor } from '../../domain/authorize-url.ts';
import { scopesOf } from '../../domain/ghl-scopes.ts';
import { nameFromGhl } from '../../domain/location-name.ts';

const company: ConnectGrant = { userType: 'Company', ghlCompanyId: 'c1', ghlLocationId: null };
const location: ConnectGrant = { userType: 'Location', ghlCompanyId: 'c1', ghlLocationId: 'l1' };

describe('a grant', () => {
  it.each<[ConnectGrant, Parameters<typeof judgeGrant>[1], string]>([
    [company, { ghlCompanyId: 'c1', purpose: 'locations' }, 'known-company'],
    [company, { ghlCompanyId: null, purpose: 'locations' }, 'first-company'],
    [company, { ghlCompanyId: 'c2', purpose: 'locations' }, 'other-company'],
    [location, { ghlCompanyId: 'c1', purpose: 'locations' }, 'known-company'],
    [location, { ghlCompanyId: 'c2', purpose: 'locations' }, 'other-company'],
    [location, { ghlCompanyId: 'c1', purpose: 'provisioning' }, 'wrong-app'],
    [{ ...company, ghlCompanyId: null }, { ghlCompanyId: null, purpose: 'locations' }, 'wrong-app'],
    [{ ...location, ghlLocationId: null }, { ghlCompanyId: 'c1', purpose: 'locations' }, 'wrong-app'],
  ])('%j for %j is %s', (grant, agency, reason) => {
    const judged = judgeGrant(grant, agency);
    expect(judged.reason).toBe(reason);
    expect(judged.isWelcome).toBe(reason.endsWith('-company') && reason !== 'other-company');
  });
});

it('tells a person of every outcome what to do', () => {
  const of = { purpose: 'locations' as const, ghlCompanyId: 'c1', locations: 2 };
  expect(explainConnect({ ...of, outcome: 'connected' }).text).toContain('company c1 is connected with 2 locations');
  expect(explainConnect({ ...of, outcome: 'connected', locations: 1 }).text).toContain('with one location.');
  const provisioning = explainConnect({ ...of, outcome: 'connected', purpose: 'provisioning' });
  expect(provisioning.text).toContain('making new locations');
  expect(explainConnect({ ...of, outcome: 'answer-lost' }).text).toMatch(/another link/i);
});

it('takes only OAuth’s own word for a person who declined', () => {
  expect(outcomeOfError('access_denied')).toBe('declined');
  expect(outcomeOfError('<script>')).toBe('failed');
});

describe('the address of GHL’s page', () => {
  const door: GhlDoor = {
    authorizeUrl: 'https://marketplace.example/v2/oauth/chooselocation?brand=acme',
    redirectUri: 'https://switchyard.example/oauth/ghl/callback',
    apps: { locations: { clientId: 'app-1', versionId: 'v1' }, provisioning: null },
  };

  it('names app, version, way back, scopes and state, with spaces as %20', () => {
    const address = authorizeUrl(door, 'locations', 'the-state')!;
    expect(address).not.toContain('+');
    expect(Object.fromEntries(new URL(address).searchParams)).toEqual({
      brand: 'acme',
      response_type: 'code',
      client_id: 'app-1',
      version_id: 'v1',
      redirect_uri: door.redirectUri,
      scope: scopesOf('locations').join(' '),
      loginWindowOpenMode: 'self',
      state: 'the-state',
    });
  });

  it('is none where there is no app', () => {
    expect(authorizeUrl(door, 'provisioning', 'the-state')).toBeUndefined();
  });

  it('asks of neither app what GHL lets only the other select', () => {
    expect(scopesOf('locations')).not.toContain('locations.write');
    expect(scopesOf('provisioning').filter((scope) => scope.startsWith('contacts'))).toEqual([]);
    for (const purpose of ['locations', 'provisioning'] as const) {
      const scopes = scopesOf(purpose);
      expect(new Set(scopes).size).toBe(scopes.length);
      expect(scopes).toEqual(expect.arrayContaining(['oauth.readonly', 'oauth.write']));
    }
  });
});

it.each([
  ['Back Bay', 'Back Bay'],
  ['  Back\nBay ', 'Back Bay'],
  [null, 'GHL location l1'],
  [' ', 'GHL location l1'],
  ['x'.repeat(300), 'x'.repeat(200)],
])('calls a location that GHL calls %j so: %s', (told, name) => {
  expect(nameFromGhl('l1', told)).toBe(name);
});
