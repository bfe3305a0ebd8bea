import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import { createArrivalOrder } from '../../api/arrival-order.ts';
import { verifyGhlSignature } from '../../ghl/webhooks.ts';

it('lets what came first end first, although what came later is done sooner', async () => {
  const inOrder = createArrivalOrder();
  const ended: string[] = [];
  let finish = (): void => {};
  const slow = inOrder(new Promise<void>((resolve) => (finish = resolve))).then(() => ended.push('slow'));
  const swift = inOrder(Promise.resolve()).then(() => ended.push('swift'));
  const third = inOrder(Promise.resolve()).then(() => ended.push('third'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toEqual([]);
  finish();
  await Promise.all([slow, swift, third]);
  expect(ended).toEqual(['slow', 'swift', 'third']);
});

it('keeps an error for the one it is of', async () => {
  const inOrder = createArrivalOrder();
  const failed = inOrder(Promise.reject(new Error('wrong')));
  const next = inOrder(Promise.resolve('fine'));
  await expect(failed).rejects.toThrow('wrong');
  expect(await next).toBe('fine');
});

it('keeps the order of deliveries whose signatures other threads verify', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const inOrder = createArrivalOrder();
  // The first takes a thread as long as hundreds of the others.
  const bodies = Array.from({ length: 40 }, (_, turn) => Buffer.alloc(turn === 0 ? 16_000_000 : 10, 'x'));
  const ended: number[] = [];
  const checks = bodies.map(async (body, turn) => {
    const header = sign(null, body, privateKey).toString('base64');
    const { valid } = await inOrder(verifyGhlSignature(body, header, [publicKey]));
    if (valid) ended.push(turn);
  });
  await Promise.all(checks);
  expect(ended).toEqual(bodies.map((_, turn) => turn));
});
