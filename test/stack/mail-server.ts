import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  to: string;
  /** As it came, headers and bodies. */
  raw: string;
  subject: string;
  messageId: string;
  /** The plain text, with the line breaks of quoted-printable taken out. */
  text: string;
}

/** What the server does with the next mail: takes it, answers with this code at RCPT or after the data, or is gone. */
export type MailTurn = 'take' | { rcpt: number } | { data: number } | 'cut-after-data' | 'cut-before-data';

/** A real SMTP server on this machine that does as it is told. */
export async function startMailServer() {
  const mails: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  /** What is done with the mails to come, one each; all others are taken. */
  let turns: MailTurn[] = [];
  let port = 0;
  let server: SMTPServer | undefined;
  /** How often a mail was brought, whatever became of it. */
  let tries = 0;

  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const refusal = (responseCode: number) => Object.assign(new Error('as told'), { responseCode });

  function listen(): SMTPServer {
    return new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      onRcptTo(_address, _session, done) {
        tries += 1;
        const [turn] = turns;
        if (typeof turn === 'object' && 'rcpt' in turn) {
          turns.shift();
          return done(refusal(turn.rcpt));
        }
        if (turn === 'cut-before-data') {
          turns.shift();
          return hangUp();
        }
        done();
      },
      onData(stream, session, done) {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const turn = turns.shift() ?? 'take';
          if (turn === 'cut-after-data') return hangUp();
          if (typeof turn === 'object' && 'data' in turn) return done(refusal(turn.data));
          mails.push(read(Buffer.concat(chunks).toString('utf8'), session.envelope.rcptTo[0]!.address));
          done();
        });
      },
    });
  }

  const mailServer = {
    mails,
    get tries() {
      return tries;
    },
    /** The settings by which a mailer finds it. */
    get settings() {
      return { url: `smtp://127.0.0.1:${port}`, from: 'notices@switchyard.example', requiresTls: true };
    },
    /** What is done with the next mails. */
    will: (...next: MailTurn[]): void => void (turns = next),
    mailsTo: (address: string): ReceivedMail[] => mails.filter((mail) => mail.to === address),
    async start(): Promise<void> {
      server = listen();
      const listening: Server = server.listen(port, '127.0.0.1');
      listening.on('connection', (socket: Socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
      });
      if (!listening.listening) await once(listening, 'listening');
      port = (listening.address() as AddressInfo).port;
    },
    async stop(): Promise<void> {
      hangUp();
      await new Promise<void>((resolve) => (server ? server.close(resolve) : resolve()));
      server = undefined;
    },
  };
  await mailServer.start();
  return mailServer;
}

export type MailServer = Awaited<ReturnType<typeof startMailServer>>;

function read(raw: string, to: string): ReceivedMail {
  const header = (name: string): string =>
    new RegExp(`^${name}:(.*(?:\\r\\n[ \\t].*)*)`, 'im')
      .exec(raw)?.[1]
      ?.replace(/\r\n[ \t]+/g, ' ')
      .trim() ?? '';
  return { to, raw, subject: header('Subject'), messageId: header('Message-ID'), text: raw.replace(/=\r\n/g, '') };
}
