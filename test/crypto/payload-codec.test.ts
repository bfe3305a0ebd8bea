import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { parseKeyRing } from '../../crypto/key-ring.ts';
import { createPayloadCodec } from '../../crypto/payload-codec.ts';

const material = (): string => randomBytes(32).toString('base64');
const [first, second] = [material(), material()];
const codec = createPayloadCodec(parseKeyRing(`1:${first}`));
const payload = (value: unknown) => defaultPayloadConverter.toPayload(value);

describe('the payload codec', () => {
  it('hides what a payload holds and how it was made, and gives it back whole', async () => {
    const plain = payload({ leadId: 'lead-1' });
    const [sealed] = await codec.encode([plain]);
    expect(Buffer.from(sealed!.data!).includes('lead-1')).toBe(false);
    expect(Object.keys(sealed!.metadata!)).toEqual(['encoding']);
    const [opened] = await codec.decode([sealed!]);
    expect(defaultPayloadConverter.fromPayload(opened!)).toEqual({ leadId: 'lead-1' });
  });

  it('lets plain payloads in, as an operator’s command line sends them', async () => {
    const plain = payload({ repId: 'rep-1' });
    expect(await codec.decode([plain])).toEqual([plain]);
  });

  it('opens what an older key sealed, and nothing that was changed', async () => {
    const [sealed] = await codec.encode([payload('x')]);
    const newer = createPayloadCodec(parseKeyRing(`1:${first},2:${second}`));
    expect(defaultPayloadConverter.fromPayload((await newer.decode([sealed!]))[0]!)).toBe('x');
    const changed = Buffer.from(sealed!.data!);
    changed[20]! ^= 1;
    await expect(codec.decode([{ ...sealed, data: changed }])).rejects.toThrow('does not open');
  });
});
