import { describe, expect, it } from 'vitest';
import { type GapEvidence, judgeGaps, type ReportedGap } from '../../bench/mirror/gaps.ts';
import type { WebhookFate } from '../../simulator/changes/ledger.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

const webhook = (type: string, second: number, more: Partial<WebhookFate> = {}): WebhookFate => ({
  ...{ webhookId: `${type}-${second}`, type, at: at(second), change: 1, dropped: true, doubled: false },
  ...{ reordered: false, locationId: 'loc', contactId: 'c', recordId: 'c' },
  ...more,
});
const gap = (kind: ReportedGap['kind'], second: number, more: Partial<ReportedGap> = {}): ReportedGap => ({
  ...{ ghlLocationId: 'loc', resource: 'contact', ghlId: 'c', contactId: 'c', kind },
  ...{ changedAt: new Date(at(second)), toldAt: null },
  ...more,
});
const judge = (evidence: Partial<GapEvidence>) =>
  judgeGaps({
    ...{ webhooks: [], removed: [], merges: [], reported: [] },
    watchedSince: () => new Date(at(0)),
    wasKnown: () => true,
    ...evidence,
  });

describe('the judgement of a gap report', () => {
  it('wants every dropped webhook named by an open gap of its record', () => {
    const webhooks = [webhook('ContactUpdate', 20)];
    expect(judge({ webhooks, reported: [gap('updated', 20)] })).toMatchObject({ named: 1, missed: [] });
    expect(judge({ webhooks, reported: [gap('created', 20)] })).toMatchObject({ named: 1, missed: [] });
    const nothing = { named: 0, missed: [{ type: 'ContactUpdate', recordId: 'c' }] };
    expect(judge({ webhooks })).toMatchObject(nothing);
    expect(judge({ webhooks, reported: [gap('updated', 20, { ghlId: 'd' })] })).toMatchObject(nothing);
    expect(judge({ webhooks, reported: [gap('updated', 10)] })).toMatchObject(nothing);
    expect(judge({ webhooks, reported: [gap('deleted', 20)] })).toMatchObject(nothing);
    expect(judge({ webhooks, reported: [gap('updated', 20, { toldAt: new Date(at(30)) })] })).toMatchObject(nothing);
  });

  it('lets one gap name several changes of a record up to its time', () => {
    const webhooks = [webhook('ContactUpdate', 20), webhook('ContactTagUpdate', 25)];
    expect(judge({ webhooks, reported: [gap('updated', 25)] })).toMatchObject({ named: 2, missed: [] });
  });

  it.each<[string, Partial<GapEvidence>]>([
    ['record-told', { webhooks: [webhook('ContactCreate', 20), webhook('ContactUpdate', 21, { dropped: false })] }],
    ['record-told', { webhooks: [webhook('ContactUpdate', 20), webhook('ContactTagUpdate', 21, { dropped: false })] }],
    ['gone-since', { webhooks: [webhook('ContactUpdate', 20)], removed: [{ kind: 'contact', id: 'c', at: at(30) }] }],
    ['never-known', { webhooks: [webhook('ContactDelete', 20)], wasKnown: () => false }],
    ['before-watching', { webhooks: [webhook('ContactUpdate', 20)], watchedSince: () => new Date(at(21)) }],
  ])('excuses what is %s', (excuse, evidence) => {
    expect(judge(evidence)).toMatchObject({ missed: [], excused: { [excuse]: 1 } });
  });

  it.each<[string, Partial<GapEvidence>]>([
    ['an older event', { webhooks: [webhook('ContactUpdate', 20), webhook('ContactUpdate', 10, { dropped: false })] }],
    [
      'a change where the end was lost',
      { webhooks: [webhook('ContactDelete', 20), webhook('ContactUpdate', 21, { dropped: false })] },
    ],
    [
      'a change of another record where a creation was lost',
      {
        webhooks: [
          webhook('OpportunityCreate', 20, { recordId: 'o1' }),
          webhook('OpportunityUpdate', 21, { recordId: 'o2', dropped: false }),
        ],
      },
    ],
    [
      'an event of another record of the contact',
      {
        webhooks: [
          webhook('InboundMessage', 20, { recordId: 'm1' }),
          webhook('InboundMessage', 21, { recordId: 'm2', dropped: false }),
        ],
      },
    ],
    [
      'the end of the record where that was lost',
      { webhooks: [webhook('ContactDelete', 20)], removed: [{ kind: 'contact', id: 'c', at: at(20) }] },
    ],
  ])('is not excused by %s', (_case, evidence) => {
    expect(judge(evidence).missed).toHaveLength(1);
  });

  it('calls a gap unfounded when nothing of its record was dropped up to its time', () => {
    const told = [webhook('ContactUpdate', 20, { dropped: false })];
    expect(judge({ webhooks: told, reported: [gap('updated', 20)] }).unfounded).toHaveLength(1);
    expect(judge({ webhooks: [webhook('ContactUpdate', 40)], reported: [gap('updated', 20)] }).unfounded).toHaveLength(
      1,
    );
  });

  it('counts apart what GHL sends no webhook of', () => {
    const deal = { resource: 'opportunity', ghlId: 'o' };
    const gone = judge({
      reported: [gap('deleted', 20, deal)],
      removed: [{ kind: 'opportunity', id: 'o', at: at(15) }],
    });
    expect(gone).toMatchObject({ silent: 1, unfounded: [] });
    const moved = judge({ reported: [gap('updated', 20, deal)], merges: [{ at: at(20), survivorId: 'c' }] });
    expect(moved).toMatchObject({ silent: 1, unfounded: [] });
    expect(judge({ reported: [gap('updated', 20, deal)] })).toMatchObject({ silent: 0, unfounded: [{ ghlId: 'o' }] });
  });
});
