import ipaddr from 'ipaddr.js';

/**
 * Azure answers here from inside every machine it runs (metadata, DNS, agent), by an address that is registered as public.
 * @see https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16
 */
const ANSWERS_FROM_INSIDE = '168.63.129.16';

/** The only part of IPv6 that is given to hosts of the Internet (RFC 4291, IANA's IPv6 address space). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** One spelling of an address; undefined for what is none, odd notations such as 0177.1 among it. */
export function canonicalAddress(text: string): string | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text).toString();
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.IPv6.parse(text).toString();
}

/**
 * Decides whether a connection may be made to an address.
 * @param exceptions addresses in their canonical spelling that may be private, each alone and no range
 * @returns `not-public` for loopback, private, link-local, shared (CGNAT), multicast, unspecified, documentation, benchmarking
 * and reserved addresses, for every form that carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo), and for those by
 * which clouds answer about themselves
 */
export function judgeAddress(
  address: string,
  exceptions: ReadonlySet<string> = new Set(),
): { isAllowed: boolean; reason: 'public' | 'exception' | 'not-public' | 'no-address' } {
  const canonical = canonicalAddress(address);
  if (canonical === undefined) return { isAllowed: false, reason: 'no-address' };
  if (exceptions.has(canonical)) return { isAllowed: true, reason: 'exception' };
  return isPublic(canonical) ? { isAllowed: true, reason: 'public' } : { isAllowed: false, reason: 'not-public' };
}

function isPublic(canonical: string): boolean {
  const address = ipaddr.parse(canonical);
  if (address.range() !== 'unicast' || canonical === ANSWERS_FROM_INSIDE) return false;
  // What no list names yet is no host's: outside of what was given out, everything is refused.
  return !(address instanceof ipaddr.IPv6) || address.match(GLOBAL_UNICAST);
}
