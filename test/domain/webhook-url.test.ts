import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWebhookUrl, STRICT_OUTBOUND, type UrlRefusal } from '../../domain/webhook-url.ts';

const REFUSED: [string, UrlRefusal][] = [
  ['', 'no-url'],
  ['example.com/hook', 'no-url'],
  ['https://', 'no-url'],
  [`https://example.com/${'a'.repeat(2_000)}`, 'too-long'],
  ['http://example.com/', 'not-https'],
  ['ftp://example.com/', 'not-https'],
  ['file:///etc/passwd', 'not-https'],
  ['https://user:secret@example.com/', 'has-credentials'],
  ['https://user@example.com/', 'has-credentials'],
  ['https://example.com/#part', 'has-fragment'],
  ['https://example.com:22/', 'port-refused'],
  ['https://example.com:25/', 'port-refused'],
  ['https://example.com:80/', 'port-refused'],
  ['https://127.0.0.1/', 'host-not-public'],
  ['https://[::1]/', 'host-not-public'],
  ['https://[::ffff:127.0.0.1]/', 'host-not-public'],
  ['https://[fd00:ec2::254]/', 'host-not-public'],
  ['https://2130706433/', 'host-not-public'],
  ['https://0x7f000001/', 'host-not-public'],
  ['https://0177.0.0.1/', 'host-not-public'],
  ['https://127.1/', 'host-not-public'],
  ['https://127.0.0.1./', 'host-not-public'],
  ['https://①②⑦.0.0.1/', 'host-not-public'],
  ['https://0/', 'host-not-public'],
  ['https://169.254.169.254/latest/meta-data', 'host-not-public'],
  ['https://localhost/', 'host-not-public'],
  ['https://postgres:5432/', 'host-not-public'],
  ['https://api.localhost/', 'host-not-public'],
  ['https://printer.local/', 'host-not-public'],
  ['https://metadata.google.internal./', 'host-not-public'],
];

describe('where webhooks are to be sent', () => {
  it.each(REFUSED)('is refused: %s', (text, reason) => {
    expect(readWebhookUrl(text, STRICT_OUTBOUND)).toEqual({ isAllowed: false, reason });
  });

  it.each([
    ['https://Example.com', 'https://example.com/'],
    ['https://example.com:443/hook?a=b', 'https://example.com/hook?a=b'],
    ['https://example.com:8443/hook', 'https://example.com:8443/hook'],
    ['https://8.8.8.8/', 'https://8.8.8.8/'],
    ['https://[2606:4700:4700::1111]/', 'https://[2606:4700:4700::1111]/'],
  ])('is taken in one spelling: %s', (text, url) => {
    expect(readWebhookUrl(text, STRICT_OUTBOUND)).toEqual({ isAllowed: true, url });
  });

  it('may be the one address, and plain http, that the settings for development allow', () => {
    const rules = { privateAddresses: new Set(['127.0.0.1']), isHttpAllowed: true };
    const isAllowed = (text: string): boolean => readWebhookUrl(text, rules).isAllowed;
    expect(isAllowed('http://127.0.0.1:4000/hook')).toBe(true);
    expect(isAllowed('http://localhost:4000/hook')).toBe(true);
    expect(isAllowed('http://127.0.0.2:4000/hook')).toBe(false);
    expect(isAllowed('http://[::1]:4000/hook')).toBe(false);
    expect(isAllowed('ftp://127.0.0.1:4000/hook')).toBe(false);
    expect(readWebhookUrl('http://127.0.0.1:4000/', { ...rules, isHttpAllowed: false }).isAllowed).toBe(false);
  });

  it('is refused for every spelling of an address inside of a network', () => {
    const inside = fc.constantFrom(0x7f000001, 0x0a000001, 0xa9fea9fe, 0xc0a80101, 0xac100001, 0x64646464 & 0xff7fffff);
    const spelling = fc.constantFrom<(bits: number) => string>(
      (bits) => String(bits),
      (bits) => `0x${bits.toString(16)}`,
      (bits) => `0${bits.toString(8)}`,
      (bits) => `${bits >>> 24}.${bits & 0xffffff}`,
      (bits) => `0x${(bits >>> 24).toString(16)}.${(bits >>> 16) & 255}.${bits & 0xffff}`,
      (bits) => `[::ffff:${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}]`,
      (bits) => `[64:ff9b::${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}]`,
      (bits) => `[2002:${(bits >>> 16).toString(16)}:${(bits & 0xffff).toString(16)}::1]`,
    );
    fc.assert(
      fc.property(inside, spelling, (bits, spell) => {
        const read = readWebhookUrl(`https://${spell(bits >>> 0)}/`, STRICT_OUTBOUND);
        expect(read).toEqual({ isAllowed: false, reason: 'host-not-public' });
      }),
    );
  });
});
