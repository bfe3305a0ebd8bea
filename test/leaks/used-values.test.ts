import { describe, expect, it } from 'vitest';
import { listAddressSecrets, listEnvironmentSecrets, listHeaderSecrets, listValues } from './used-values.ts';

const tell = (values: Iterable<{ kind: string; value: string }>): string[] =>
  [...values].map(({ kind, value }) => `${kind} ${value}`);

describe('the values that a test uses', () => {
  it.each([
    [{ contact: { email: 'a@x.test', note: 'ask b@y.test' } }, ['e-mail a@x.test', 'e-mail b@y.test']],
    [{ phone: '(617) 555-0142', to: '+16175550143' }, ['phone (617) 555-0142', 'phone +16175550143']],
    [{ access_token: 'one', refreshToken: 'two', code: 'no-such-route' }, ['token one', 'token two']],
    [{ firstName: 'Zyx', lastName: 'Qv' }, ['name Zyx', 'name Qv', 'name Zyx', 'name Qv', 'name Zyx Qv']],
    [[{ name: 'Back Bay' }, { name: 'Zyx', email: null }], ['name Zyx']],
    [{ url: 'https://x.test/oauth/start?link=swc_1&x=2' }, ['token swc_1']],
  ])('are read from the body %j', (json, expected) => {
    expect(tell(listValues(json))).toEqual(expected);
  });

  it('are read from headers and cookies', () => {
    const headers = { authorization: 'Bearer one', cookie: 'a=two; b=three', 'x-switchyard-secret': 'four', host: 'h' };
    expect(tell(listHeaderSecrets(headers))).toEqual(['token one', 'token two', 'token three', 'token four']);
    expect(tell(listHeaderSecrets({ 'set-cookie': ['a=five; Path=/; HttpOnly'] }))).toEqual(['token five']);
  });

  it('are read from addresses', () => {
    expect(tell(listAddressSecrets('/sign-in/one?next=/temporal'))).toEqual(['token one']);
    expect(tell(listAddressSecrets('/callback?code=two&state=three&locale=en'))).toEqual(['token two', 'token three']);
  });

  it('are read from the environment of a process', () => {
    const environment = {
      ENCRYPTION_KEYS: '1:one=,2:two=:standby',
      GHL_CLIENT_SECRET: 'three',
      DATABASE_URL: 'postgres://login:four%21@127.0.0.1:1/none',
      PATH: '/bin',
    };
    const secrets = ['token one=', 'token two=', 'token three', 'token four!'];
    expect(tell(listEnvironmentSecrets(environment))).toEqual(secrets);
  });

  it('are read fast from a word of megabytes', () => {
    const before = process.cpuUsage();
    expect([...listValues({ data: 'x'.repeat(3_000_000) })]).toEqual([]);
    // Its own work: what else the machine does meanwhile takes none of it.
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(2_000);
  });
});
