import { canonicalAddress, judgeAddress } from './public-address.ts';

/** What may be reached besides the Internet by TLS: for tests and for development on one machine. */
export interface OutboundRules {
  /** Addresses, each alone, that may be private; in their canonical spelling. */
  privateAddresses: ReadonlySet<string>;
  /** Whether plain http is allowed. */
  isHttpAllowed: boolean;
}

/** As in production. */
export const STRICT_OUTBOUND: OutboundRules = { privateAddresses: new Set(), isHttpAllowed: false };

export type UrlRefusal =
  'no-url' | 'too-long' | 'not-https' | 'has-credentials' | 'has-fragment' | 'port-refused' | 'host-not-public';

export const URL_REFUSALS: Record<UrlRefusal, string> = {
  'no-url': 'is no URL',
  'too-long': 'is longer than 2000 characters',
  'not-https': 'must begin with https://',
  'has-credentials': 'must not hold a user or a password: the signature tells who sends',
  'has-fragment': 'must not hold a fragment (#)',
  'port-refused': 'must have the port 443, or one of 1024 and above',
  'host-not-public': 'must name a host of the Internet',
};

const LENGTH = 2_000;
/** Below it mail, DNS, SSH and their like listen, which a request is not to be sent to. */
const FIRST_FREE_PORT = 1_024;
/** Names that no public DNS gives out (RFC 6761, RFC 6762, RFC 8375, ICANN on .internal), and those of one label. */
const INNER_NAME = /^[^.]*$|\.(localhost|local|internal|intranet|lan|home|corp|home\.arpa|test|invalid)$/;

/**
 * Reads where webhooks are to be sent. URL parsing has made one spelling of what an address can be written as (decimal,
 * octal, hexadecimal, with parts left out). A name says nothing yet of where it leads: that is judged at each connection.
 * @returns the URL in its one spelling, or the first reason against it
 */
export function readWebhookUrl(
  text: string,
  rules: OutboundRules,
): { isAllowed: true; url: string } | { isAllowed: false; reason: UrlRefusal } {
  const refuse = (reason: UrlRefusal) => ({ isAllowed: false as const, reason });
  if (text.length > LENGTH) return refuse('too-long');
  if (!URL.canParse(text)) return refuse('no-url');
  const url = new URL(text);
  const isHttp = url.protocol === 'http:';
  if (url.protocol !== 'https:' && !(isHttp && rules.isHttpAllowed)) return refuse('not-https');
  if (url.username !== '' || url.password !== '') return refuse('has-credentials');
  if (url.hash !== '') return refuse('has-fragment');
  const port = url.port === '' ? undefined : Number(url.port);
  if (port !== undefined && port !== 443 && port < FIRST_FREE_PORT) return refuse('port-refused');
  if (!isHostAllowed(url.hostname, rules)) return refuse('host-not-public');
  return { isAllowed: true, url: url.href };
}

function isHostAllowed(hostname: string, { privateAddresses }: OutboundRules): boolean {
  const address = addressInUrl(hostname);
  if (address !== undefined) return judgeAddress(address, privateAddresses).isAllowed;
  // Names of one machine or one network may lead to an exception: then the connection decides.
  return privateAddresses.size > 0 || !INNER_NAME.test(hostname.replace(/\.$/, ''));
}

/** The address that stands in a URL in a name's place, without its brackets; undefined for a name. */
export const addressInUrl = (hostname: string): string | undefined =>
  canonicalAddress(hostname.replace(/^\[|\]$/g, ''));
