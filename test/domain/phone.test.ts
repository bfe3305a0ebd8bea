import { describe, expect, it } from 'vitest';
import { normalisePhone } from '../../domain/phone.ts';

describe('normalisePhone', () => {
  it.each([
    ['(416) 967-1111', 'CA', '+14169671111'],
    ['416.967.1111 x22', 'US', '+14169671111'],
    ['1 212 555 0199', 'US', '+12125550199'],
    ['+44 20 7946 0958', 'US', '+442079460958'],
    ['011 44 20 7946 0958', 'US', '+442079460958'],
    ['020 7946 0958', 'GB', '+442079460958'],
    ['９１６ ９６７ １１１１', 'US', '+19169671111'],
    ['cell: 416-967-1111', 'CA', '+14169671111'],
  ] as const)('reads %s from %s as %s', (raw, country, phone) => {
    expect(normalisePhone(raw, country)).toEqual({ phone, reason: 'ok' });
  });

  it.each([undefined, null, '', '   '])('calls %o missing', (raw) => {
    expect(normalisePhone(raw, 'US')).toEqual({ phone: null, reason: 'missing' });
  });

  it.each([
    '967-1111',
    '911',
    '5555555555',
    '1234567890',
    '888-888-8888',
    'ask my wife',
    '416-967-1111 / 416-967-2222',
  ])('refuses %s', (raw) => {
    expect(normalisePhone(raw, 'US')).toEqual({ phone: null, reason: 'invalid' });
  });
});
