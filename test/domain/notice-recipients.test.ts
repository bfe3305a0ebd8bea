import { describe, expect, it } from 'vitest';
import { chooseRecipients, type HeardSubscription, judgeDelivery } from '../../domain/notice-recipients.ts';

const notice = { topic: 'lead.assigned' as const, data: { assignmentId: 'a', ghlContactId: null } };
const ann = { id: 'ann', email: 'ann@x.example', isMuted: false };
const at = { locationIds: ['back-bay', 'east', 'master'], rep: ann };

const heard = (more: Partial<HeardSubscription> = {}): HeardSubscription => ({
  id: 'one',
  locationId: null,
  repId: null,
  topics: ['lead.assigned'],
  channel: 'email',
  recipient: 'address',
  address: 'desk@x.example',
  endpointId: null,
  isMuted: false,
  ...more,
});
const rep = { recipient: 'rep', address: null } as const;

describe('chooseRecipients', () => {
  it.each<[string, HeardSubscription[], typeof at | { locationIds: string[]; rep: null }, string[]]>([
    ['all of the agency', [heard()], at, ['subscription:one']],
    ['a location above', [heard({ locationId: 'east' })], at, ['subscription:one']],
    ['the location itself', [heard({ locationId: 'back-bay' })], at, ['subscription:one']],
    ['another location', [heard({ locationId: 'chelsea' })], at, []],
    ['another topic', [heard({ topics: ['lead.closed'] })], at, []],
    ['this rep', [heard({ locationId: 'back-bay', repId: 'ann' })], at, ['subscription:one']],
    ['another rep of the location', [heard({ locationId: 'back-bay', repId: 'bob' })], at, []],
    [
      'the narrow and the wide',
      [heard({ locationId: 'east' }), heard({ id: 'two', address: 'b@x.example' })],
      at,
      ['subscription:one', 'subscription:two'],
    ],
    ['one address by two ways', [heard(), heard({ id: 'two', address: 'DESK@x.example' })], at, ['subscription:one']],
    ['the rep of the lead', [heard(rep)], at, ['rep:ann']],
    ['the rep of a lead that has none', [heard(rep)], { locationIds: [], rep: null }, []],
    ['a rep who is muted', [heard(rep)], { ...at, rep: { ...ann, isMuted: true } }, ['rep:ann but rep-muted']],
    [
      'a muted rep who subscribed by address',
      [heard(rep), heard({ id: 'two', address: 'ann@x.example' })],
      { ...at, rep: { ...ann, isMuted: true } },
      ['subscription:two'],
    ],
    ['what is muted', [heard({ isMuted: true })], at, ['subscription:one but subscription-muted']],
    [
      'an address of which one of two subscriptions is muted',
      [heard({ isMuted: true }), heard({ id: 'two', locationId: 'east' })],
      at,
      ['subscription:two'],
    ],
    [
      'a rep without an address',
      [heard(rep)],
      { ...at, rep: { ...ann, email: null as never } },
      ['rep:ann but rep-without-address'],
    ],
    [
      'an endpoint by two ways',
      [
        heard({ channel: 'webhook', recipient: 'endpoint', address: null, endpointId: 'e' }),
        heard({ id: 'two', channel: 'webhook', recipient: 'endpoint', address: null, endpointId: 'e' }),
      ],
      at,
      ['endpoint:e'],
    ],
  ])('lets hear who asked for %s', (_what, subscriptions, surroundings, expected) => {
    const chosen = chooseRecipients(notice, subscriptions, surroundings);
    expect(
      chosen.map(({ recipient, suppressedFor }) => recipient + (suppressedFor === null ? '' : ` but ${suppressedFor}`)),
    ).toEqual(expected);
  });

  it('sends a test to the one subscription that it tries, whatever its topics', () => {
    const test = { topic: 'notice.test' as const, data: { subscriptionId: 'two' } };
    const chosen = chooseRecipients(test, [heard(), heard({ id: 'two', address: 'b@x.example' })], at);
    expect(chosen.map(({ recipient }) => recipient)).toEqual(['subscription:two']);
  });
});

describe('the dead letter of an endpoint', () => {
  const hears = (endpointId: string) =>
    heard({ id: endpointId, channel: 'webhook', recipient: 'endpoint', address: null, endpointId, topics: [topic] });
  const topic = 'dead-letter.left' as const;
  const of = (subjectKind: string) => ({
    topic,
    data: { deadLetterId: 'l', capability: 'notification', cause: 'x', subjectKind, subjectId: 'a' },
  });

  it.each([
    ['webhook-endpoint', ['endpoint:b', 'subscription:one']],
    ['workflow', ['endpoint:a', 'endpoint:b', 'subscription:one']],
  ])('goes to all but the endpoint itself: %s', (kind, expected) => {
    const chosen = chooseRecipients(of(kind), [hears('a'), hears('b'), heard({ topics: [topic] })], at);
    expect(chosen.map(({ recipient }) => recipient)).toEqual(expected);
  });
});

describe('judgeDelivery', () => {
  it.each([
    ['goes while it is subscribed', [heard()], at, null],
    ['goes by another subscription of the address', [heard({ id: 'new' })], at, null],
    ['does not go to who has unsubscribed', [], at, 'unsubscribed'],
    ['does not go where it was muted since', [heard({ isMuted: true })], at, 'subscription-muted'],
    [
      'does not go to a rep muted since',
      [heard({ ...rep })],
      { ...at, rep: { ...ann, email: 'desk@x.example', isMuted: true } },
      'rep-muted',
    ],
  ] as const)('%s', (_what, subscriptions, surroundings, expected) => {
    expect(judgeDelivery(notice, 'desk@x.example', subscriptions, surroundings)).toBe(expected);
  });
});
