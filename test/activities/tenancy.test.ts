import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../stack/activity-bench.ts';
import { somebody } from '../stack/lead-harness.ts';
import { PASSES } from '../stack/quick-polling.ts';
import type { HeldLead } from './bench-agency.ts';
import { failureOf } from './failure.ts';
import { type Neighbours, startNeighbours } from './neighbours.ts';
import { takePicture } from './picture.ts';
import { createWebhookWorld } from './webhook-world.ts';

let all: Neighbours;
let theirs: HeldLead;
let ours: HeldLead;
beforeAll(async () => {
  all = await startNeighbours();
  theirs = await all.neighbour.told(somebody('02116'));
  ours = await all.agency.told(somebody('02116'));
});
afterAll(() => all.bench.stop());

type Given = HeldLead;
/** Every activity of a lead, told of some lead and some assignment. */
const OF_LEADS: Record<string, (given: Given) => Promise<unknown>> = {
  routeLead: (given) => run(all.bench.leads.routeLead, { ...given, reroute: false }),
  confirmAssignment: (given) => run(all.bench.leads.confirmAssignment, given),
  giveUpPlacement: (given) => run(all.bench.leads.giveUpPlacement, { ...given, cause: 'test' }),
  recordUntold: (given) => run(all.bench.leads.recordUntold, { ...given, cause: 'test' }),
  recordUnroutable: (given) => run(all.bench.leads.recordUnroutable, { ...given, cause: 'test' }),
  recordCancelled: (given) => run(all.bench.leads.recordCancelled, given),
  recordStepFailure: (given) => run(all.bench.leads.recordStepFailure, { ...given, step: 'close', cause: 'test' }),
  acceptLead: (given) => run(all.bench.leads.acceptLead, { ...given, actor: 'test' }),
  reserveReassignment: (given) =>
    run(all.bench.leads.reserveReassignment, { ...given, request: { repId: all.agency.rep('dan') } }),
  adoptReassignment: (given) =>
    run(all.bench.leads.adoptReassignment, { ...given, ghlUserId: all.agency.ghlUser('bob') }),
  closeLead: (given) => run(all.bench.leads.closeLead, { ...given, closeReason: 'won', actor: 'test' }),
  applyChange: (given) =>
    run(all.bench.leads.applyChange, {
      ...given,
      change: { kind: 'location-uninstalled', locationId: all.neighbour.location('back-bay') },
    }),
  followMerge: (given) =>
    run(all.bench.leads.followMerge, { ...given, deletedContactId: 'one', ghlContactId: 'other' }),
  findMergedContact: (given) => run(all.bench.ghl.findMergedContact, { ...given, deletedContactId: 'one' }),
  placeLead: (given) => run(all.bench.ghl.placeLead, given),
  assignLead: (given) => run(all.bench.ghl.assignLead, given),
  assignAndTellLead: (given) => run(all.bench.ghl.assignAndTellLead, given),
  tellLead: (given) => run(all.bench.ghl.tellLead, given),
  explainLead: (given) => run(all.bench.ghl.explainLead, given),
  notifyRep: (given) => run(all.bench.ghl.notifyRep, given),
  readAssignedUser: (given) => run(all.bench.ghl.readAssignedUser, given),
  withdrawLead: (given) => run(all.bench.ghl.withdrawLead, given),
  finishLead: (given) => run(all.bench.ghl.finishLead, given),
  handOver: (given) => run(all.bench.ghl.handOver, given),
  undoPlacement: (given) => run(all.bench.ghl.undoPlacement, given),
  rereadContact: (given) => run(all.bench.ghl.rereadContact, given),
};
const TAKING_AN_ASSIGNMENT = [
  'confirmAssignment',
  'giveUpPlacement',
  'recordUntold',
  'findMergedContact',
  'placeLead',
  'assignLead',
  'assignAndTellLead',
  'tellLead',
  'explainLead',
  'notifyRep',
  'readAssignedUser',
  'withdrawLead',
  'finishLead',
  'handOver',
  'undoPlacement',
];

/** Holds that the step is refused for good and leaves no trace in either agency or in GHL. */
async function expectRefusal(step: () => Promise<unknown>): Promise<string | null | undefined> {
  const { bench, agency, neighbour } = all;
  const before = [await takePicture(bench, agency), await takePicture(bench, neighbour)];
  const failure = await failureOf(step());
  expect(failure.nonRetryable).toBe(true);
  expect(failure.message).not.toMatch(/undefined|null/);
  expect([await takePicture(bench, agency), await takePicture(bench, neighbour)]).toEqual(before);
  return failure.type;
}

