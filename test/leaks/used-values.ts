import type { KeyProvider } from '../../crypto/key-ring.ts';
import type { UsedValue, ValueKind } from './evidence.ts';

/** The local part is at most 64 characters long; bounded, for a body may be one word of megabytes. */
const LOCAL_PART = /[\p{L}\p{N}._%+'-]{1,64}$/u;
const DOMAIN = /^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+/u;
const E164 = /^\+\d{8,15}$/;
const TOKEN_KEY = /^(?:(?:access|refresh|location|company|candidate)?_?token|client_?secret|secret|password)$/i;
const PHONE_KEY = /phone/i;
const NAME_KEY = /^(?:(?:first|last|full)_?name(?:raw|lowercase)?|contact_?name)$/i;
/** What a query or a form carries that opens something. */
const OPENING_KEY = /^(?:link|state|code|(?:access_|refresh_)?token|secret|client_secret)$/;
const OPENING_HEADER = /^(?:authorization|cookie|set-cookie|x-.*(?:secret|token|key))$/;

const of = (kind: ValueKind, value: unknown): UsedValue[] =>
  typeof value === 'string' && value !== '' ? [{ kind, value }] : [];

/** The secrets among the parameters of an address or of a form, also where the address stands within a text. */
export function* listOpenings(text: string): Generator<UsedValue> {
  const query = text.includes('?') ? text.slice(text.indexOf('?') + 1) : text;
  for (const [key, value] of new URLSearchParams(query.replace(/[#\s"<].*$/su, '')))
    if (OPENING_KEY.test(key)) yield* of('token', value);
}

/** The secret of a link that an operator opens. */
const OPENING_PATH = /^\/sign-in\/([^/?]+)/;

/** The secrets of the address of a request. */
export function* listAddressSecrets(address: string): Generator<UsedValue> {
  yield* of('token', OPENING_PATH.exec(address)?.[1]);
  if (address.includes('?')) yield* listOpenings(address);
}

/** The secrets among HTTP headers. */
export function* listHeaderSecrets(headers: Record<string, unknown>): Generator<UsedValue> {
  for (const [name, given] of Object.entries(headers)) {
    if (!OPENING_HEADER.test(name.toLowerCase())) continue;
    for (const value of [given].flat()) {
      if (typeof value !== 'string') continue;
      if (name.endsWith('cookie')) {
        const pairs = name === 'cookie' ? value.split('; ') : value.split('; ').slice(0, 1);
        for (const pair of pairs) yield* of('token', pair.slice(pair.indexOf('=') + 1));
      } else yield* of('token', value.replace(/^\w+ /, ''));
    }
  }
}

/** A person's first and last name, and both together as they are written. */
export function* listNames(first: unknown, last: unknown): Generator<UsedValue> {
  yield* of('name', first);
  yield* of('name', last);
  if (typeof first === 'string' && typeof last === 'string' && first && last) yield* of('name', `${first} ${last}`);
}

function* listEmails(text: string): Generator<UsedValue> {
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const local = LOCAL_PART.exec(text.slice(Math.max(0, at - 64), at));
    const domain = DOMAIN.exec(text.slice(at + 1, at + 256));
    if (local && domain) yield { kind: 'e-mail', value: `${local[0]}@${domain[0]}` };
  }
}

const isPerson = (record: Record<string, unknown>): boolean =>
  'email' in record || 'phone' in record || 'firstName' in record;

/** The tokens, phones, e-mails and persons' names in a JSON value, by the keys and the shapes that they have on the wire. */
export function* listValues(json: unknown): Generator<UsedValue> {
  if (typeof json === 'string') {
    yield* listEmails(json);
    if (E164.test(json)) yield* of('phone', json);
    if (/^https?:/.test(json)) yield* listOpenings(json);
  } else if (Array.isArray(json)) {
    for (const each of json) yield* listValues(each);
  } else if (typeof json === 'object' && json !== null) {
    const record = json as Record<string, unknown>;
    for (const [key, value] of Object.entries(record)) {
      if (TOKEN_KEY.test(key)) yield* of('token', value);
      if (PHONE_KEY.test(key)) yield* of('phone', value);
      if (NAME_KEY.test(key)) yield* of('name', value);
      yield* listValues(value);
    }
    if (isPerson(record)) yield* of('name', record['name']);
    yield* listNames(record['firstName'] ?? record['first_name'], record['lastName'] ?? record['last_name']);
  }
}

/** The secrets that a process of the system is given by its environment. */
export function* listEnvironmentSecrets(environment: Record<string, string | undefined>): Generator<UsedValue> {
  const keys = environment['ENCRYPTION_KEYS']?.split(',') ?? [];
  for (const key of keys) yield* of('token', key.trim().split(':')[1]);
  yield* of('token', environment['GHL_CLIENT_SECRET']);
  const database = environment['DATABASE_URL'];
  if (database && URL.canParse(database)) yield* of('token', decodeURIComponent(new URL(database).password));
}

/** The keys of a ring, as ENCRYPTION_KEYS has them. */
export const listKeys = (keys: KeyProvider): UsedValue[] =>
  keys.versions.flatMap((version) => of('token', keys.key(version).toString('base64')));
