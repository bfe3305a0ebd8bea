import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { createMailer, type MailerSettings } from '../../mail/mailer.ts';

let servers: SMTPServer[] = [];
let drips: Server[] = [];
afterEach(async () => {
  await Promise.all(
    [...servers, ...drips].map((server) => new Promise<void>((resolve) => void server.close(() => resolve()))),
  );
  [servers, drips] = [[], []];
});

/** A server that answers each command until one of a name, and that one with a line now and then, for ever. */
async function drip(from: 'MAIL' | '.' | 'QUIT') {
  const [heard, lines]: [string[], string[]] = [[], []];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 here\r\n');
    socket.on('data', (data) => {
      for (const line of data.toString().split('\r\n')) {
        lines.push(line);
        const [command = ''] = line.split(' ');
        if (['EHLO', 'MAIL', 'RCPT', 'DATA', '.', 'QUIT'].includes(command)) heard.push(command);
        else continue;
        if (command !== from) socket.write(command === 'DATA' ? '354 go on\r\n' : '250 good\r\n');
        else {
          const dripping = setInterval(() => socket.write('250-wait\r\n'), 20);
          socket.on('close', () => clearInterval(dripping));
        }
      }
    });
  }).listen(0, '127.0.0.1');
  drips.push(server);
  await once(server, 'listening');
  return { heard, lines, url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A server on an address of this machine, which counts what it takes. */
async function serve(host: string, options: SMTPServerOptions) {
  const taken = { mails: 0, encrypted: 0 };
  const server = new SMTPServer({
    authOptional: true,
    onData(stream, session, done) {
      stream.resume().on('end', () => {
        taken.mails += 1;
        if (session.secure) taken.encrypted += 1;
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  servers.push(server);
  const listening = server.listen(0, host);
  if (!listening.listening) await once(listening, 'listening');
  return { taken, port: (listening.address() as AddressInfo).port };
}

const FROM = 'notices@switchyard.example';
const send = (
  settings: Omit<MailerSettings, 'from'>,
  to = 'desk@x.example',
  { overallMs, signal }: { overallMs?: number; signal?: AbortSignal } = {},
) =>
  createMailer({ ...settings, from: FROM }, overallMs).send(
    { id: 'one', to, subject: 's', text: 't', html: 'h', now: new Date() },
    signal,
  );

/** Another address of this machine than the one that counts as this machine itself. */
const ELSEWHERE = '127.0.0.2';

describe('a mailer', () => {
  it('gives nothing to a server elsewhere that does not encrypt, unless it is told that it may', async () => {
    const { taken, port } = await serve(ELSEWHERE, { disabledCommands: ['STARTTLS', 'AUTH'] });
    const url = `smtp://${ELSEWHERE}:${port}`;
    expect(await send({ url, requiresTls: true })).toMatchObject({ outcome: 'deferred' });
    expect(taken.mails).toBe(0);
    expect(await send({ url, requiresTls: false })).toEqual({ outcome: 'sent' });
    expect(taken.mails).toBe(1);
  });

  it('gives nothing to a server whose certificate it cannot trust', async () => {
    const { taken, port } = await serve(ELSEWHERE, { disabledCommands: ['AUTH'] });
    expect(await send({ url: `smtp://${ELSEWHERE}:${port}`, requiresTls: true })).toMatchObject({
      outcome: 'deferred',
    });
    const secure = await serve(ELSEWHERE, { secure: true, disabledCommands: ['AUTH'] });
    const url = `smtps://${ELSEWHERE}:${secure.port}`;
    expect(await send({ url, requiresTls: true })).toMatchObject({ outcome: 'deferred' });
    expect(taken.mails + secure.taken.mails).toBe(0);
  });

  it('asks no certificate of a server on this machine', async () => {
    const { taken, port } = await serve('127.0.0.1', { disabledCommands: ['AUTH'] });
    expect(await send({ url: `smtp://127.0.0.1:${port}`, requiresTls: true })).toEqual({ outcome: 'sent' });
    expect(taken.mails).toBe(1);
  });

  it('says who it is, and takes a refusal of that for a state that somebody mends', async () => {
    const { taken, port } = await serve('127.0.0.1', {
      authOptional: false,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      onAuth: ({ username, password }, _session, done) =>
        username === 'us' && password === 'p@ss:word' ? done(null, { user: 'us' }) : done(new Error('no')),
    });
    const at = (who: string) => send({ url: `smtp://${who}@127.0.0.1:${port}`, requiresTls: true });
    expect(await at('us:wrong')).toEqual({ outcome: 'deferred', reason: 'smtp-535' });
    expect(taken.mails).toBe(0);
    expect(await at('us:p%40ss%3Aword')).toEqual({ outcome: 'sent' });
  });

  it.each(['a@b.example\r\nBcc: c@d.example', 'a@b.example,c@d.example', 'A <a@b.example>', 'nobody'])(
    'sends to one address and nothing else: %j',
    async (to) => {
      const { taken, port } = await serve('127.0.0.1', { disabledCommands: ['STARTTLS', 'AUTH'] });
      const outcome = await send({ url: `smtp://127.0.0.1:${port}`, requiresTls: true }, to);
      expect(outcome).toEqual({ outcome: 'refused', reason: 'address-malformed' });
      expect(taken.mails).toBe(0);
    },
  );

  it('is given up when the mail is larger than the server takes', async () => {
    const { taken, port } = await serve('127.0.0.1', { size: 50, disabledCommands: ['STARTTLS', 'AUTH'] });
    expect(await send({ url: `smtp://127.0.0.1:${port}`, requiresTls: true })).toMatchObject({ outcome: 'refused' });
    expect(taken.mails).toBe(0);
  });

  it('is given up when its server drips words for ever: nothing has gone before the data, and nobody knows after it', async () => {
    const sendSoon = (url: string) => send({ url, requiresTls: true }, undefined, { overallMs: 300 });
    const before = await drip('MAIL');
    expect(await sendSoon(before.url)).toEqual({ outcome: 'deferred', reason: 'ETIMEDOUT' });
    const after = await drip('.');
    expect(await sendSoon(after.url)).toEqual({ outcome: 'unknown', reason: 'ETIMEDOUT' });
    // What is taken is sent, however long the good-bye is.
    expect(await sendSoon((await drip('QUIT')).url)).toEqual({ outcome: 'sent' });
  });

  it('is left to another process by one that is to end, as long as nothing has gone', async () => {
    const stopping = new AbortController();
    const { url, heard } = await drip('MAIL');
    const sending = send({ url, requiresTls: true }, undefined, { signal: stopping.signal });
    await expect.poll(() => heard).toContain('MAIL');
    stopping.abort();
    expect(await sending).toEqual({ outcome: 'deferred', reason: 'EABORTED' });
    const never = await drip('MAIL');
    const late = send({ url: never.url, requiresTls: true }, undefined, { signal: stopping.signal });
    expect(await late).toEqual({ outcome: 'deferred', reason: 'EABORTED' });
    expect(never.heard).toEqual([]);
  });

  it('names a domain of other letters as every server reads it', async () => {
    const { url, lines } = await drip('QUIT');
    expect(await send({ url, requiresTls: true }, 'desk@bücher.example')).toEqual({ outcome: 'sent' });
    expect(lines).toContain('RCPT TO:<desk@xn--bcher-kva.example>');
  });

  it('is not made of another protocol, or without an address of its own', () => {
    const make = (url: string, from: string) => () => createMailer({ url, from, requiresTls: true });
    expect(make('http://127.0.0.1', FROM)).toThrow(TypeError);
    expect(make('smtp://127.0.0.1', 'a@b.example\r\nBcc: c')).toThrow(TypeError);
  });
});
