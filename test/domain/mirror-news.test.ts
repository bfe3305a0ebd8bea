import { describe, expect, it } from 'vitest';
import type { FieldName } from '../../domain/contact-fields.ts';
import type { Fields, Observation } from '../../domain/mirror.ts';
import { newsOf, withoutOwn } from '../../domain/mirror-news.ts';

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

describe('what we write ourselves', () => {
  it.each<[own: FieldName[], tags: string[], fieldIds: string[], isCut: boolean]>([
    [[], ['hot', 'vip'], ['f1', 'f2'], false],
    [['city', 'assignedTo'], ['hot', 'vip'], ['f1', 'f2'], false],
    [['tag:hot'], ['vip'], ['f1', 'f2'], true],
    [['custom:f2', 'city'], ['hot', 'vip'], ['f1'], true],
  ])('of %j leaves the tags %j and the custom fields %j to be seen', (own, tags, fieldIds, isCut) => {
    const facts = withoutOwn(newsOf('contact', contact)!.facts, own);
    expect(facts).toMatchObject({ tags, isCut, assignedTo: 'u1' });
    expect('customFields' in facts && facts.customFields.map(({ id }) => id)).toEqual(fieldIds);
  });
});
