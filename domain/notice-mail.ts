import type { Notice, NoticeFacts, NoticeTopic } from './notice.ts';

/** A notice with what its mail names beside its own data. */
export interface MailedNotice {
  notice: Notice;
  /** As the agency calls it, and GHL's id of it. */
  location: { name: string; ghlLocationId: string | null } | null;
}

export interface NoticeMail {
  subject: string;
  text: string;
  html: string;
}

/** A line of a mail: a fact, or a fact with a link. */
interface Line {
  label: string;
  value: string;
  isLink?: boolean;
}

/** Of what is gathered no more is spelt out; the count tells of the rest. */
export const SPELT_OUT = 50;
const FOOTER =
  'Sent by Switchyard, which was told to tell you. Whoever set this up can take it back: notices unsubscribe.';

type Titles = { [Topic in NoticeTopic]: { one: string; many: (count: number) => string } };

const leadTitle = (one: string) => ({ one, many: (count: number) => `${one} (${count} times)` });
const TITLES: Titles = {
  'lead.assigned': leadTitle('A lead has been assigned'),
  'lead.reassigned': leadTitle('A lead has been handed to another rep'),
  'lead.accepted': leadTitle('A lead has been accepted'),
  'lead.closed': leadTitle('A lead has been closed'),
  'lead.unrouted': leadTitle('A lead found nobody where it was meant to go'),
  'install.needs-reauth': {
    one: 'GHL does not accept an authority any more',
    many: (count) => `GHL does not accept ${count} authorities any more`,
  },
  'breaker.opened': {
    one: 'GHL does not answer well, and a part of it is left alone for a while',
    many: (count) => `GHL does not answer well: a part of it was left alone ${count} times`,
  },
  'budget.nearly-spent': {
    one: 'GHL’s calls of a day are nearly spent',
    many: (count) => `GHL’s calls of a day are nearly spent in ${count} places`,
  },
  'dead-letter.left': {
    one: 'Work has stopped for good and waits for an operator',
    many: (count) => `Work has stopped for good ${count} times and waits for an operator`,
  },
  'signatures.refused': {
    one: 'Webhooks with a wrong signature are refused',
    many: () => 'Webhooks with a wrong signature are refused',
  },
  'location.silent': {
    one: 'A location sends no events any more',
    many: (count) => `${count} locations send no events any more`,
  },
  'notice.test': leadTitle('This is a test: notices reach you'),
};

type Details = { [Topic in NoticeTopic]: (data: NoticeFacts[Topic], of: MailedNotice) => Line[] };

const contactLine = (ghlContactId: string | null, { location }: MailedNotice): Line[] => {
  const ghlLocationId = location?.ghlLocationId ?? null;
  return ghlContactId === null || ghlLocationId === null
    ? []
    : [{ label: 'Contact', value: contactLink(ghlLocationId, ghlContactId), isLink: true }];
};
const typed = (value: string): Line => ({ label: 'To type', value });

