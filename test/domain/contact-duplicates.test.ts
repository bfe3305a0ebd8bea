import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupDuplicates, type SharedIdentifier } from '../../domain/contact-duplicates.ts';

const email = (contactId: string, key: string): SharedIdentifier => ({ contactId, key, reason: 'same-email' });
const phone = (contactId: string, key: string): SharedIdentifier => ({ contactId, key, reason: 'same-phone' });

describe('groups of duplicates', () => {
  it('join over e-mail and phone, the larger first, and leave alone who shares with nobody', () => {
    const shared = [
      email('a', '1'),
      email('b', '1'),
      phone('b', '7'),
      phone('c', '7'),
      email('x', '9'),
      phone('y', '8'),
      phone('z', '8'),
    ];
    expect(groupDuplicates(shared)).toEqual([
      { contactIds: ['a', 'b', 'c'], reasons: ['same-email', 'same-phone'] },
      { contactIds: ['y', 'z'], reasons: ['same-phone'] },
    ]);
  });

  it('do not take an e-mail for a phone', () => {
    expect(groupDuplicates([email('a', '1'), phone('b', '1')])).toEqual([]);
  });

  it('hold each contact once, with all it shares something with, in whatever order they come', () => {
    const any = fc.array(fc.tuple(fc.constantFrom(...'abcdefgh'), fc.constantFrom('1', '2', '3'), fc.boolean()));
    fc.assert(
      fc.property(any, (links) => {
        const shared = links.map(([id, key, isEmail]) => (isEmail ? email(id, key) : phone(id, key)));
        const groups = groupDuplicates(shared);
        const ids = groups.flatMap(({ contactIds }) => contactIds);
        expect(new Set(ids).size).toBe(ids.length);
        for (const one of shared) {
          for (const other of shared) {
            if (one.contactId === other.contactId || one.key !== other.key || one.reason !== other.reason) continue;
            const group = groups.find(({ contactIds }) => contactIds.includes(one.contactId));
            expect(group?.contactIds).toContain(other.contactId);
          }
        }
        expect(groupDuplicates([...shared].reverse()).map(({ contactIds }) => contactIds)).toEqual(
          groups.map(({ contactIds }) => contactIds),
        );
      }),
    );
  });
});
