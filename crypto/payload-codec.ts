import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { KeyProvider } from './key-ring.ts';
import { seal, unseal } from './seal.ts';

const ProtoPayload = proto.temporal.api.common.v1.Payload;
/** The metadata key under which Temporal payloads name their encoding. */
const METADATA_ENCODING_KEY = 'encoding';
const ENCODING = 'binary/encrypted';
const ENCODING_BYTES = Buffer.from(ENCODING);
const OWNER = { agencyId: null, locationId: null, purpose: 'temporal-payload' };

/** Whether a payload says that this codec made it. */
export const isSealedPayload = (payload: Payload): boolean => {
  const encoding = payload.metadata?.[METADATA_ENCODING_KEY];
  return encoding !== undefined && encoding !== null && Buffer.from(encoding).toString() === ENCODING;
};

/**
 * Encrypts every payload that goes to Temporal and opens those that come back. Plain payloads pass through on the way
 * in, so that an operator's `temporal workflow signal` with ordinary JSON is understood; handlers check what they get.
 */
export function createPayloadCodec(keys: KeyProvider): PayloadCodec {
  return {
    async encode(payloads) {
      return payloads.map((payload) => ({
        metadata: { [METADATA_ENCODING_KEY]: ENCODING_BYTES },
        data: seal(keys, ProtoPayload.encode(payload).finish(), OWNER),
      }));
    },
    async decode(payloads) {
      return payloads.map((payload) => {
        if (!isSealedPayload(payload) || !payload.data) return payload;
        return ProtoPayload.decode(unseal(keys, payload.data, OWNER));
      });
    },
  };
}
