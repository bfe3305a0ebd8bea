import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createPayloadCodec } from '../../crypto/payload-codec.ts';
import { findPayloadKeyVersions } from '../../crypto/payload-versions.ts';

const { History } = proto.temporal.api.history.v1;
const sealedBy = async (version: number) => {
  const codec = createPayloadCodec(parseKeyRing(`${version}:${randomBytes(32).toString('base64')}`));
  return (await codec.encode([defaultPayloadConverter.toPayload({ id: 'x' })]))[0]!;
};

describe('findPayloadKeyVersions', () => {
  it('finds the versions wherever a history holds a sealed payload, without a key', async () => {
    const history = History.create({
      events: [
        {
          eventId: 1 as never,
          workflowExecutionStartedEventAttributes: {
            input: { payloads: [await sealedBy(1), defaultPayloadConverter.toPayload('plain')] },
            header: { fields: { trace: await sealedBy(2) } },
            memo: { fields: { note: await sealedBy(3) } },
          },
          userMetadata: { summary: await sealedBy(4) },
        },
        {
          eventId: 2 as never,
          activityTaskFailedEventAttributes: {
            failure: { cause: { applicationFailureInfo: { details: { payloads: [await sealedBy(5)] } } } },
          },
        },
        {
          eventId: 3 as never,
          markerRecordedEventAttributes: { details: { data: { payloads: [await sealedBy(300)] } } },
        },
      ],
    });
    // As it comes from the server.
    const received = History.decode(History.encode(history).finish());
    expect([...findPayloadKeyVersions(received)].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 300]);
  });

  it('finds none where nothing is sealed', () => {
    expect(findPayloadKeyVersions([defaultPayloadConverter.toPayload({ a: 1 }), null, 7, 'x']).size).toBe(0);
  });
});
