import { describe, expect, it } from 'vitest';
import { scoreLead } from '../../domain/scoring.ts';
import type { LeadFacts } from '../../domain/scoring.ts';

const now = new Date('2026-06-01T00:00:00Z');
const nothing: LeadFacts = {
  hasPhone: false,
  hasEmail: false,
  hasFirstName: false,
  hasLastName: false,
  isInServedArea: false,
  source: null,
  previousEnquiryAt: null,
  now,
};
const everything: LeadFacts = {
  hasPhone: true,
  hasEmail: true,
  hasFirstName: true,
  hasLastName: true,
  isInServedArea: true,
  source: 'Customer Referral',
  previousEnquiryAt: new Date('2026-05-20T00:00:00Z'),
  now,
};

describe('scoreLead', () => {
  it('gives 100 to a lead with everything and 0 to one with nothing', () => {
    expect(scoreLead(everything).score).toBe(100);
    expect(scoreLead(nothing).score).toBe(0);
  });

  it('names every factor with its points', () => {
    expect(scoreLead({ ...nothing, hasPhone: true, hasLastName: true }).factors).toEqual([
      { name: 'phone', points: 30 },
      { name: 'email', points: 0 },
      { name: 'name', points: 5 },
      { name: 'served-area', points: 0 },
      { name: 'source', points: 0 },
      { name: 'earlier-enquiry', points: 0 },
    ]);
  });

  it.each([
    [{ hasPhone: true }, 30],
    [{ hasEmail: true }, 15],
    [{ hasFirstName: true, hasLastName: true }, 10],
    [{ isInServedArea: true }, 20],
    [{ source: 'Referral' }, 15],
    [{ source: 'Inbound call' }, 14],
    [{ source: 'Website form' }, 10],
    [{ source: 'Google Ads' }, 7],
    [{ source: 'Facebook lead form' }, 7],
    [{ source: 'Web leads' }, 5],
    [{ source: 'Facebook' }, 7],
    [{ source: 'CSV import' }, 2],
    [{ source: 'Trade fair' }, 5],
    [{ source: '  ' }, 0],
    [{ previousEnquiryAt: new Date('2026-05-02T00:00:00Z') }, 10],
    [{ previousEnquiryAt: new Date('2026-02-01T00:00:00Z') }, 5],
    [{ previousEnquiryAt: new Date('2025-02-01T00:00:00Z') }, 0],
  ])('gives %o %i points', (facts, points) => {
    expect(scoreLead({ ...nothing, ...facts }).score).toBe(points);
  });
});
