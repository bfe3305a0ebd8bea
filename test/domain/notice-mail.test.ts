import { describe, expect, it } from 'vitest';
import { NOTICE_TOPICS, type Notice, type NoticeFacts, type NoticeTopic } from '../../domain/notice.ts';
import { composeNoticeMail, contactLink } from '../../domain/notice-mail.ts';
import { mailTargetSchema, maskAddress, topicsSchema } from '../../domain/notice-subscription-schema.ts';

const FACTS: { [Topic in NoticeTopic]: NoticeFacts[Topic] } = {
  'lead.assigned': { assignmentId: 'a', ghlContactId: 'c 1/2' },
  'lead.reassigned': { assignmentId: 'a', ghlContactId: 'c', formerRepId: 'rep-before' },
  'lead.accepted': { assignmentId: 'a', ghlContactId: null },
  'lead.closed': { reason: 'won', assignmentId: null, ghlContactId: null },
  'lead.unrouted': { decisionId: 'd', reason: 'none-available' },
  'install.needs-reauth': { installId: 'i', purpose: 'locations', reason: 'invalid_grant' },
  'breaker.opened': { endpointGroup: 'contacts', openUntil: '2026-01-01T00:00:30.000Z' },
  'budget.nearly-spent': { resource: 'location/g', leftPercent: 7 },
  'dead-letter.left': {
    deadLetterId: 'l',
    capability: 'lead-intake',
    cause: 'stuck',
    subjectKind: 'lead',
    subjectId: 's',
  },
  'signatures.refused': { inHour: 21 },
  'location.silent': { lastEventAt: '2026-01-01T00:00:00.000Z' },
  'notice.test': { subscriptionId: 's' },
};
const notice = (topic: NoticeTopic): Notice => ({
  id: 'notice-1',
  agencyId: 'agency-1',
  locationId: 'location-1',
  repId: 'rep-1',
  leadId: 'lead-1',
  topic,
  occurrenceKey: 'k',
  occurredAt: new Date('2026-01-01T00:00:00Z'),
  data: FACTS[topic],
});
const of = (topic: NoticeTopic, name = 'Back Bay') => ({
  notice: notice(topic),
  location: { name, ghlLocationId: 'ghl-location' },
});

describe('composeNoticeMail', () => {
  it.each([
    ['lead.assigned', 'contacts/detail/c%201%2F2'],
    ['lead.reassigned', 'Before with rep: rep-before'],
    ['lead.accepted', 'Lead: lead-1'],
    ['lead.closed', 'Reason: won'],
    ['lead.unrouted', 'To type: leads show lead-1'],
    ['install.needs-reauth', 'To type: credentials rotate --location location-1'],
    ['breaker.opened', 'Part of GHL: contacts'],
    ['budget.nearly-spent', 'Left of the day: 7 %'],
    ['dead-letter.left', 'To type: dead-letters show l'],
    ['signatures.refused', 'In this hour: 21'],
    ['location.silent', 'To type: sync status --location location-1'],
    ['notice.test', 'Subscription: s'],
  ] as const)('says of %s what it is about', (topic, expected) => {
    const { text, html, subject } = composeNoticeMail([of(topic)]);
    expect(text).toContain(expected);
    expect(html).toContain(expected);
    expect(text).toContain('Location: Back Bay, location-1');
    expect(subject).toContain('Back Bay');
  });

  it('counts what goes together', () => {
    for (const topic of NOTICE_TOPICS) {
      const { text } = composeNoticeMail([of(topic), of(topic)], 7);
      expect(text).toContain('… and 5 more.');
    }
  });

  it('lets no name end a line or become markup', () => {
    const { subject, text, html } = composeNoticeMail([of('lead.accepted', 'A\r\nBcc: x@y.z <img src="u">')]);
    expect(subject).not.toMatch(/[\r\n]/);
    expect(text).not.toMatch(/^Bcc:/m);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=&quot;u&quot;&gt;');
  });

  it('links to GHL alone', () => {
    expect(contactLink('../x', '?next=//evil.example')).toBe(
      'https://app.gohighlevel.com/v2/location/..%2Fx/contacts/detail/%3Fnext%3D%2F%2Fevil.example',
    );
  });
});

describe('what is asked for', () => {
  it.each(['a@b.example\r\nBcc: c@d.example', 'a@b.example, c@d.example', 'nobody', '<a@b.example>'])(
    'is no recipient: %j',
    (typed) => {
      expect(mailTargetSchema.safeParse(typed).success).toBe(false);
    },
  );

  it('is a rep, or an address in one spelling, shown without its name', () => {
    expect(mailTargetSchema.parse('rep')).toEqual({ rep: true });
    expect(mailTargetSchema.parse(' Desk@B.Example ')).toEqual({ address: 'desk@b.example' });
    expect(maskAddress('desk@b.example')).toBe('d…@b.example');
  });

  it('is all topics, or each once', () => {
    expect(topicsSchema.parse('all')).toEqual([...NOTICE_TOPICS]);
    expect(topicsSchema.parse(['lead.closed', 'lead.closed'])).toEqual(['lead.closed']);
    expect(topicsSchema.safeParse([]).success).toBe(false);
    expect(topicsSchema.safeParse(['notice.test']).success).toBe(false);
  });
});
