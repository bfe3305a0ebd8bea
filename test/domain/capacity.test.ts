import { expect, it } from 'vitest';
import { checkCapacity } from '../../domain/capacity.ts';

it.each([
  [{ openLeads: 99, maxOpenLeads: null, leadsToday: 99, dailyCap: null }, 'ok'],
  [{ openLeads: 4, maxOpenLeads: 5, leadsToday: 9, dailyCap: 10 }, 'ok'],
  [{ openLeads: 5, maxOpenLeads: 5, leadsToday: 0, dailyCap: null }, 'full'],
  [{ openLeads: 0, maxOpenLeads: 5, leadsToday: 10, dailyCap: 10 }, 'daily-cap'],
  [{ openLeads: 6, maxOpenLeads: 5, leadsToday: 11, dailyCap: 10 }, 'full'],
  [{ openLeads: 0, maxOpenLeads: 0, leadsToday: 0, dailyCap: 0 }, 'full'],
])('finds %o %s', (load, reason) => {
  expect(checkCapacity(load)).toEqual({ hasRoom: reason === 'ok', reason });
});
