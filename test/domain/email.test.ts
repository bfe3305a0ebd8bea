import { describe, expect, it } from 'vitest';
import { normaliseEmail } from '../../domain/email.ts';

describe('normaliseEmail', () => {
  it.each([
    [' Jane.Doe+Promo@Example.COM ', 'jane.doe+promo@example.com'],
    ["o'brien@mail.example.co.uk", "o'brien@mail.example.co.uk"],
    ['jane@xn--mnchen-3ya.xn--p1ai', 'jane@xn--mnchen-3ya.xn--p1ai'],
    ['jürgen@münchen.example', 'jürgen@münchen.example'],
    ['\u200bjane@example.com\ufeff', 'jane@example.com'],
  ])('reads %j as %s', (raw, email) => {
    expect(normaliseEmail(raw)).toEqual({ email, reason: 'ok' });
  });

  it.each([undefined, null, '', ' \t'])('calls %o missing', (raw) => {
    expect(normaliseEmail(raw)).toEqual({ email: null, reason: 'missing' });
  });

  it.each([
    'jane',
    '@example.com',
    'jane@',
    'jane@localhost',
    'jane@example.c',
    'jane@example.123',
    'jane..doe@example.com',
    '.jane@example.com',
    'jane@-example.com',
    'jane@exa mple.com',
    'jane@doe@example.com',
    '"jane doe"@example.com',
    'jane@[192.0.2.1]',
    `${'a'.repeat(65)}@example.com`,
    `jane@${'a.'.repeat(125)}com`,
  ])('refuses %s', (raw) => {
    expect(normaliseEmail(raw)).toEqual({ email: null, reason: 'invalid' });
  });
});