const DETAILS: Details = {
  'lead.assigned': ({ ghlContactId }, of) => contactLine(ghlContactId, of),
  'lead.reassigned': ({ ghlContactId, formerRepId }, of) => [
    ...(formerRepId === null ? [] : [{ label: 'Before with rep', value: formerRepId }]),
    ...contactLine(ghlContactId, of),
  ],
  'lead.accepted': ({ ghlContactId }, of) => contactLine(ghlContactId, of),
  'lead.closed': ({ reason, ghlContactId }, of) => [
    { label: 'Reason', value: reason },
    ...contactLine(ghlContactId, of),
  ],
  'lead.unrouted': ({ reason }, { notice }) => [
    { label: 'Reason', value: reason },
    ...(notice.leadId === null ? [] : [typed(`leads show ${notice.leadId}`)]),
  ],
  'install.needs-reauth': ({ installId, purpose, reason }, { notice }) => [
    { label: 'Install', value: `${installId} (${purpose})` },
    { label: 'Reason', value: reason },
    typed(notice.locationId === null ? 'agency connect' : `credentials rotate --location ${notice.locationId}`),
  ],
  'breaker.opened': ({ endpointGroup, openUntil }) => [
    { label: 'Part of GHL', value: endpointGroup },
    { label: 'Left alone until', value: openUntil },
    { label: 'What to do', value: 'Nothing: what waits goes on by itself.' },
  ],
  'budget.nearly-spent': ({ resource, leftPercent }) => [
    { label: 'Budget', value: resource },
    { label: 'Left of the day', value: `${leftPercent} %` },
    typed('backfill list'),
  ],
  'dead-letter.left': ({ deadLetterId, capability, cause, subjectKind, subjectId }) => [
    { label: 'Dead letter', value: deadLetterId },
    { label: 'Of', value: `${capability}: ${cause}` },
    { label: 'About', value: `${subjectKind} ${subjectId}` },
    typed(`dead-letters show ${deadLetterId}`),
  ],
  'signatures.refused': ({ inHour }) => [
    { label: 'In this hour', value: String(inHour) },
    { label: 'What to do', value: 'See whether GHL has a new key: GHL_WEBHOOK_PUBLIC_KEYS.' },
  ],
  'location.silent': ({ lastEventAt }, { notice }) => [
    { label: 'Last event', value: lastEventAt },
    typed(`sync status --location ${notice.locationId ?? ''}`),
  ],
  'notice.test': ({ subscriptionId }) => [{ label: 'Subscription', value: subscriptionId }],
};

/** Where GHL shows a contact, as its own pages link to it. */
export const contactLink = (ghlLocationId: string, ghlContactId: string): string =>
  `https://app.gohighlevel.com/v2/location/${encodeURIComponent(ghlLocationId)}/contacts/detail/${encodeURIComponent(ghlContactId)}`;

/**
 * Writes the mail of one notice, or of several of one topic that go together: what happened, by ids, codes and links.
 * Nothing of the lead's person is in a notice, so nothing is in its mail.
 * @param mailed those that are spelt out @param count how many there are
 */
export function composeNoticeMail(
  mailed: readonly [MailedNotice, ...MailedNotice[]],
  count: number = mailed.length,
): NoticeMail {
  const [{ notice, location }] = mailed;
  const title = count === 1 ? TITLES[notice.topic].one : TITLES[notice.topic].many(count);
  const subject = count === 1 && location ? `${title}: ${plainLine(location.name)}` : title;
  const blocks = mailed.map(linesOf);
  const rest = count - blocks.length;
  const more = rest > 0 ? [`… and ${rest} more.`] : [];
  return {
    subject,
    text: [`${title}.`, ...blocks.map(writeText), ...more, FOOTER].join('\n\n') + '\n',
    html: [
      `<p>${escapeHtml(title)}.</p>`,
      ...blocks.map(writeHtml),
      ...more.map((line) => `<p>${escapeHtml(line)}</p>`),
      `<p><small>${escapeHtml(FOOTER)}</small></p>`,
    ].join('\n'),
  };
}

function linesOf(of: MailedNotice): Line[] {
  const { notice, location } = of;
  const known: [string, string | null][] = [
    ['When', notice.occurredAt.toISOString()],
    ['Location', notice.locationId && `${location ? `${plainLine(location.name)}, ` : ''}${notice.locationId}`],
    ['Lead', notice.leadId],
    ['Rep', notice.repId],
    ['Notice', notice.id],
  ];
  // The data is of the notice's own topic, as it was written.
  const details = DETAILS[notice.topic] as (data: Notice['data'], of: MailedNotice) => Line[];
  return [
    ...known.flatMap(([label, value]) => (value === null ? [] : [{ label, value }])),
    ...details(notice.data, of).map((line) => ({ ...line, value: plainLine(line.value) })),
  ];
}

const writeText = (lines: Line[]): string => lines.map(({ label, value }) => `${label}: ${value}`).join('\n');

const writeHtml = (lines: Line[]): string =>
  `<p>${lines
    .map(({ label, value, isLink }) => {
      const shown = escapeHtml(value);
      return `${escapeHtml(label)}: ${isLink ? `<a href="${shown}">${shown}</a>` : shown}`;
    })
    .join('<br>\n')}</p>`;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);

/** Names come from people: what would begin another line, or a header, is a space. */
const plainLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
