import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress, judgeAddress } from '../../domain/public-address.ts';

const NOT_PUBLIC: Record<string, string[]> = {
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  'link-local, where clouds answer about themselves': ['169.254.169.254', '169.254.170.2', 'fe80::1'],
  'shared by carriers': ['100.64.0.1', '100.100.100.200', '100.127.255.255'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  'unspecified and broadcast': ['0.0.0.0', '0.1.2.3', '255.255.255.255', '::'],
  benchmarking: ['198.18.0.1', '198.19.255.255', '2001:2::1'],
  documentation: ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  reserved: ['192.0.0.192', '240.0.0.1', '100::1', '5f00::1', '4000::1'],
  'IPv4 inside of IPv6': ['::ffff:8.8.8.8', '::ffff:7f00:1', '::8.8.8.8', '64:ff9b::8.8.8.8', '64:ff9b:1::a00:1'],
  'tunnels to IPv4': ['2002:7f00:1::', '2002:808:808::1', '2001:0:4136:e378::1'],
  'unique local': ['fc00::1', 'fd00:ec2::254', 'fec0::1'],
  'what Azure answers by': ['168.63.129.16'],
};
const PUBLIC = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111', '2a00:1450:4001::1'];
const NONE = ['', 'example.com', '127.1', '0x7f.0.0.1', '2130706433', '0177.0.0.1', '1.2.3.4.5', '::g', '1.2.3.256'];

/** 32 bits as an IPv4 address. */
const dotted = (bits: number): string => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
const ipv4 = fc.nat({ max: 0xffff_ffff }).map(dotted);

/** What every implementation agrees on, written down a second time: first octets, by RFC 6890. */
function isInside(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
  if (a === 100) return b >= 64 && b <= 127;
  if (a === 172) return b >= 16 && b <= 31;
  return (a === 169 && b === 254) || (a === 192 && b === 168) || (a === 198 && (b === 18 || b === 19));
}

describe('an address', () => {
  it.each(Object.entries(NOT_PUBLIC))('is refused that is %s', (_kind, addresses) => {
    for (const address of addresses) expect([address, judgeAddress(address)]).toEqual([address, refused]);
  });
  const refused = { isAllowed: false, reason: 'not-public' };

  it.each(PUBLIC)('of the Internet is allowed: %s', (address) => {
    expect(judgeAddress(address)).toEqual({ isAllowed: true, reason: 'public' });
  });

  it.each(NONE)('is none, and refused: "%s"', (text) => {
    expect(judgeAddress(text)).toEqual({ isAllowed: false, reason: 'no-address' });
  });

  it('is allowed where the setting names it, alone and in any spelling', () => {
    const exceptions = new Set(['127.0.0.1', '::1']);
    expect(judgeAddress('127.0.0.1', exceptions)).toEqual({ isAllowed: true, reason: 'exception' });
    expect(judgeAddress('0:0:0:0:0:0:0:1', exceptions)).toEqual({ isAllowed: true, reason: 'exception' });
    expect(judgeAddress('127.0.0.2', exceptions).isAllowed).toBe(false);
    expect(judgeAddress('::ffff:127.0.0.1', exceptions).isAllowed).toBe(false);
  });

  it('inside of a network is refused, whichever it is, and in every IPv6 form that carries it', () => {
    fc.assert(
      fc.property(ipv4, (address) => {
        const judged = judgeAddress(address).isAllowed;
        if (isInside(address)) expect(judged).toBe(false);
        for (const form of [`::ffff:${address}`, `::${address}`, `64:ff9b::${address}`]) {
          expect([form, judgeAddress(form).isAllowed]).toEqual([form, false]);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('of IPv6 is refused outside of what was given to hosts, whatever its spelling', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        const first = Number.parseInt(canonicalAddress(address)!.split(':')[0] || '0', 16);
        if (first >> 13 !== 1) expect(judgeAddress(address).isAllowed).toBe(false);
        expect(judgeAddress(address)).toEqual(judgeAddress(canonicalAddress(address)!));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is mostly public: the guard does not refuse the Internet', () => {
    const allowed = fc.sample(ipv4, 2_000).filter((address) => judgeAddress(address).isAllowed).length;
    expect(allowed).toBeGreaterThan(1_000);
  });
});
