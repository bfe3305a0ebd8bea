import { Readable } from 'node:stream';
import { domainToASCII } from 'node:url';
import MailComposer from 'nodemailer/lib/mail-composer';
import SMTPConnection, { type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection';

export interface MailerSettings {
  /** `smtps://` for TLS from the start, `smtp://` for STARTTLS; user and password may stand in it. */
  url: string;
  /** The address that mails come from. */
  from: string;
  /** Whether a connection that is not encrypted is given up; on this machine itself none has to be. */
  requiresTls: boolean;
}

export interface OutgoingMail {
  /** Makes the Message-ID: the same mail has the same, however often it is tried. */
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  now: Date;
}

/**
 * How a mail ended. `deferred`: it has certainly not been taken, and may be tried again. `refused`: the server will not
 * take it. `unknown`: the connection was lost once the mail was on its way, so that it may have been taken.
 */
export type MailOutcome =
  { outcome: 'sent' } | { outcome: 'deferred' | 'refused' | 'unknown'; /** A code. */ reason: string };

export interface Mailer {
  /**
   * Hands one mail to the server. It does not throw for what the server or the way to it does.
   * @param signal gives it up as long as it is certain that nothing has gone: `deferred`
   */
  send(mail: OutgoingMail, signal?: AbortSignal): Promise<MailOutcome>;
}

/** A server that checks what it takes may think for a while before it answers (RFC 5321, 4.5.3.2.6). */
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 15_000, dnsTimeout: 10_000, socketTimeout: 90_000 };
/** All of a mail together, within its step's three minutes: a server that says a little now and then is never silent. */
const OVERALL_MS = 150_000;
/** A server that has taken the mail owes us a good-bye, but no connection. */
const GOODBYE_MS = 5_000;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
/** One address and nothing that would end a header or begin another recipient. */
const ADDRESS = /^[^\s<>,;:"()[\]\\\p{Cc}]+@[^\s<>,;:"()[\]\\@\p{Cc}]+$/u;

/**
 * Sends mails by SMTP, each on a connection of its own.
 * @param overallMs after which a mail is given up, whatever its server does
 * @throws TypeError for an address of our own that is none, or a URL of another protocol
 */
export function createMailer({ url, from, requiresTls }: MailerSettings, overallMs = OVERALL_MS): Mailer {
  const { protocol, hostname, port, username, password } = new URL(url);
  if (protocol !== 'smtp:' && protocol !== 'smtps:') throw new TypeError('a mail server is named by smtp: or smtps:');
  if (!ADDRESS.test(from)) throw new TypeError('mails have to come from an address');
  // Who reads this machine's own traffic needs no forged certificate.
  const isElsewhere = !LOOPBACK.has(hostname);
  const isSecure = protocol === 'smtps:';
  const mustBeSealed = requiresTls && isElsewhere;
  const options: SMTPConnectionOptions = {
    ...TIMEOUTS,
    host: hostname.replace(/^\[|\]$/g, ''),
    ...(port !== '' && { port: Number(port) }),
    secure: isSecure,
    requireTLS: mustBeSealed,
    opportunisticTLS: !mustBeSealed,
    tls: { rejectUnauthorized: isElsewhere && (requiresTls || isSecure) },
  };
  const auth = username === '' ? null : { user: decodeURIComponent(username), pass: decodeURIComponent(password) };

  return {
    async send(mail, signal) {
      const { id, subject, text, html, now } = mail;
      // The address was checked where it came in; a header must hold whatever happened to it since.
      const to = spellForAll(mail.to);
      if (to === undefined) return { outcome: 'refused', reason: 'address-malformed' };
      const message = await new MailComposer({
        from,
        to,
        subject,
        text,
        html,
        date: now,
        messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
        // RFC 3834: nobody's holiday notice answers, and no loop begins.
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
        disableFileAccess: true,
        disableUrlAccess: true,
      })
        .compile()
        .build();
      const envelope = { from, to: [to], size: message.length };
      return handOver(new SMTPConnection(options), { auth, envelope, message, overallMs, signal });
    },
  };
}

/** An address with its domain as every server reads it (RFC 5891); undefined for what is none. */
function spellForAll(address: string): string | undefined {
  if (!ADDRESS.test(address)) return undefined;
  const at = address.lastIndexOf('@') + 1;
  const domain = address.slice(at);
  const spelt = /\P{ASCII}/u.test(domain) ? domainToASCII(domain) : domain;
  return spelt === '' ? undefined : address.slice(0, at) + spelt;
}

interface Handover {
  auth: { user: string; pass: string } | null;
  envelope: { from: string; to: string[]; size: number };
  message: Buffer;
  overallMs: number;
  signal: AbortSignal | undefined;
}

function handOver(connection: SMTPConnection, handover: Handover): Promise<MailOutcome> {
  const { auth, envelope, message, overallMs, signal } = handover;
  return new Promise((resolve) => {
    let isOnItsWay = false;
    let isSaid = false;
    const end = (error: unknown): void => {
      if (isSaid) return;
      isSaid = true;
      clearTimeout(tooLong);
      signal?.removeEventListener('abort', stop);
      if (error == null) {
        connection.quit();
        setTimeout(() => connection.close(), GOODBYE_MS).unref();
      } else connection.close();
      resolve(error == null ? { outcome: 'sent' } : judgeMailError(error, isOnItsWay));
    };
    const tooLong = setTimeout(() => end(codedError('ETIMEDOUT')), overallMs);
    // Once it is on its way nobody knows whether it is taken before the server says so: that is waited for.
    const stop = (): void => void (isOnItsWay || end(codedError('EABORTED')));
    signal?.addEventListener('abort', stop);
    // It is read when the server has said that it waits for the data, and not before.
    const data = new Readable({
      read() {
        isOnItsWay = true;
        this.push(message);
        this.push(null);
      },
    });
    if (signal?.aborted === true) return stop();
    const send = (): void => connection.send(envelope, data, (error) => end(error ?? null));
    connection.on('error', end);
    connection.on('end', () => end(new Error('the connection ended')));
    connection.connect((error) => {
      if (error) end(error);
      else if (auth === null) send();
      else connection.login(auth, (refusal) => (refusal ? end(refusal) : send()));
    });
  });
}

const codedError = (code: string): Error => Object.assign(new Error('the mail is given up'), { code });

/**
 * What the failure of a mail means. A reply is certain (RFC 5321, 4.2.1): with 4yz the server may take it later, with 5yz it
 * never will, if it is the mail that it speaks of; that it does not know us, or speaks no TLS, an operator mends. Without a
 * reply it depends on whether the mail was on its way.
 */
function judgeMailError(error: unknown, isOnItsWay: boolean): MailOutcome {
  const { code, command, responseCode } = error as { code?: string; command?: string; responseCode?: number };
  if (typeof responseCode === 'number') {
    const reason = `smtp-${responseCode}`;
    const isOfTheMail = ['MAIL FROM', 'RCPT TO', 'DATA'].includes(command ?? '') && ![503, 530].includes(responseCode);
    return { outcome: responseCode >= 500 && isOfTheMail ? 'refused' : 'deferred', reason };
  }
  const reason = code !== undefined && /^E[A-Z]{2,20}$/.test(code) ? code : 'no-reply';
  // That a mail is too large for the server is known from its greeting.
  if (code === 'EMESSAGE' && !isOnItsWay) return { outcome: 'refused', reason };
  return { outcome: isOnItsWay ? 'unknown' : 'deferred', reason };
}
