import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWebhookSecret } from '../../crypto/webhook-secret.ts';
import { createNameLookup } from '../../outbound/guarded-lookup.ts';
import { createWebhookSender } from '../../outbound/webhook-post.ts';
import { type Authority, createAuthority } from '../worker/certificates.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const message = { id: 'one', at: new Date(), body: '{}', secrets: [createWebhookSecret()] as [string] };
const ALLOWED = new Set(['127.0.0.1']);

let receiver: Receiver;
let secure: Receiver;
let authority: Authority;
beforeAll(async () => {
  authority = createAuthority();
  receiver = await startReceiver();
  secure = await startReceiver(authority.issue('hooks.example'));
});
afterAll(() => Promise.all([receiver.close(), secure.close()]));

/** Addresses that a name has, one list for each time it is asked for; the last stays. */
function namesTo(...answers: string[][]): LookupFunction & { asked: number } {
  const lookup = Object.assign(
    ((_hostname, options, callback) => {
      const addresses = answers[Math.min(lookup.asked, answers.length - 1)]!;
      lookup.asked += 1;
      const found = addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 }));
      if (options.all) callback(null, found);
      else callback(null, found[0]!.address, found[0]!.family);
    }) as LookupFunction,
    { asked: 0 },
  );
  return lookup;
}

interface Try {
  url: string;
  lookup?: LookupFunction;
  allowed?: ReadonlySet<string>;
  isHttpAllowed?: boolean;
  ca?: string;
}

async function attempt({ url, lookup, allowed = new Set(), isHttpAllowed = true, ca }: Try) {
  const rules = { privateAddresses: allowed, isHttpAllowed };
  const sender = createWebhookSender({ rules, timeoutMs: 20_000, ...(lookup && { lookup }), ...(ca && { ca }) });
  try {
    return await sender.post({ url, message });
  } finally {
    await sender.close();
  }
}

describe('the guard of outgoing connections', () => {
  beforeEach(() => {
    receiver.received.length = 0;
    secure.received.length = 0;
  });

  it('refuses a name that leads inside, before anything is sent', async () => {
    const url = `http://hooks.example:${receiver.port}/`;
    expect(await attempt({ url, lookup: namesTo(['127.0.0.1']) })).toEqual({ failure: 'address-refused' });
    expect(receiver.received).toEqual([]);
    expect(await attempt({ url, lookup: namesTo(['127.0.0.1']), allowed: ALLOWED })).toMatchObject({ status: 204 });
    expect(receiver.received).toHaveLength(1);
  });

  it('refuses a name of which one address leads inside', async () => {
    const url = `http://hooks.example:${receiver.port}/`;
    for (const address of ['10.0.0.1', '::1', '::ffff:127.0.0.1', '169.254.169.254', 'fd00:ec2::254']) {
      const lookup = namesTo(['8.8.8.8', address]);
      expect(await attempt({ url, lookup, allowed: ALLOWED })).toEqual({ failure: 'address-refused' });
    }
    expect(receiver.received).toEqual([]);
  });

  it('finds nothing by a name that is allowed first and inside then: the socket asks once, and goes where it was judged', async () => {
    const url = `http://rebind.example:${receiver.port}/`;
    // Were the name asked once for the check and once for the connection, the second answer would be connected to.
    const lookup = namesTo(['127.0.0.1'], ['127.0.0.2']);
    expect(await attempt({ url, lookup, allowed: ALLOWED })).toMatchObject({ status: 204 });
    expect([lookup.asked, receiver.received.length]).toEqual([1, 1]);
    // The next connection asks anew, and is judged anew.
    expect(await attempt({ url, lookup, allowed: ALLOWED })).toEqual({ failure: 'address-refused' });
    expect([lookup.asked, receiver.received.length]).toEqual([2, 1]);
  });

  it('refuses an address in a name’s place, in every notation, where no lookup is asked', async () => {
    const lookup = namesTo(['8.8.8.8']);
    for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::1]', '[::ffff:7f00:1]', '0.0.0.0']) {
      const url = `http://${host}:${receiver.port}/`;
      expect([host, await attempt({ url, lookup })]).toEqual([host, { failure: 'address-refused' }]);
    }
    expect(lookup.asked).toBe(0);
    expect(receiver.received).toEqual([]);
  });

  it('refuses plain http where the settings do not allow it, whatever was stored', async () => {
    const url = `http://127.0.0.1:${receiver.port}/`;
    expect(await attempt({ url, allowed: ALLOWED, isHttpAllowed: false })).toEqual({ failure: 'address-refused' });
    expect(receiver.received).toEqual([]);
  });

  it('asks the name servers by itself, and knows nothing of names of this machine', async () => {
    const answer = await new Promise((resolve) => {
      createNameLookup()('localhost.invalid', { all: true }, (error, found) => resolve(error?.code ?? found));
    });
    expect(['ENOTFOUND', 'ECONNREFUSED', 'ETIMEOUT', 'ESERVFAIL', 'EREFUSED']).toContain(answer);
  });

  it('verifies certificates: the authority, and the name', async () => {
    const lookup = namesTo(['127.0.0.1']);
    const url = `https://hooks.example:${secure.port}/`;
    const of = { lookup, allowed: ALLOWED, isHttpAllowed: false };
    expect(await attempt({ url, ...of })).toEqual({ failure: 'tls' });
    const other = `https://other.example:${secure.port}/`;
    expect(await attempt({ url: other, ...of, ca: authority.cert })).toEqual({ failure: 'tls' });
    expect(secure.received).toEqual([]);
    expect(await attempt({ url, ...of, ca: authority.cert })).toEqual({ status: 204, retryAfter: null });
  });

  it('says so where TLS was wanted and something else answers', async () => {
    const url = `https://127.0.0.1:${receiver.port}/`;
    expect(await attempt({ url, allowed: ALLOWED })).toEqual({ failure: 'tls' });
  });
});
