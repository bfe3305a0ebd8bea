import { describe, expect, it } from 'vitest';
import { capabilityOf, judgeLongRun, problemOf, type WorkflowStanding } from '../../domain/stuck-workflow.ts';
import { VERSIONING } from '../../workflows/versioning.ts';

const now = new Date('2026-11-01T12:00:00Z');
const minutesAgo = (minutes: number): Date => new Date(now.getTime() - minutes * 60_000);
const activity = (more: Partial<WorkflowStanding['activities'][number]> = {}) => ({
  hasBegun: true,
  lastHeartbeatAt: null,
  lastFailure: null,
  askedAt: null,
  ...more,
});
const still = (more: Partial<WorkflowStanding> = {}): WorkflowStanding => ({
  type: 'contactSync',
  lastEventAt: minutesAgo(61),
  hasTask: false,
  activities: [],
  ...more,
});

describe('judgeLongRun', () => {
  it.each<[string, WorkflowStanding, string]>([
    ['a contact’s that waits for nothing that is known', still(), 'stands-still'],
    ['a contact’s whose step hangs', still({ activities: [activity()] }), 'stands-still'],
    ['one that fails for another cause', still({ activities: [activity({ lastFailure: 'Broken' })] }), 'stands-still'],
    ['one that did something lately', still({ lastEventAt: minutesAgo(59) }), 'shows-life'],
    ['one whose step beats', still({ activities: [activity({ lastHeartbeatAt: minutesAgo(1) })] }), 'shows-life'],
    [
      'one whose step has beaten long ago',
      still({ activities: [activity({ lastHeartbeatAt: minutesAgo(90) })] }),
      'stands-still',
    ],
    ['one that waits for GHL', still({ activities: [activity({ lastFailure: 'GhlUnavailable' })] }), 'waits-for-ghl'],
    [
      'one that waits for a person to connect',
      still({ activities: [activity({ lastFailure: 'GhlAuthExpired' })] }),
      'waits-for-ghl',
    ],
    ['one whose step no worker has taken', still({ activities: [activity({ hasBegun: false })] }), 'waits-for-worker'],
    ['one whose task is not done', still({ hasTask: true }), 'waits-for-worker'],
    ['polling within its time', still({ type: 'pollSync', lastEventAt: minutesAgo(119) }), 'shows-life'],
    ['polling beyond it', still({ type: 'pollSync', lastEventAt: minutesAgo(121) }), 'stands-still'],
    ['upkeep within its time', still({ type: 'upkeep', lastEventAt: minutesAgo(119) }), 'shows-life'],
    ['upkeep beyond it', still({ type: 'upkeep', lastEventAt: minutesAgo(121) }), 'stands-still'],
    ['a backfill within its time', still({ type: 'backfill', lastEventAt: minutesAgo(359) }), 'shows-life'],
    ['a backfill beyond it', still({ type: 'backfill', lastEventAt: minutesAgo(361) }), 'stands-still'],
    ['a lead', still({ type: 'leadIntake', lastEventAt: minutesAgo(100_000) }), 'no-bound'],
    ['a run of a backfill', still({ type: 'backfillRun', lastEventAt: minutesAgo(100_000) }), 'no-bound'],
  ])('%s: %j is %s', (_what, standing, reason) => {
    expect(judgeLongRun(standing, now)).toEqual({ isLong: reason === 'stands-still', reason });
  });

  const failing = (lastFailure: string, minutes: number) => [activity({ lastFailure, askedAt: minutesAgo(minutes) })];
  it.each<[string, WorkflowStanding, string]>([
    ['a lead, in vain', still({ type: 'leadIntake', activities: failing('Broken', 61) }), 'step-fails'],
    [
      'a lead that hears something meanwhile',
      still({ type: 'leadIntake', lastEventAt: now, activities: failing('Broken', 61) }),
      'step-fails',
    ],
    ['a run of a backfill', still({ type: 'backfillRun', activities: failing('Timeout', 61) }), 'step-fails'],
    ['a type that nobody has thought of', still({ type: 'other', activities: failing('Broken', 61) }), 'step-fails'],
    [
      'a lead beside one that waits for GHL',
      still({ type: 'leadIntake', activities: [...failing('GhlUnavailable', 61), ...failing('Broken', 61)] }),
      'step-fails',
    ],
    [
      'a contact that hears something meanwhile',
      still({ lastEventAt: now, activities: failing('Broken', 61) }),
      'step-fails',
    ],
    ['a lead for less than an hour', still({ type: 'leadIntake', activities: failing('Broken', 59) }), 'no-bound'],
    [
      'a lead that waits for GHL',
      still({ type: 'leadIntake', activities: failing('GhlUnavailable', 600) }),
      'no-bound',
    ],
    [
      'a lead that waits for a person',
      still({ type: 'leadIntake', activities: failing('GhlAuthExpired', 600) }),
      'no-bound',
    ],
    [
      'polling within its own bound',
      still({ type: 'pollSync', lastEventAt: now, activities: failing('Broken', 119) }),
      'shows-life',
    ],
  ])('a step that fails of %s: %j is %s', (_what, standing, reason) => {
    expect(judgeLongRun(standing, now)).toMatchObject({ isLong: reason === 'step-fails', reason });
  });
});

describe('problemOf', () => {
  it.each([
    [['category=WorkflowTaskFailed', 'cause=WorkflowTaskFailedCauseNonDeterministicError'], 'NonDeterministicError'],
    [['category=WorkflowTaskTimedOut', 'cause=WorkflowTaskTimedOutCauseStartToClose'], 'StartToClose'],
    [['category=WorkflowTaskFailed'], 'WorkflowTaskFailed'],
    [['cause=Jane Doe'], 'Unknown'],
    [[], 'Unknown'],
  ])('%j is %s', (problems, word) => {
    expect(problemOf(problems)).toBe(word);
  });
});

describe('capabilityOf', () => {
  it.each([
    ['contactMerge', 'contact-sync', 'contact-sync'],
    ['pollSync', null, 'poll-sync'],
    ['pollRounds', null, 'poll-sync'],
    ['backfillRun', 'somebody else’s', 'backfill'],
    ['leadIntake', null, 'lead-intake'],
    ['upkeep', null, 'upkeep'],
    ['upkeep', 'upkeep', 'upkeep'],
  ] as const)('%s that says %s is of %s', (type, claimed, capability) => {
    expect(capabilityOf(type, claimed)).toBe(capability);
  });

  it('takes no workflow for a lead’s that is none, whichever there are', () => {
    const taken = Object.keys(VERSIONING).filter((type) => capabilityOf(type, null) === 'lead-intake');
    expect(taken).toEqual(['leadIntake']);
  });
});
