import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, in PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

/** An authority that tests trust, and what it has signed. */
export interface Authority {
  cert: string;
  /** A certificate for a name of a host, or of a client. */
  issue(name: string): Certificate;
}

/** Encodes by DER (X.690): tag, length, content. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const ECDSA_WITH_SHA256 = sequence(objectId('2a8648ce3d040302'));
const COMMON_NAME = objectId('550403');
const SUBJECT_ALTERNATIVE_NAME = objectId('551d11');
const BASIC_CONSTRAINTS = objectId('551d13');
const TRUE = der(0x01, Buffer.from([0xff]));

const nameOf = (text: string): Buffer => sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(text)))));
/** UTCTime, which has two digits for the year. */
const timeOf = (at: Date): Buffer => der(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`));

interface Wish {
  subject: string;
  issuer: string;
  publicKey: KeyObject;
  signedBy: KeyObject;
  isAuthority: boolean;
}

/** A certificate by RFC 5280, valid for an hour around now, in PEM. */
function certify({ subject, issuer, publicKey, signedBy, isAuthority }: Wish): string {
  const hourMs = 3_600_000;
  const extension = isAuthority
    ? sequence(BASIC_CONSTRAINTS, TRUE, der(0x04, sequence(TRUE)))
    : sequence(SUBJECT_ALTERNATIVE_NAME, der(0x04, sequence(der(0x82, Buffer.from(subject)))));
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    sequence(timeOf(new Date(Date.now() - hourMs)), timeOf(new Date(Date.now() + hourMs))),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, signedBy));
  const base64 = sequence(body, ECDSA_WITH_SHA256, signature).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/(.{64})(?=.)/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
}

const makeKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

export function createAuthority(name = 'authority.test'): Authority {
  const { privateKey: signedBy, publicKey } = makeKeys();
  return {
    cert: certify({ subject: name, issuer: name, publicKey, signedBy, isAuthority: true }),
    issue(subject) {
      const keys = makeKeys();
      return {
        cert: certify({ subject, issuer: name, publicKey: keys.publicKey, signedBy, isAuthority: false }),
        key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      };
    },
  };
}
