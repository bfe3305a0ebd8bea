import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWebhookSecret } from '../../crypto/webhook-secret.ts';
import { createWebhookSender, type WebhookSender } from '../../outbound/webhook-post.ts';
import { answering, type Receiver, startReceiver } from './receiver.ts';

const rules = { privateAddresses: new Set(['127.0.0.1']), isHttpAllowed: true };
const secret = createWebhookSecret();
const message = { id: 'one-delivery', at: new Date(), body: '{"type":"lead.assigned"}', secrets: [secret] as [string] };

let receiver: Receiver;
let sender: WebhookSender;
beforeEach(async () => {
  receiver = await startReceiver();
  sender = createWebhookSender({ rules, timeoutMs: 3_000 });
});
afterEach(() => Promise.all([sender.close(), receiver.close()]));

const post = (path = '/hook', signal?: AbortSignal) => sender.post({ url: receiver.url + path, message, signal });

describe('a webhook that is sent', () => {
  it('is what the receiver’s library verifies', async () => {
    expect(await post('/hook?key=1')).toEqual({ status: 204, retryAfter: null });
    const [{ method, path, headers, body } = receiver.received[0]!] = receiver.received;
    expect([method, path, headers['content-type']]).toEqual(['POST', '/hook?key=1', 'application/json']);
    expect(headers['webhook-id']).toBe('one-delivery');
    expect(new Webhook(secret).verify(body, headers)).toEqual({ type: 'lead.assigned' });
    expect(() => new Webhook(createWebhookSecret()).verify(body, headers)).toThrow();
    expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
  });

  it('is verified by the old secret and by the new one while both hold', async () => {
    const old = createWebhookSecret();
    await sender.post({ url: receiver.url, message: { ...message, secrets: [secret, old] } });
    const { headers, body } = receiver.received[0]!;
    expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
    for (const each of [secret, old]) expect(new Webhook(each).verify(body, headers)).toBeTruthy();
  });

  it('brings back the status and Retry-After, and nothing of the body', async () => {
    receiver.reply = (_request, response) => void response.writeHead(503, { 'retry-after': '7' }).end('secret');
    expect(await post()).toEqual({ status: 503, retryAfter: '7' });
  });

  it('follows no redirect, neither inside nor outside', async () => {
    const inside = await startReceiver();
    for (const location of [`${inside.url}/inside`, 'http://169.254.169.254/latest', '/again']) {
      receiver.reply = answering(302, { location });
      expect(await post()).toEqual({ status: 302, retryAfter: null });
    }
    expect(inside.received).toEqual([]);
    expect(receiver.received).toHaveLength(3);
    await inside.close();
  });

  it('does not read an answer that never ends, and counts its status', async () => {
    let isClosed = false;
    receiver.reply = (_request, response) => {
      response.writeHead(200);
      const more = setInterval(() => response.write('x'.repeat(65_536)), 1);
      response.on('close', () => {
        clearInterval(more);
        isClosed = true;
      });
    };
    expect(await post()).toEqual({ status: 200, retryAfter: null });
    await expect.poll(() => isClosed).toBe(true);
  });

  it('waits only so long for an answer', async () => {
    receiver.reply = () => {};
    expect(await post()).toEqual({ failure: 'timeout' });
  });

  it('waits only so long for an answer whose headers drip', async () => {
    receiver.reply = (_request, response) => void response.socket!.write('HTTP/1.1 200 OK\r\nx-a: b\r\n');
    expect(await post()).toEqual({ failure: 'timeout' });
  });

  it('says what went wrong where no answer came', async () => {
    receiver.reply = (_request, response) => void response.socket!.destroy();
    expect(await post()).toEqual({ failure: 'broken-off' });
    receiver.reply = (_request, response) =>
      void response.socket!.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(await post()).toEqual({ failure: 'broken-off' });
    const { url } = receiver;
    await receiver.close();
    expect(await sender.post({ url, message })).toEqual({ failure: 'not-connected' });
    receiver = await startReceiver();
  });

  it('is given up when nobody wants it any more', async () => {
    const stop = new AbortController();
    receiver.reply = () => stop.abort(new Error('the worker stops'));
    await expect(post('/hook', stop.signal)).rejects.toThrow('the worker stops');
    await expect(post('/hook', stop.signal)).rejects.toThrow('the worker stops');
    expect(receiver.received).toHaveLength(1);
  });

  it('obeys no proxy of the environment', async () => {
    const proxy = await startReceiver();
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY'];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = proxy.url;
    try {
      const fresh = createWebhookSender({ rules });
      expect(await fresh.post({ url: receiver.url, message })).toMatchObject({ status: 204 });
      expect(proxy.received).toEqual([]);
      await fresh.close();
    } finally {
      names.forEach((name, index) => {
        if (before[index] === undefined) delete process.env[name];
        else process.env[name] = before[index];
      });
      await proxy.close();
    }
  });
});
