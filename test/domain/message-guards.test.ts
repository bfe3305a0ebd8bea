import { describe, expect, it } from 'vitest';
import {
  readAcceptRequest,
  readCloseRequest,
  readLeadChange,
  readReassignRequest,
} from '../../domain/message-guards.ts';

const NONSENSE: unknown[] = [
  undefined,
  null,
  7,
  'text',
  [],
  {},
  { kind: 'nope' },
  { kind: 'constructor' },
  { repId: ['a'] },
];

describe('a message of no known shape', () => {
  it.each(NONSENSE)('is nothing: %j', (value) => {
    expect(readLeadChange(value)).toBeUndefined();
    expect(readReassignRequest(value)).toBeUndefined();
    expect(readCloseRequest(value)).toBeUndefined();
    expect(readAcceptRequest(value)).toEqual({ actor: 'unknown' });
  });

  it('is a change that lacks one of its texts, or ends an opportunity in no known way', () => {
    expect(readLeadChange({ kind: 'contact-deleted' })).toBeUndefined();
    expect(readLeadChange({ kind: 'rep-unavailable', repId: 7 })).toBeUndefined();
    const ended = { kind: 'opportunity-ended', ghlContactId: 'c', ghlOpportunityId: 'o' };
    expect(readLeadChange({ ...ended, status: 'open' })).toBeUndefined();
    expect(readLeadChange({ ...ended, status: 'won' })).toEqual({ ...ended, status: 'won' });
    const timed = { ...ended, status: 'won', createdAt: '2026-05-01T12:00:00Z', occurredAt: '2026-05-02T12:00:00Z' };
    expect(readLeadChange(timed)).toEqual(timed);
    expect(readLeadChange({ ...timed, createdAt: 'long ago' })).toBeUndefined();
    expect(readLeadChange({ ...timed, occurredAt: 7 })).toBeUndefined();
  });
});

describe('a request', () => {
  it('keeps what it needs and drops the rest', () => {
    const request = { repId: 'r', reason: 'on-holiday', force: 'yes', actor: 'cli:ann', extra: 1 };
    expect(readReassignRequest(request)).toEqual({ repId: 'r', reason: 'on-holiday', force: false, actor: 'cli:ann' });
    expect(readCloseRequest({ outcome: 'won', actor: 'a' })).toEqual({ outcome: 'won', actor: 'a' });
    expect(readCloseRequest({ outcome: 'expired', actor: 'a' })).toBeUndefined();
  });
});
