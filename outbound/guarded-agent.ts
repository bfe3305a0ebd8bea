import type { LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { judgeAddress } from '../domain/public-address.ts';
import { addressInUrl, type OutboundRules } from '../domain/webhook-url.ts';
import { AddressRefusedError, createNameLookup, guardLookup } from './guarded-lookup.ts';

export interface GuardOptions {
  rules: OutboundRules;
  /** Where names are looked up; by default at the name servers. */
  lookup?: LookupFunction;
  /** Authorities trusted instead of the usual ones, in PEM. */
  ca?: string;
  connectTimeoutMs: number;
}

const HEADER_BYTES = 16 * 1024;
const IDLE_MS = 2_000;

/**
 * Connections that lead to public addresses alone: judged in the lookup of the socket itself, for an address in a name's
 * place before it, and once more when it stands. No proxy of the environment is used, certificates are verified.
 */
export function createGuardedAgent({ rules, lookup = createNameLookup(), ca, connectTimeoutMs }: GuardOptions): Agent {
  const { privateAddresses, isHttpAllowed } = rules;
  const isAllowed = (address: string): boolean => judgeAddress(address, privateAddresses).isAllowed;
  const connect = buildConnector({
    lookup: guardLookup(lookup, privateAddresses),
    timeout: connectTimeoutMs,
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca }),
  });
  return new Agent({
    connect(options, callback) {
      // A socket that is given an address looks nothing up.
      const literal = addressInUrl(options.hostname);
      const isRefused = literal !== undefined && !isAllowed(literal);
      if (isRefused || (options.protocol !== 'https:' && !isHttpAllowed))
        return callback(new AddressRefusedError(), null);
      connect(options, (...[error, socket]) => {
        if (error) return callback(error, null);
        if (socket.remoteAddress !== undefined && isAllowed(socket.remoteAddress)) return callback(null, socket);
        socket.destroy();
        callback(new AddressRefusedError(), null);
      });
    },
    maxHeaderSize: HEADER_BYTES,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
  });
}