describe('an activity in the name of one agency', () => {
  it('is among those tried here', () => {
    const { leads, ghl } = all.bench;
    expect(Object.keys(OF_LEADS).sort()).toEqual(Object.keys({ ...leads, ...ghl }).sort());
  });

  it.each(Object.keys(OF_LEADS))('finds no lead of another: %s', async (name) => {
    const given = { ...theirs, agencyId: all.agency.agencyId };
    const type = await expectRefusal(() => OF_LEADS[name]!(given));
    expect(['LeadNotFound', 'AssignmentNotFound', 'LeadContactUnknown']).toContain(type);
  });

  it.each(TAKING_AN_ASSIGNMENT)('takes no assignment of another’s lead for its own: %s', async (name) => {
    const given = { ...ours, assignmentId: theirs.assignmentId };
    expect(await expectRefusal(() => OF_LEADS[name]!(given))).toBe('AssignmentNotFound');
  });

  it.each(TAKING_AN_ASSIGNMENT)('takes no assignment of a second lead for the first’s: %s', async (name) => {
    const second = await all.agency.reserved(somebody('10011'));
    const given = { ...ours, assignmentId: second.assignmentId };
    expect(await expectRefusal(() => OF_LEADS[name]!(given))).toBe('AssignmentNotFound');
  });

  it('finds no event of another', async () => {
    const { bench, agency, neighbour } = all;
    const locationId = neighbour.ghlLocation('chelsea');
    const event = await neighbour.event({ type: 'UNINSTALL', locationId }, 'chelsea');
    const apply = () => run(bench.accounts.applyAccountEvent, { agencyId: agency.agencyId, event });
    expect(await expectRefusal(apply)).toBe('AccountEventGone');
    const reread = () => run(bench.accountsGhl.rereadEvent, { agencyId: agency.agencyId, event });
    expect(await expectRefusal(reread)).toBe('AccountEventGone');
  });

  it('finds no webhook of another', async () => {
    const { bench, agency, neighbour } = all;
    const world = createWebhookWorld(bench, neighbour);
    await world.endpoint('http://127.0.0.1:9/');
    const [deliveryId] = await world.happens();
    const send = () => run(bench.webhooks.sendNoticeWebhook, { agencyId: agency.agencyId, deliveryId: deliveryId! });
    expect(await expectRefusal(send)).toBe('DeliveryUnknown');
    expect(await world.delivery(deliveryId!)).toMatchObject({ state: 'pending', attempts: 0 });
    expect(Object.keys(bench.webhooks)).toEqual(['sendNoticeWebhook']);
  });

  it('polls no location of another', async () => {
    const { bench, agency, neighbour } = all;
    const theirOwn = { agencyId: neighbour.agencyId, locationId: neighbour.location('chelsea') };
    const passes = await run(bench.polls.planPolls, theirOwn);
    expect(passes).toHaveLength(PASSES);
    const args = { ...theirOwn, agencyId: agency.agencyId };
    const before = [await takePicture(bench, agency), await takePicture(bench, neighbour)];
    expect(await run(bench.polls.planPolls, args)).toEqual([]);
    await bench.simulator.resetCalls();
    for (const pass of passes) {
      expect(await run(bench.pollsGhl.pollPage, { ...args, ...pass })).toEqual({ isDone: true });
      await run(bench.polls.postponePass, { ...args, ...pass, cause: 'GhlForbidden' });
    }
    expect((await bench.simulator.getCalls()).counts).toEqual({});
    expect([await takePicture(bench, agency), await takePicture(bench, neighbour)]).toEqual(before);
    expect(await run(bench.polls.listDuePolls, { limit: 100 })).toContainEqual(theirOwn);
    expect(await run(bench.polls.listDuePolls, { limit: 100 })).not.toContainEqual(args);
    expect(Object.keys({ ...bench.polls, ...bench.pollsGhl }).sort()).toEqual([
      'listDuePolls',
      'planPolls',
      'pollPage',
      'postponePass',
    ]);
  });

  it('finds no location of another', async () => {
    const { bench, agency, neighbour } = all;
    const args = { agencyId: agency.agencyId, locationId: neighbour.location('chelsea') };
    expect(await expectRefusal(() => run(bench.accountsGhl.obtainToken, args))).toBe('LocationNotConnected');
    const record = () => run(bench.accounts.recordInstallFailure, { ...args, cause: 'test' });
    expect(await expectRefusal(record)).toBe('LocationNotFound');
    const changes = [{ resource: 'contact' as const, ghlId: 'anybody' }];
    const read = () => run(bench.contactsGhl.readChanges, { ...args, changes });
    expect(await expectRefusal(read)).toBe('LocationNotFound');
    const unread = () => run(bench.contacts.recordUnreadChanges, { ...args, changes, cause: 'test' });
    expect(await expectRefusal(unread)).toBe('LocationNotFound');
    expect(Object.keys({ ...bench.contacts, ...bench.contactsGhl }).sort()).toEqual([
      'readChanges',
      'recordUnreadChanges',
    ]);
    expect(Object.keys({ ...bench.accounts, ...bench.accountsGhl }).sort()).toEqual([
      'applyAccountEvent',
      'obtainToken',
      'recordEventFailure',
      'recordInstallFailure',
      'recordRereadFailure',
      'rereadEvent',
    ]);
  });
});
