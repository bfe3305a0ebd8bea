import { describe, expect, it } from 'vitest';
import { gatherWork } from '../../api/work.ts';
import type { Work } from '../../db/event-capabilities.ts';

const item = (workflowId: string, input: Record<string, unknown>, capability: Work['capability'] = 'contact-sync') => ({
  capability,
  workflowId,
  input,
});

describe('work that goes out together', () => {
  it('is what is to be read of one contact, in its order', () => {
    const [one, two, other, edit, merge, lead] = [
      item('contact-1', { change: 1 }),
      item('contact-1', { change: 2 }),
      item('contact-2', { change: 3 }),
      item('contact-1', { editedContactId: 'e' }),
      item('merge-1', { mergeId: 'm' }),
      item('lead-1', { change: 4 }, 'lead-follow-up'),
    ];
    const later = item('lead-1', { change: 5 }, 'lead-follow-up');
    expect(gatherWork([one, other, lead, edit, two, merge, later])).toEqual([
      [one, two],
      [other],
      [lead],
      [edit],
      [merge],
      [later],
    ]);
  });

  it('is never so much that a signal would be too large', () => {
    const many = Array.from({ length: 450 }, (_, change) => item('contact-1', { change }));
    expect(gatherWork(many).map((group) => group.length)).toEqual([200, 200, 50]);
  });
});
