import type { LookupAddress } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { judgeAddress } from '../domain/public-address.ts';

/** An address may not be connected to. It is not named: what a name resolves to inside is nobody's business. */
export class AddressRefusedError extends Error {
  readonly code = 'address-refused';
  constructor() {
    super('the address is not public');
    this.name = 'AddressRefusedError';
  }
}

/** No name server knows an address of the name. */
class NameUnknownError extends Error {
  readonly code = 'ENOTFOUND';
  constructor() {
    super('the name has no address');
    this.name = 'NameUnknownError';
  }
}

const ASK_MS = 2_000;
const TRIES = 2;

/**
 * Looks names up at the name servers, IPv4 and IPv6. Not by the system's own lookup, which takes one of the process's four
 * threads for as long as a name server pleases: names of others would hold up Postgres and GHL.
 */
export function createNameLookup(): LookupFunction {
  const resolver = new Resolver({ timeout: ASK_MS, tries: TRIES });
  return (hostname, options, callback) => {
    void resolveAll(resolver, hostname).then(
      (found) => {
        if (options.all) callback(null, found);
        else callback(null, found[0]!.address, found[0]!.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, [], 0),
    );
  };
}

async function resolveAll(resolver: Resolver, hostname: string): Promise<LookupAddress[]> {
  const asked = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  const found = asked.flatMap((answer, index) =>
    answer.status === 'rejected' ? [] : answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })),
  );
  if (found.length > 0) return found;
  // That there is nothing is certain only where both answers say so.
  const unsure = asked.find(({ status, ...rest }) => status === 'rejected' && !isNothing(rest));
  throw unsure?.status === 'rejected' ? unsure.reason : new NameUnknownError();
}

const isNothing = (answer: object): boolean =>
  'reason' in answer && ['ENODATA', 'ENOTFOUND'].includes((answer.reason as NodeJS.ErrnoException).code ?? '');

/**
 * A lookup for a socket that answers with addresses that may be connected to, and with none at all where one of them may
 * not. The socket connects to what it is told here and asks nobody again, so that a name which changes its answer between a
 * check and a connection (DNS rebinding) finds nothing.
 */
export const guardLookup =
  (lookup: LookupFunction, exceptions: ReadonlySet<string>): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, answer) => {
      if (error) return callback(error, [], 0);
      const found = answer as LookupAddress[];
      const [first] = found;
      if (first === undefined) return callback(new NameUnknownError(), [], 0);
      if (!found.every(({ address }) => judgeAddress(address, exceptions).isAllowed))
        return callback(new AddressRefusedError(), [], 0);
      if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
