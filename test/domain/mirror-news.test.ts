import { describe, expect, it } from 'vitest';
import type { Fields, Observation } from '../../domain/mirror.ts';
import { newsOf } from '../../domain/mirror-news.ts';

const at = new Date('2026-05-01T10:00:00Z');
const seen = (fields: Fields, more: Partial<Observation> = {}): Observation => ({
  ghlId: 'r1',
  ghlContactId: 'c1',
  fields,
  ghlCreatedAt: at,
  ghlUpdatedAt: at,
  observedAt: at,
  isExact: true,
  ...more,
});
const customFields = { f1: 'x', f2: ['a', 'b'] };
const contact = seen({ tags: ['hot', 'vip'], customFields, source: 'form', assignedTo: 'u1' }, { ghlId: 'c1' });

describe('a sight of a record', () => {
  it('tells of a contact what an event of its update would', () => {
    const listed = [
      { id: 'f1', value: 'x' },
      { id: 'f2', value: ['a', 'b'] },
    ];
    expect(newsOf('contact', contact)).toEqual({
      facts: {
        kind: 'contact',
        type: 'ContactUpdate',
        ghlContactId: 'c1',
        contactCreatedAt: at,
        source: 'form',
        assignedTo: 'u1',
        tags: ['hot', 'vip'],
        customFields: listed,
        isCut: false,
      },
      body: { ...contact.fields, id: 'c1', customFields: listed, dateAdded: at },
    });
  });

  it('tells of an opportunity whose it is, how it stands and who has it', () => {
    expect(newsOf('opportunity', seen({ status: 'won' }))?.facts).toMatchObject({
      kind: 'opportunity',
      type: 'OpportunityUpdate',
      ghlOpportunityId: 'r1',
      ghlContactId: 'c1',
      status: 'won',
      assignedTo: null,
    });
  });

  it.each(['message', 'note', 'appointment'])('tells nobody of a %s', (resource) => {
    expect(newsOf(resource, seen({ body: 'Hello' }))).toBeUndefined();
  });
});
