import { describe, expect, it } from 'vitest';
import { type Facts, judgeStanding, type WorkflowStanding } from '../../domain/standing.ts';

const NOTHING: Facts = {
  openLetters: [],
  work: [],
  workflows: [],
  leads: [],
  edits: [],
  eventStatus: null,
  contact: null,
  noLead: null,
};
const workflow = (more: Partial<WorkflowStanding>): WorkflowStanding => ({
  workflowId: 'w',
  status: 'RUNNING',
  startedAt: null,
  closedAt: null,
  steps: [],
  ...more,
});
const open = { id: 'lead-1', state: 'routing', closeReason: null, lastReason: 'nearest' };
const step = { activity: 'placeLead', attempt: 3, failure: 'GhlCircuitOpen', nextAt: new Date('2026-01-01T10:00:30Z') };
const work = (state: 'pending' | 'dead', lastError: string | null = null) => ({
  capability: 'lead-intake',
  state,
  lastError,
});

describe('how a thing stands', () => {
  it.each<[string, Partial<Facts>, RegExp]>([
    [
      'an open letter comes first, with its advice',
      { openLetters: [{ cause: 'stuck', advice: 'Redrive it.' }], work: [work('pending')], leads: [open] },
      /^stopped.* because stuck, Redrive it\.$/,
    ],
    [
      'buried work of a lead',
      { work: [work('dead', 'Refused')], leads: [open] },
      /buried.*\(Refused\), .*redrive lead-1 --agency a/,
    ],
    ['buried work of no lead', { work: [work('dead')] }, /buried.*, repeat the change/],
    [
      'a workflow that was ended',
      { workflows: [workflow({ status: 'TERMINATED' })], leads: [open] },
      /nobody works.*terminated, .*redrive lead-1/,
    ],
    [
      'a workflow that was ended of a closed lead',
      { workflows: [workflow({ status: 'FAILED' })], leads: [{ ...open, state: 'closed', closeReason: 'won' }] },
      /closed because won/,
    ],
    [
      'an edit that is held',
      { edits: [{ id: 'e1', state: 'held', reason: 'conflict', lastError: null }] },
      /held because conflict, .*resolve e1/,
    ],
    [
      'work that waits while Temporal is away',
      { work: [work('pending')], workflows: [workflow({ status: 'away' })] },
      /waits in the inbox because Temporal is away, bring/,
    ],
    ['work that waits after a failure', { work: [work('pending', 'unavailable')] }, /inbox because unavailable/],
    [
      'an edit that failed',
      {
        edits: [{ id: 'e1', state: 'failed', reason: null, lastError: 'GhlInvalid' }],
        contact: { id: 'c', isDeleted: false },
      },
      /failed because GhlInvalid, .*redrive c --agency a/,
    ],
    [
      'a step that fails, before work that has just come',
      { work: [work('pending')], workflows: [workflow({ steps: [step] })] },
      /placeLead is tried again/,
    ],
    ['work that has just come', { work: [work('pending')] }, /inbox because the relay has not/],
    [
      'a step that is tried again',
      { workflows: [workflow({ steps: [step] })], leads: [open] },
      /placeLead is tried again \(attempt 3, again at 10:00:30Z\) because GHL fails.*, do nothing/,
    ],
    [
      'a dead authority',
      { workflows: [workflow({ steps: [{ ...step, failure: 'GhlAuthExpired' }] })] },
      /authority in GHL is gone, connect/,
    ],
    [
      'a step with a code that is new',
      { workflows: [workflow({ steps: [{ ...step, failure: 'Other' }] })] },
      /because Other, look at the worker’s log/,
    ],
    ['a step that runs', { workflows: [workflow({ steps: [{ ...step, failure: null }] })] }, /placeLead is under way/],
    ['an open lead', { leads: [open], workflows: [workflow({})] }, /the lead is routing because nearest, .*reassign/],
    ['a contact that is gone', { contact: { id: 'c', isDeleted: true } }, /contact is gone/],
    [
      'an edit on its way',
      { edits: [{ id: 'e', state: 'pending', reason: null, lastError: 'GhlUnavailable' }] },
      /on its way because GhlUnavailable/,
    ],
    ['an event of nobody', { eventStatus: 'unknown-tenant' }, /nobody knows the location/],
    ['an event that asks for nothing', { eventStatus: 'ignored' }, /kept and ignored/],
    [
      'a contact that is no lead',
      { eventStatus: 'accepted', noLead: { reason: 'its location only observes', youCan: 'go live' } },
      /in step, and no lead because its location only observes, go live/,
    ],
    [
      'a contact that is no lead, and gone',
      { contact: { id: 'c', isDeleted: true }, noLead: { reason: 'x', youCan: 'y' } },
      /contact is gone/,
    ],
    ['all that is done', { eventStatus: 'accepted' }, /in step/],
  ])('%s', (_title, facts, expected) => {
    const { now, reason, youCan } = judgeStanding({ ...NOTHING, ...facts }, '--agency a');
    expect(`${now} because ${reason}, ${youCan}`).toMatch(expected);
  });
});
