import { describe, expect, it } from 'vitest';
import { ConfigError, outboundRulesOf, readConfig } from '../../config.ts';

const given = {
  DATABASE_URL: 'postgres://app:word@db/switchyard',
  ENCRYPTION_KEYS: `1:${Buffer.alloc(32, 7).toString('base64')}`,
};
const rulesOf = (more: Record<string, string> = {}) => outboundRulesOf(readConfig({ ...given, ...more }));

describe('where webhooks may be sent', () => {
  it('is the Internet by TLS alone unless the settings for development say more', () => {
    expect(rulesOf()).toEqual({ privateAddresses: new Set(), isHttpAllowed: false });
    const more = { WEBHOOKS_OUT_PRIVATE_ADDRESSES: '127.0.0.1, 0:0:0:0:0:0:0:1', WEBHOOKS_OUT_ALLOW_HTTP: 'true' };
    expect(rulesOf(more)).toEqual({ privateAddresses: new Set(['127.0.0.1', '::1']), isHttpAllowed: true });
  });

  it.each(['10.0.0.0/8', 'localhost', '*', '127.1', '10.0.0.1;10.0.0.2'])(
    'takes no ranges and no names: %s',
    (text) => {
      expect(() => rulesOf({ WEBHOOKS_OUT_PRIVATE_ADDRESSES: text })).toThrow(ConfigError);
    },
  );

  it('takes no word for plain http but true and false', () => {
    expect(() => rulesOf({ WEBHOOKS_OUT_ALLOW_HTTP: 'yes' })).toThrow('WEBHOOKS_OUT_ALLOW_HTTP');
  });
});
