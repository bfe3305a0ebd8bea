import { describe, expect, it } from 'vitest';
import { explainNoLead, type LeadlessContact } from '../../domain/no-lead.ts';

const LIVE_AT = new Date('2026-03-01T12:00:00Z');
const live = { isIntake: true, liveAt: LIVE_AT };
const contact: LeadlessContact = {
  type: 'ContactCreate',
  contactCreatedAt: new Date('2026-03-02T12:00:00Z'),
  source: null,
  locationId: 'the-location',
  heardAt: new Date('2026-03-02T12:00:05Z'),
  isMadeHere: false,
  lead: null,
};
const before = new Date('2026-02-01T12:00:00Z');

describe('why a contact is no lead', () => {
  it.each<[string, Partial<typeof live> | { liveAt: null }, Partial<LeadlessContact>, RegExp]>([
    ['its location observes', { liveAt: null }, {}, /only observes, .*go-live the-location --agency a$/],
    ['its location has customers of its own', { isIntake: false }, {}, /no intake account.*set the-location --intake/],
    ['it is older than the go-live', {}, { contactCreatedAt: before }, /before its location went live, .*\/v1\/leads/],
    [
      'when it was made is unknown, and it was heard of before',
      {},
      { contactCreatedAt: null, heardAt: before },
      /before/,
    ],
    ['it bears our mark', {}, { source: 'Switchyard' }, /made it ourselves, do nothing/],
    ['it is ours, wherever it is', { isIntake: false }, { isMadeHere: true }, /made it ourselves, do nothing/],
    [
      'a lead was placed in it',
      { isIntake: false },
      { lead: { id: 'the-lead', isPlacedHere: true } },
      /made it ourselves, for the lead the-lead, cli why the-lead --agency a$/,
    ],
    [
      'it is one by something else',
      {},
      { lead: { id: 'the-lead', isPlacedHere: false } },
      /else made the lead the-lead/,
    ],
    [
      'it was changed',
      {},
      { type: 'ContactUpdate' },
      /only what a trigger waits for.*cli triggers list --location the-location --agency a/,
    ],
    [
      'it would be one now',
      {},
      {},
      /set up otherwise .* or .*polling has yet to, .*cli sync status --location the-location --agency a$/,
    ],
  ])('%s', (_title, account, more, expected) => {
    const { reason, youCan } = explainNoLead({ ...live, ...account }, { ...contact, ...more }, '--agency a');
    expect(`${reason}, ${youCan}`).toMatch(expected);
  });
});
